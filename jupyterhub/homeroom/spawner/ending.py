"""Why a lab is over, in words for its owner."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from homeroom.culling.culling import NOT_OPENED, LabState, why_ended, why_over
from homeroom.texts.said import NOTHING, Said, say

MOVED = say("ended.moved")
INTERRUPTED = say("ended.interrupted")


def why_stopped(lab_state: LabState | None, *, started: datetime | None, last_activity: datetime | None) -> Said:
    """Why a lab that is being stopped was to be stopped; nothing where its time is not over: somebody stops it.

    :param started: and `last_activity`: UTC, without a time zone, as the hub's database has them.
    """
    if lab_state is None or not started or not last_activity:
        return NOTHING
    if lab_state.prewarmed:
        return NOT_OPENED
    present = datetime.now(UTC).replace(tzinfo=None)
    return why_over(
        lab_state,
        idle_for_seconds=(present - last_activity).total_seconds(),
        runs_for_seconds=(present - started).total_seconds(),
        now=time.time(),
    )


def why_gone(container: Mapping[str, Any] | None) -> Said:
    """Why a container ended by itself; nothing: it was shut down in an orderly way, or is not there any more.

    :param container: as the engine inspects it.
    """
    if not container:
        return NOTHING
    return why_ended(container["State"], container.get("HostConfig", {}).get("Memory", 0))
