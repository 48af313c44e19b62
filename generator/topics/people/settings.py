"""How long what people leave behind is kept."""

from __future__ import annotations

from typing import Annotated

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole, written_as

Time = Annotated[str, written_as(r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9])?", "a time such as 03:40")]
Days = Annotated[
    str, written_as(r"[1-9][0-9]{0,2}(?:,[1-9][0-9]{0,2}){0,4}", "one to five numbers of days such as 30,7")
]
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
    GROUP_END_NOTICE_DAYS: Days = setting(
        "30,7",
        About(group=PEOPLE, consumers=("hub", "generator"), unit="numbers of days", example="60,14,3"),
        """How many days before its last day (`ends` in `site/groups.yaml`) people of a group are told: on the home page
        from the first on, and by mail on each where `MAIL_HOST` is set and their address is known. Nobody leaves
        without the shortest of them.""",
    )
    GROUP_END_AT: Time = setting(
        "03:20",
        About(group=PEOPLE, consumers=("generator",), unit="a time of day", example="04:10"),
        """When it is looked, each day by the machine's clock, who is to be told, and whose last day is over. Empty:
        only when you run `make group-ends`.""",
    )
    GROUP_END_MOST: Whole = setting(
        60,
        About(group=PEOPLE, consumers=("generator",), unit="people", example="200"),
        """So many people at most are removed at once since their group ended. Of more, nobody is until you say so:
        `make group-ends PEOPLE=137`.""",
        ge=1,
        le=10000,
    )
    AUDIT_DAYS: Whole = setting(
        730,
        About(group=PEOPLE, consumers=("generator",), unit="days", example="365"),
        """For how long it is kept who removed, restored, approved or made administrator whom (`make audit`).""",
        ge=30,
        le=36500,
    )
    LOG_DAYS: Whole = setting(
        90,
        About(group=PEOPLE, consumers=("generator",), unit="days", example="30"),
        """How old a service's log may be: it can hold names and addresses. `make expire-logs`, or LOG_END_AT, makes a
        service anew that has run for longer, and its log begins again; labs go on. `0`: logs go by their size alone,
        after 30 MB.""",
        ge=0,
        le=3650,
    )
    LOG_END_AT: Time = setting(
        "",
        About(group=PEOPLE, consumers=("generator",), unit="a time of day", example="04:50"),
        """When `make expire-logs` runs by itself, each day, by the machine's clock: it looks whether a service's log is
        too old. Empty: only when you run it.""",
    )
