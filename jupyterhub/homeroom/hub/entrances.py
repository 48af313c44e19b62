"""What rooms ask before the hub gives a browser the way into a lab, or somebody a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Check = Callable[[Any, str, str | None], None]
_known: list[Check] = []


def check_entrances_by(check: Check) -> None:
    """Have this be asked each time.

    :param check: takes the handler of the request, whose lab it is, and its name; None in the place of the name: a
        token is to be made for that person. It raises an HTTPError where that is not to be.
    """
    if check not in _known:
        _known.append(check)


def check(handler: Any, person: str, server: str | None) -> None:
    """Ask the rooms. :raises HTTPError: one of them refuses."""
    for each in _known:
        each(handler, person, server)
