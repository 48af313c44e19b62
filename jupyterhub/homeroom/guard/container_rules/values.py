"""What single values may be: kinds of rules, of which the tables of fields are made."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from homeroom.guard.policy import Policy
from homeroom.guard.values import is_int, is_strings

MOST_ENTRIES = 200
LARGEST_TEXT = 131_072
"""Characters: more the kernel takes of no single argument or variable."""
LARGEST_ENVIRONMENT = 262_144
SECOND = 10**9
HOUR = 3600 * SECOND
"""Times in a create body are nanoseconds."""
Rule = Callable[[Any, Policy], bool]


def empty(value: Any, _: Policy) -> bool:
    """Nothing asked for: docker-py sends false, zero, empty text and empty lists freely."""
    return not value


def absent(value: Any, _: Policy) -> bool:
    """Not sent at all: here even an empty list would loosen a default."""
    return value is None


def boolean(value: Any, _: Policy) -> bool:
    """Yes, no or the default."""
    return value is None or isinstance(value, bool)


def is_small(value: list[str], largest: int = LARGEST_ENVIRONMENT) -> bool:
    """Whether a list of texts is one that a container could be started with."""
    return all(len(each) <= LARGEST_TEXT for each in value) and sum(map(len, value)) <= largest


def words(value: Any, _: Policy) -> bool:
    """A command line in either of its forms, of a sensible size."""
    parts = [value] if isinstance(value, str) else value
    return value is None or (is_strings(parts) and is_small(parts))


def one_of(*values: str) -> Rule:
    """One of these texts or, where "" is among them, nothing."""
    return lambda value, _: (value or "") in values if isinstance(value, str | None) else False


def between(low: int, high: int) -> Rule:
    """An integer within bounds, or not sent."""
    return lambda value, _: value is None or (is_int(value) and low <= value <= high)


def none_or_between(low: int, high: int) -> Rule:
    """An integer within bounds, or 0 or not sent: the engine's own."""
    return lambda value, _: value is None or (is_int(value) and (value == 0 or low <= value <= high))


def matching(pattern: str) -> Rule:
    """Text of one form, or not sent."""
    return lambda value, _: not value or (isinstance(value, str) and bool(re.fullmatch(pattern, value)))


def empty_objects(value: Any, _: Policy) -> bool:
    """A set in Go's spelling: names with nothing behind them."""
    return not value or (isinstance(value, dict) and len(value) <= MOST_ENTRIES and not any(value.values()))


def checked_later(value: Any, _: Policy) -> bool:
    """Looked at together with other fields, in `checked_container`."""
    return True
