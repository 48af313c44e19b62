"""How what people hand in is run, by the profile of their course."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from homeroom.guard.values import is_int


@dataclass(frozen=True, kw_only=True)
class RunRule:
    """One way in which something is run.

    :param profile: as the course names it; empty: courses that name none.
    :param pids: processes and threads.
    :param seconds: after which it is ended.
    :param kernels_volume: the volume of kernels for everyone; empty: there is none.
    """

    profile: str
    image: str
    memory_bytes: int
    pids: int
    seconds: int
    kernels_volume: str = ""
    time_zone: str = "UTC"
    language: str = "C.UTF-8"

    @classmethod
    def from_json(cls, rule: Any) -> RunRule:
        """One entry of `runs`. :raises ValueError: where it is malformed."""
        kinds = {each.name: each.type for each in fields(cls)}
        good = isinstance(rule, dict) and all(
            is_int(value) and value > 0 if kinds.get(name) == "int" else name in kinds and isinstance(value, str)
            for name, value in rule.items()
        )
        try:
            if not good or not rule["image"]:
                raise TypeError
            return cls(**rule)
        except (KeyError, TypeError):
            raise ValueError(f"a run has {', '.join(kinds)}, not {rule!r}") from None
