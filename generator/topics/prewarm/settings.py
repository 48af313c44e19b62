"""Labs that are started before a lesson."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole

PREWARM = Group(title="Prewarm", text="Labs that are started before a lesson.", page="classes")


class PrewarmSettings(Part):
    """Labs that are started before a lesson."""

    PREWARM_AT_ONCE: Whole = setting(
        0,
        About(group=PREWARM, consumers=("hub",), unit="labs", example="7"),
        """While this many labs are starting, `make prewarm` and the schedule begin no further one. Labs that users
        start count too. 0: as many as the machine has CPUs.""",
        ge=0,
        le=100,
    )
