"""When the packages in the images are brought up to date."""

from __future__ import annotations

from typing import Annotated

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import written_as

PACKAGES = Group(
    title="Security updates", text="When the packages in the images are brought up to date.", page="updates", order=77
)
WEEKDAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
WeekTime = Annotated[
    str,
    written_as(rf"(?:(?:{WEEKDAYS}) (?:[01][0-9]|2[0-3]):[0-5][0-9])?", "a day of the week and a time: `Sun 04:30`"),
]


class PackagesSettings(Part):
    """When `make refresh` is run."""

    REFRESH_AT: WeekTime = setting(
        "",
        About(group=PACKAGES, consumers=("generator",), unit="a day and a time", example="Sun 04:30"),
        """When `make refresh` runs by itself, each week, by the machine's clock: `Sun 04:30`. It brings Debian's
        security updates into the images while labs run, and goes back by itself where that is not well. During a lesson
        it is not done. `make up` hands it to systemd or cron. Empty: only when you run it; `make status` says how old
        the packages are.""",
    )
