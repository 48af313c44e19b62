"""A receipt: what was handed in, when by the desk's own clock, and a code by which both sides find it again."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without what is misread
CODE_LETTERS = 10
MOST_NOTEBOOKS = 100
"""Whose names are kept in mind of one hand-in."""


def new_code() -> str:
    """A code that can be read out, such as `K7QMX-3T9RA`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(CODE_LETTERS))
    return f"{letters[:5]}-{letters[5:]}"


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a hand-in."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class HandIn:
    """What one hand-in was, as a receipt says it with its files or without.

    :param at: when the last of it had come, in seconds since 1970.
    :param late: whether it is marked as late.
    :param late_seconds: how long after its due date it came; 0: in time.
    :param at_end: whether it was handed in for its person, at the end of an exam.
    """

    code: str
    course: str
    assignment: str
    person: str
    at: float
    late: bool
    late_seconds: int
    at_end: bool = False


@dataclass(frozen=True, kw_only=True)
class Receipt(HandIn):
    """With all of its files."""

    files: tuple[File, ...]

    @property
    def noted(self) -> Noted:
        """The same without its files."""
        said = {name: value for name, value in vars(self).items() if name != "files"}
        size_bytes = sum(file.size_bytes for file in self.files)
        notebooks = tuple(notebooks_of(self.files)[:MOST_NOTEBOOKS])
        return Noted(**said, number=len(self.files), size_bytes=size_bytes, notebooks=notebooks)

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Receipt:
        """:raises TypeError: it is none of ours."""
        return cls(**{**values, "files": tuple(File(**each) for each in values["files"])})


@dataclass(frozen=True, kw_only=True)
class Noted(HandIn):
    """What the desk has in mind of a receipt: there can be many, each of many files with long names.

    :param number: how many files it has.
    :param size_bytes: of all files together.
    :param notebooks: the names of those that lie at the top.
    """

    number: int
    size_bytes: int
    notebooks: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """As plain data, as labs and pages list it."""
        said = {name: value for name, value in vars(self).items() if name not in ("number", "notebooks")}
        return {**said, "files": self.number}


def notebooks_of(files: Iterable[File]) -> list[str]:
    """The names of the notebooks that lie at the top, without their endings."""
    return sorted(each.path.removesuffix(".ipynb") for each in files if _is_notebook(each.path))


def _is_notebook(path: str) -> bool:
    return path.endswith(".ipynb") and "/" not in path
