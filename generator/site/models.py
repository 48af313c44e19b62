"""What the models of site files are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from generator.schema.types import USER_NAME, known_as, written_as


def _name_or_text(value: object) -> object:
    """YAML reads `1` and `on` as other than text; a name is meant as it is written."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


YEARS = range(1970, 2200)
"""Those of dates: further ones are slips, and not every zone's clocks can show them."""


def check_year(value: date) -> date:
    """Require a day, or a moment, of a year that clocks can show in every zone."""
    if value.year not in YEARS:
        raise ValueError(f"is of the year {value.year}: it must be one from {YEARS[0]} to {YEARS[-1]}")
    return value


Date = Annotated[date, AfterValidator(check_year)]
NAME = r"[a-z0-9][a-z0-9-]{0,31}"
Name = Annotated[
    str,
    BeforeValidator(_name_or_text),
    written_as(NAME, "small letters, digits and dashes, 32 at most, no dash first"),
]
Text = Annotated[str, BeforeValidator(_name_or_text)]
Person = Annotated[Text, AfterValidator(known_as), USER_NAME]
"""The hub knows people by their names in small letters."""
TAKEN = re.compile(
    r"HOMEROOM_(?!LAB_PLAIN$).*|JUPYTERHUB_(?!SINGLEUSER_).*|JUPYTER_RUNTIME_DIR|HOME|(MEM|CPU)_LIMIT"
    r"|NVIDIA_(?!DRIVER_CAPABILITIES$).*|GIT_TEST_ASSUME_DIFFERENT_OWNER"
)
"""Variables by which a lab is told what it is. Said otherwise, it would not start, or promise what does not hold."""


def _refuse_taken(name: str) -> str:
    if TAKEN.fullmatch(name):
        raise ValueError("is a variable that Homeroom itself sets; leave it out")
    return name


Variable = Annotated[
    str,
    written_as(r"[A-Za-z_][A-Za-z0-9_]*", "a variable's name: letters, digits and _"),
    AfterValidator(_refuse_taken),
]


@dataclass(frozen=True, kw_only=True)
class Form:
    """A YAML file of `site/`.

    :param what: what it is for, in a sentence.
    :param page: the page of `docs/` that shows it.
    :param order: where it stands among the others; with the same number in the order of the alphabet.
    """

    name: str
    model: type[BaseModel]
    what: str
    page: str
    order: int = 50


class Strict(BaseModel):
    """A mapping of a site file: unknown fields are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Rules(Strict):
    """A site file that says who may sign in by one way. Each rule admits; without one nobody is let in."""

    allow_all: bool = False
    allowed_users: list[Person] = []
    allowed_groups: list[Text] = []
    admin_groups: list[Text] = []

    rule_remedy: ClassVar[str] = "Add a line who may: `allow_all: true`, or `allowed_groups: [the-name-of-a-group]`."
    """What to do where there is no rule."""

    @property
    def has_rule(self) -> bool:
        """Whether anybody could be let in."""
        return bool(self.allow_all or self.allowed_users or self.allowed_groups)
