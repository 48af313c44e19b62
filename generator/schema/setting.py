"""One setting of `.env`: its type and default, who reads it, and what it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticUndefined

Consumer = Literal["compose", "hub", "generator"]


@dataclass(frozen=True, kw_only=True)
class Group:
    """A heading of `.env.example` and `docs/settings.md`, with a sentence under it."""

    title: str
    text: str
    page: str
    """The page of `docs/` that says more."""
    order: int = 50
    """Where it stands among the others; with the same number they stand in the order of the alphabet."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What the schema knows of a setting beyond its type and default.

    :param consumers: who reads it: `compose` by interpolation, `hub` through the rendered files, `generator` itself.
    :param unit: the unit of the value, in words, or None.
    :param example: a value that is not the default, for the documents and for tests.
    :param generate: makes the first value, written to a new `.env`; None: the default stands, commented out.
    """

    group: Group
    consumers: tuple[Consumer, ...]
    unit: str | None = None
    example: str | None = None
    secret: bool = False
    generate: Callable[[], str] | None = None


def setting(default: str | int | float | None, about: About, description: str, **constraints: Any) -> Any:
    """Declare one setting. A default is written as `.env` would have it; None means that it is required."""
    value: Any = PydanticUndefined if default is None else default
    info = Field(default=value, validate_default=True, description=" ".join(description.split()), **constraints)
    info.metadata.append(about)
    return info


class Part(BaseModel):
    """Some of the settings, which belong to one topic."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def cross_checks(self) -> Iterator[tuple[str, str, str]]:
        """Yield (setting, cause, remedy) for what no single value shows."""
        yield from ()
