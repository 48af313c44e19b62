"""What is said to people: a text's key and its values, put in words when it is shown, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from homeroom.texts import catalogue, language


@dataclass(frozen=True)
class Said:
    """A text with its values, and those that follow it. It is true; nothing said is `NOTHING`, and false.

    :param key: of the catalogue.
    :param values: plain data, so that it can be stored.
    :param then: what is said after it.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    then: tuple[Said, ...] = ()

    def __str__(self) -> str:
        """In the language of whoever is being answered."""
        return self.to(language.current())

    def __add__(self, other: Said) -> Said:
        if not self:
            return other
        return Said(self.key, self.values, (*self.then, other)) if other else self

    def __bool__(self) -> bool:
        return bool(self.key)

    def to(self, reader: str) -> str:
        """In a language."""
        if not self:
            return ""
        return " ".join([catalogue.fill(reader, self.key, self.values), *(one.to(reader) for one in self.then)])

    def english(self) -> str:
        """For the log, which operators read."""
        return self.to(catalogue.DEFAULT)

    def stored(self) -> list[list[Any]]:
        """Plain data, of which `load` makes the same again."""
        if not self:
            return []
        return [[self.key, dict(self.values)], *(part for one in self.then for part in one.stored())]

    @classmethod
    def load(cls, stored: object) -> Said:
        """What `stored` gave. What an older version kept, and texts that are no more, are not said."""
        said = NOTHING
        for part in stored if isinstance(stored, Sequence) and not isinstance(stored, str) else ():
            key, values = part
            known = catalogue.texts(catalogue.DEFAULT).get(key)
            if known is not None and {name for name, _ in catalogue.placeholders(known)} <= values.keys():
                said += cls(key, values)
        return said


NOTHING = Said("")


def say(key: str, **values: Any) -> Said:
    """A text of the catalogue with its values, to be put in words later."""
    return Said(key, values)


def text(key: str, **values: Any) -> str:
    """A text of the catalogue with its values, in the language of whoever is being answered.

    :raises KeyError: there is no such text, or a value of it is missing.
    """
    return str(Said(key, values))
