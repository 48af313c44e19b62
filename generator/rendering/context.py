"""What rendering starts from, and what a topic's `render.py` gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from generator.core.machine import Machine
from generator.schema.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Context:
    """Checked settings, the operator's `site/`, and the machine."""

    settings: Settings
    site: Path
    machine: Machine
    _read: dict[Callable[[Context], Any], Any] = field(default_factory=dict, repr=False, compare=False)

    def of(self, read: Callable[[Context], T]) -> T:
        """What `read` returns for this context. It is called once, and its answer kept for every topic that asks."""
        if read not in self._read:
            self._read[read] = read(self)
        return cast(T, self._read[read])


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What a topic adds to `rendered/`.

    :param hub: the values for its `hub.py.j2`, its part of the hub's configuration.
    :param guard: fields of `guard.json`; of a field that is a list in several topics the guard takes all.
    :param files: texts by their names.
    """

    hub: Mapping[str, Any] = field(default_factory=dict)
    guard: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
