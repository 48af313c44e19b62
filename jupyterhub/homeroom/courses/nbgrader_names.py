"""People's names as nbgrader has them, and back: a `+` there ends a name, here it is part of one."""

from __future__ import annotations

import re


def student_id(person: str) -> str:
    """Somebody's id in nbgrader: `b+ob` is `b-2bob`. No two people have the same."""
    return re.sub(r"-(?=2[bd])", "-2d", person).replace("+", "-2b")


def person_of(student: str) -> str:
    """Whose id it is."""
    return re.sub(r"-2([bd])", lambda found: "+" if found[1] == "b" else "-", student)
