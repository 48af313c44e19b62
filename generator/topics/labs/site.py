"""The forms of site/profiles.yaml and site/groups.yaml."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator

from generator.schema.types import ImageName, parse_size
from generator.site.models import Date, Form, Name, Person, Strict, Text, Variable

PROFILES = "profiles.yaml"
GROUPS = "groups.yaml"


def _size_with_unit(value: object) -> object:
    """As `parse_size`; a bare 2 or 1024 is taken for a unit forgotten, not for so many bytes."""
    if isinstance(value, int) and value < 2**20:
        raise ValueError("is not a size such as 512M or 2G")
    return parse_size(value)


Size = Annotated[int, BeforeValidator(_size_with_unit), Field(le=4 * 2**40)]
Seconds = Annotated[int, Field(ge=0, le=31_536_000)]


class Allow(Strict):
    """Who may take a profile. Users in one of the lists may; administrators may unless it says otherwise."""

    groups: list[Text] = []
    users: list[Person] = []
    admins: bool = True


class Profile(Strict):
    """One profile, as users choose it."""

    RENAMED: ClassVar[dict[str, str]] = {"longest_seconds": "max_age_seconds"}
    """Names that fields had before: the error says the new one."""
    name: Name
    display_name: Text | None = None
    description: Text = ""
    default: bool = False
    image: ImageName | None = None
    memory: Size | None = None
    cpus: Annotated[float, Field(ge=0.1, le=1024)] | None = None
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    shm: Size | None = None
    environment: dict[Variable, Text] = {}
    collaboration: bool = False
    network: Literal["open", "none"] = "open"
    idle_seconds: Seconds | None = None
    max_age_seconds: Seconds = 0
    kernel_idle_seconds: Seconds | None = None
    more_time_seconds: Seconds | None = None
    ephemeral: bool = False
    allow: Allow | None = None

    @field_validator("allow", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        if value is None:
            raise ValueError("is empty; leave it out where everyone may take the profile")
        return value


class Profiles(Strict):
    """`site/profiles.yaml`."""

    profiles: Annotated[list[Profile], Field(min_length=1)]


class Group(Strict):
    """A group of people and what it changes for them. After the day `ends`, who is in no other group that goes on is
    removed."""

    members: list[Person] = []
    includes: list[Text] = []
    memory: Size | None = None
    cpus: Annotated[float, Field(ge=0.1, le=1024)] | None = None
    gpus: Annotated[int, Field(ge=0, le=64)] | None = None
    max_labs: Annotated[int, Field(ge=1, le=100)] | None = None
    never_idle: bool = False
    environment: dict[Variable, Text] = {}
    ends: Date | None = None


class Groups(Strict):
    """`site/groups.yaml`."""

    groups: dict[Text, Group]


FORMS = (
    Form(name=PROFILES, model=Profiles, what="The kinds of labs that people choose from.", page="labs", order=10),
    Form(name=GROUPS, model=Groups, what="What groups of people get that others do not.", page="labs", order=20),
)
