"""How long the history keeps names."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole

HISTORY = Group(title="Statistics", text="What is kept of who used how much.", page="statistics", order=75)


class HistorySettings(Part):
    """How long the history keeps names."""

    HISTORY_DAYS: Whole = setting(
        "90",
        About(group=HISTORY, consumers=("hub", "generator"), unit="days", example="180"),
        """For how many days it is known who used how much, for `make stats BY=person`. Sums by group, profile and image
        stay for good. 0: no names are kept.""",
        ge=0,
        le=3660,
    )
