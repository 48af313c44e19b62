"""How long what people leave behind is kept."""

from __future__ import annotations

from typing import Annotated

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole, written_as

Time = Annotated[str, written_as(r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9])?", "a time such as 03:40")]
PEOPLE = Group(title="People", text="How long what people leave behind is kept.", page="privacy", order=65)


class PeopleSettings(Part):
    """How long what people leave behind is kept."""

    RETENTION_DAYS: Whole = setting(
        30,
        About(group=PEOPLE, consumers=("hub", "generator"), unit="days", example="14"),
        """For how long the files of somebody who was removed are kept. Until then `make user-restore` brings the person
        back; afterwards `make purge-removed`, or PURGE_AT, removes the files for good.""",
        ge=1,
        le=3650,
    )
    PURGE_AT: Time = setting(
        "",
        About(group=PEOPLE, consumers=("generator",), unit="a time of day", example="03:40"),
        """When `make purge-removed` runs by itself, each day, by the machine's clock. `make up` hands it to systemd or
        cron. Empty: only when you run it; `make status` says whose files are due.""",
    )
    AUDIT_DAYS: Whole = setting(
        730,
        About(group=PEOPLE, consumers=("generator",), unit="days", example="365"),
        """For how long it is kept who removed, restored, approved or made administrator whom (`make audit`).""",
        ge=30,
        le=36500,
    )
