"""How long the history keeps names, and whether Prometheus may read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from generator.schema.deployment import new_secret
from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import OptionalSecret, Whole

HISTORY = Group(title="Statistics", text="What is kept of who used how much.", page="statistics", order=75)


class HistorySettings(Part):
    """How long the history keeps names, and whether Prometheus may read."""

    HISTORY_DAYS: Whole = setting(
        "90",
        About(group=HISTORY, consumers=("hub", "generator"), unit="days", example="180"),
        """For how many days it is known who used how much, for `make stats BY=person`. Sums by group, profile and image
        stay for good. 0: no names are kept.""",
        ge=0,
        le=3660,
    )
    METRICS: Literal["on", "off"] = setting(
        "off",
        About(group=HISTORY, consumers=("hub",), example="on"),
        """Whether Prometheus can read figures at `/hub/homeroom/metrics`, with METRICS_TOKEN.""",
    )
    METRICS_TOKEN: OptionalSecret = setting(
        "",
        About(group=HISTORY, consumers=("compose",), secret=True, generate=new_secret),
        """What Prometheus sends as `Authorization: Bearer`. Make another with `openssl rand -hex 32`; after `make up`
        the old one opens nothing.""",
    )

    def cross_checks(self) -> Iterator[tuple[str, str, str]]:
        """Yield (setting, cause, remedy) for what no single value shows."""
        if self.METRICS == "on" and not self.METRICS_TOKEN:
            yield (
                "METRICS_TOKEN",
                "is not set, and METRICS=on opens figures to nobody without it",
                "`openssl rand -hex 32` makes one.",
            )
