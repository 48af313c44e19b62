"""When the copies are tried."""

from __future__ import annotations

from typing import Annotated

from generator.schema.setting import About, Part, setting
from generator.schema.types import written_as
from generator.topics.copies.settings import COPIES, TIME

Time = Annotated[str, written_as(f"(?:{TIME})?", "a time such as 04:00")]


class DrillSettings(Part):
    """When the copies are tried."""

    DRILL_AT: Time = setting(
        "",
        About(group=COPIES, consumers=("generator",), unit="a time of day", example="04:00"),
        """When `make drill` runs by itself, on the first day of each month, by the machine's clock: everything is
        brought back from the copies under another name, tried, and removed. `make up` hands it to systemd or cron.
        Empty: only when you run it.""",
    )
