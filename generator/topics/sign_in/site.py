"""The form of site/people.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from generator.schema.types import USERNAME_PATTERN, known_as
from generator.site.models import Form, Person, Strict, Text

PEOPLE = "people.yaml"


def check_entry(value: str) -> str:
    """Require a user name, or what a source calls somebody: `way:name`."""
    way, colon, name = value.partition(":")
    if colon:
        if not re.fullmatch(r"[a-z0-9-]+", way) or not name.strip():
            raise ValueError("is not of the form way:name, such as github:ada-l")
        return value
    if not re.fullmatch(USERNAME_PATTERN, known_as(value)):
        raise ValueError("is no user name; what a source calls somebody is written way:name, such as github:Ada-L")
    return known_as(value)


Entry = Annotated[Text, AfterValidator(check_entry)]


class Listed(Strict):
    """People and groups."""

    people: list[Entry] = []
    groups: list[Text] = []


class Assistants(Strict):
    """People who help the members of groups with their labs."""

    people: list[Entry] = []
    groups: list[Text] = []
    of: Annotated[list[Text], Field(min_length=1)]
    open_labs: bool = False


class People(Strict):
    """`site/people.yaml`."""

    allow: Listed = Listed()
    block: Listed = Listed()
    admins: list[Entry] | None = None
    assistants: list[Assistants] = []
    map: dict[Entry, Person] = {}

    def user_names(self) -> Iterator[str]:
        """The user names of this hub that are written there."""
        helping = (name for entry in self.assistants for name in entry.people)
        for entry in (*self.allow.people, *self.block.people, *(self.admins or ()), *self.map.values(), *helping):
            if ":" not in entry:
                yield entry


FORMS = (Form(name=PEOPLE, model=People, what="Who may sign in, and who administers.", page="sign-in/index", order=5),)
