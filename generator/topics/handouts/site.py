"""The form of site/handouts.yaml."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from generator.schema import time_zones
from generator.site.models import Form, Name, Strict, Text, check_year

HANDOUTS = "handouts.yaml"
LONGEST_PATH = 200
MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?)?(?:\s+(\S+))?")
URL = re.compile(r"(?:https?|ssh)://[^\s\x00-\x1f\x7f]+|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:[^\s\x00-\x1f\x7f]+")


def parse_moment(value: object) -> object:
    """A date and time, by the clock of TIMEZONE where no zone is named; such a moment has none yet."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    match = MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("is not a date and time such as 2026-10-05 08:00, or 2026-10-05 08:00 Europe/Vienna")
    day, hours, minutes, zone = match.groups()
    moment = datetime.fromisoformat(f"{day} {int(hours or 0):02d}:{minutes or '00'}")  # or says what is wrong
    return moment.replace(tzinfo=ZoneInfo(time_zones.check(zone))) if zone else moment


def check_inner(value: str) -> str:
    """Require a path within a directory, in plain parts."""
    parts = PurePosixPath(value).parts
    if not value.isprintable() or "\\" in value or len(value) > LONGEST_PATH:
        raise ValueError(f"must be a plain path, {LONGEST_PATH} characters at most")
    if not parts or value.startswith("/") or ".." in parts or str(PurePosixPath(value)) != value:
        raise ValueError("must be a path within the directory, such as week1 or algorithms/week1, without .. in it")
    return value


def check_target(value: str) -> str:
    """Require a folder of the home that its owner sees."""
    check_inner(value)
    if any(part.startswith(".") for part in PurePosixPath(value).parts):
        raise ValueError("must be a folder that people see: no part of it may begin with a dot")
    return value


def check_url(value: str) -> str:
    """Require the address of a repository that git fetches over a network; a directory is `from`."""
    if not URL.fullmatch(value):
        raise ValueError("must be the address of a repository: https://..., ssh://... or git@host:path")
    if re.match(r"https?://[^/]*@", value):
        raise ValueError("must hold no name or password: use an address by SSH, and a key")
    return value


def check_branch(value: str) -> str:
    """Require what git takes for the name of a branch or tag."""
    if not re.fullmatch(r"(?!-)[\w./+-]{1,200}", value) or ".." in value:
        raise ValueError("must be the name of a branch or tag")
    return value


Inner = Annotated[Text, AfterValidator(check_inner)]


class Repository(Strict):
    """A git repository. Labs get its files, without its history.

    :param branch: or tag; left out: the one that the repository shows first.
    :param folder: the folder in it; left out: all of it.
    :param key: the name of a private key for SSH, a file of `site/keys/`.
    """

    url: Annotated[Text, AfterValidator(check_url)]
    branch: Annotated[Text, AfterValidator(check_branch)] | None = None
    folder: Inner | None = None
    key: Name | None = None


class Handout(Strict):
    """What is to be in the home of each member of some groups and courses.

    :param source: `from`, a folder of HANDOUTS_FROM; or else `repo`.
    :param to: the folder in the home.
    :param groups: who gets it, with `courses`, whose members get it, too; both left out: everybody.
    :param visible_from: before this moment no lab can read any of it; left out: at once.
    """

    name: Name
    source: Inner | None = Field(default=None, alias="from")
    repo: Repository | None = None
    to: Annotated[Text, AfterValidator(check_target)]
    groups: Annotated[list[Text], Field(min_length=1)] | None = None
    courses: Annotated[list[Name], Field(min_length=1)] | None = None
    visible_from: Annotated[datetime, BeforeValidator(parse_moment), AfterValidator(check_year)] | None = None

    @model_validator(mode="after")
    def one_source(self) -> Handout:
        """Require a folder or a repository."""
        if (self.source is None) == (self.repo is None):
            raise ValueError("needs either from or repo")
        return self


class Handouts(Strict):
    """`site/handouts.yaml`."""

    handouts: list[Handout]


FORMS = (
    Form(
        name=HANDOUTS,
        model=Handouts,
        what="Files that appear in the homes of a group's or course's members when their time comes.",
        page="handouts",
        order=45,
    ),
)
