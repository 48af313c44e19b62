"""How long what people leave behind is kept."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole

PEOPLE = Group(title="People", text="How long what people leave behind is kept.", page="privacy", order=65)


class PeopleSettings(Part):
    """How long what people leave behind is kept."""

    RETENTION_DAYS: Whole = setting(
        30,
        About(group=PEOPLE, consumers=("hub", "generator"), unit="days", example="14"),
        """For how long the files of somebody who was removed are kept. Until then `make user-restore` brings the person
        back; afterwards `make purge-removed` removes the files for good.""",
        ge=1,
        le=3650,
    )
    AUDIT_DAYS: Whole = setting(
        730,
        About(group=PEOPLE, consumers=("generator",), unit="days", example="365"),
        """For how long it is kept who removed, restored, approved or made administrator whom (`make audit`).""",
        ge=30,
        le=36500,
    )
