"""A word of a verb that says yes, such as `ANYWAY=1`."""

from __future__ import annotations

from generator.core.errors import HomeroomError


def is_set(name: str, value: str) -> bool:
    """Whether it was said: 1 says it; 0, and nothing, do not.

    :param name: as it is typed behind `make`.
    :raises HomeroomError: it is another word: `ANYWAY=no` must not mean yes.
    """
    word = value.strip()
    if word not in ("", "0", "1"):
        raise HomeroomError(f"{word[:40]!r} is neither 1 nor 0", location=name, remedy=f"{name}=1, or leave it out.")
    return word == "1"
