"""When something is, as people read it in the deployment's time zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def written(seconds: int | None, zone: ZoneInfo) -> str:
    """`2026-10-12 23:59`, with seconds where there are some; empty for no time."""
    if seconds is None:
        return ""
    moment = datetime.fromtimestamp(seconds, zone)
    return moment.strftime("%Y-%m-%d %H:%M" if moment.second in (0, 59) else "%Y-%m-%d %H:%M:%S")
