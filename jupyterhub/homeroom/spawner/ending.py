"""Why a lab is over, in a sentence for its owner."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from homeroom.culling.culling import NOT_OPENED, LabState, why_ended, why_over
from homeroom.labs.choice import size

MOVED = (
    "The address of this hub has changed, and your lab knew the old one, so it was stopped. Please start it again; "
    "your files are all there."
)
INTERRUPTED = "The hub was restarted before your lab had started. Please start it again; your files are all there."


def why_stopped(lab_state: LabState | None, *, started: datetime | None, last_activity: datetime | None) -> str:
    """Why a lab that is being stopped was to be stopped; empty where its time is not over: a user stops it.

    :param started: and `last_activity`: UTC, without a time zone, as the hub's database has them.
    """
    if lab_state is None or not started or not last_activity:
        return ""
    if lab_state.prewarmed:
        return NOT_OPENED
    present = datetime.now(UTC).replace(tzinfo=None)
    return why_over(
        lab_state,
        idle_for_seconds=(present - last_activity).total_seconds(),
        runs_for_seconds=(present - started).total_seconds(),
        now=time.time(),
    )


def why_gone(container: Mapping[str, Any] | None) -> str:
    """Why a container ended by itself; empty: it was shut down in an orderly way, or is not there any more.

    :param container: as the engine inspects it.
    """
    if not container:
        return ""
    return why_ended(container["State"], size(container.get("HostConfig", {}).get("Memory", 0)))
