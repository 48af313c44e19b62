"""When something is, as people read it in the deployment's time zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def written(at: int | None, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """`2026-10-12 23:59`; empty for no time.

    :param at: in seconds since 1970.
    :param seconds: whether seconds are wanted; else they are told only where they are neither the first nor the last.
    """
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at, zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if seconds or moment.second not in (0, 59) else "%Y-%m-%d %H:%M")


def day(at: int | None, zone: ZoneInfo) -> str:
    """`2026-10-12`; empty for no time.

    :param at: in seconds since 1970.
    """
    return "" if at is None else f"{datetime.fromtimestamp(at, zone):%Y-%m-%d}"


def stamped(at: float, zone: ZoneInfo) -> str:
    """`2026-10-12 23:59:01+0200`: a time as nbgrader reads and shows it.

    :param at: in seconds since 1970.
    """
    return datetime.fromtimestamp(int(at), zone).strftime("%Y-%m-%d %H:%M:%S%z")
