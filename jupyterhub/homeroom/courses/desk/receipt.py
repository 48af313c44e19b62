"""A receipt: what was handed in, when by the desk's own clock, and a code by which both sides find it again."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import Any

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without what is misread
CODE_LETTERS = 10


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
class Receipt:
    """What one hand-in was.

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
    files: tuple[File, ...]
    at_end: bool = False

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    def summary(self) -> dict[str, Any]:
        """The same without its files' names."""
        return {**vars(self), "files": len(self.files), "size_bytes": self.size_bytes}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Receipt:
        """:raises TypeError: it is none of ours."""
        return cls(**{**values, "files": tuple(File(**each) for each in values["files"])})
