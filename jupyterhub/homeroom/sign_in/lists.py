"""`site/people.yaml`: who may sign in beside those whom a way lets in, who never may, who administers the hub, and who
helps others with their labs.

The hub looks at the file at each sign-in and every few seconds: a change counts without a restart. With a file that
cannot be read it goes on with what it read last, and says so in its log.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SECTIONS = frozenset({"allow", "block"})
KEYS = frozenset({"people", "groups"})
LARGEST_BYTES = 4 << 20
SETTLED_SECONDS = 1.0
"""For how long a file stays as it is before it is read: an editor may be in the middle of it."""


@dataclass(frozen=True)
class Listed:
    """People and groups. A person is a user name here, or `way:name` or `way:subject` of a source."""

    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def names(self, names: Collection[str], groups: Collection[str]) -> bool:
        """Whether one of these names, or of these groups, is listed."""
        return not (self.people.isdisjoint(names) and self.groups.isdisjoint(groups))


@dataclass(frozen=True)
class Assistants:
    """People who help the members of groups with their labs.

    :param of: the groups, of `site/groups.yaml`, of a source, or of the hub's own.
    :param open_labs: whether they may open those labs, too.
    """

    who: Listed
    of: frozenset[str]
    open_labs: bool = False


@dataclass(frozen=True)
class PeopleLists:
    """What the file says. `admins` is None where it says nothing of them: then the page *Admin* decides."""

    allow: Listed = Listed()
    block: Listed = Listed()
    admins: frozenset[str] | None = None
    assistants: tuple[Assistants, ...] = ()
    map: Mapping[str, str] = field(default_factory=dict)
    """User names by `way:name` or `way:subject`: several may have one."""

    @property
    def people(self) -> frozenset[str]:
        """Every user name that is written there: no newcomer of another source is given it."""
        helping = (entry.who.people for entry in self.assistants)
        named = {*self.allow.people, *self.block.people, *(self.admins or ()), *self.map.values()}.union(*helping)
        return frozenset(name for name in named if ":" not in name)

    @functools.cached_property
    def name_sources(self) -> bool:
        """Whether anybody is named as a source calls them."""
        named = (self.allow.people, self.block.people, self.admins or (), self.map)
        return any(":" in each for names in named for each in names)


def parse(values: Any) -> PeopleLists:
    """What the content of the file means.

    :raises ValueError: it is none.
    """
    if values is None:
        return PeopleLists()
    if not isinstance(values, dict):
        raise ValueError("the file holds no fields")
    if unknown := sorted(map(str, values.keys() - SECTIONS - {"admins", "assistants", "map"})):
        raise ValueError(f"there is no field {unknown[0]}")
    admins, chosen = values.get("admins"), values.get("map")
    if chosen is not None and not isinstance(chosen, dict):
        raise ValueError("map holds no fields")
    return PeopleLists(
        allow=_listed("allow", values.get("allow")),
        block=_listed("block", values.get("block")),
        admins=None if admins is None else _texts("admins", admins),
        assistants=tuple(_assistants(values.get("assistants") or [])),
        map=_mapping(chosen or {}),
    )


def _assistants(values: Any) -> Iterator[Assistants]:
    if not isinstance(values, list):
        raise ValueError("assistants is no list")
    for number, each in enumerate(values, start=1):
        section = f"assistants, entry {number}"
        if not isinstance(each, dict) or not isinstance(each.get("open_labs", False), bool):
            raise ValueError(f"{section}: holds no fields")
        who = {key: value for key, value in each.items() if key not in ("of", "open_labs")}
        yield Assistants(
            who=_listed(section, who),
            of=_texts(f"{section}.of", each.get("of")),
            open_labs=each.get("open_labs", False),
        )


def _mapping(values: Mapping[Any, Any]) -> dict[str, str]:
    for key, value in values.items():
        if not isinstance(key, str) or not isinstance(value, str) or ":" not in key:
            raise ValueError(f"map: {key!r} is not way:name with a user name")
    return dict(values)


def _listed(section: str, values: Any) -> Listed:
    if values is None:
        return Listed()
    if not isinstance(values, dict):
        raise ValueError(f"{section} holds no fields")
    if unknown := sorted(map(str, values.keys() - KEYS)):
        raise ValueError(f"{section} has no field {unknown[0]}")
    return Listed(*(_texts(f"{section}.{key}", values.get(key) or []) for key in ("people", "groups")))


def _texts(name: str, values: Any) -> frozenset[str]:
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise ValueError(f"{name} is no list of names")
    return frozenset(values)


class PeopleFile:
    """The file, looked at again whenever it is asked for.

    :param initial: what it said when the configuration was made; it counts until the file itself can be read.
    """

    def __init__(
        self,
        path: Path,
        initial: Mapping[str, Any],
        log: logging.Logger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.log = log
        self._clock = clock
        self._lists = parse(dict(initial) or None)
        self._met: tuple[int, ...] | None = None
        self._met_at = 0.0
        self._read: tuple[int, ...] | None = None

    def read(self) -> PeopleLists:
        """What it says now. One that is being written, or replaced, counts once it has been left alone for a second."""
        try:
            found = self.path.stat()
            seen: tuple[int, ...] = (found.st_mtime_ns, found.st_size, found.st_ino)
        except FileNotFoundError:
            seen = ()
        except OSError as error:
            self.log.error("%s cannot be read, so the last lists count: %s", self.path, error)
            return self._lists
        now = self._clock()
        if seen != self._met:
            self._met, self._met_at = seen, now
        if seen != self._read and (now - self._met_at >= SETTLED_SECONDS or self._is_old(seen)):
            self._read = seen
            self._read_again(there=bool(seen))
        return self._lists

    def _is_old(self, seen: tuple[int, ...]) -> bool:
        """Whether a file was written long before now: nobody is at it."""
        return bool(seen) and abs(time.time() - seen[0] / 1e9) > SETTLED_SECONDS

    def _read_again(self, *, there: bool) -> None:
        if not there:
            self._lists = PeopleLists()
            return
        try:
            if self.path.stat().st_size > LARGEST_BYTES:
                raise ValueError("it is larger than any list of people")
            self._lists = parse(yaml.safe_load(self.path.read_text(encoding="utf-8")))
            self.log.info("Read %s", self.path)
        except (OSError, ValueError, yaml.YAMLError) as error:
            self.log.error("%s is faulty, so the last lists count: %s", self.path, " ".join(str(error).split()))
