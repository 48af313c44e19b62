"""Which names a made course can have: one that was another course's leads to what was handed in there."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

from jupyterhub.orm import Group
from sqlalchemy.orm import Session

from homeroom.contract.grader_labs import grader_name
from homeroom.courses.course import GRADERS, NAME, ROLES, group_name
from homeroom.courses.made.take_up import site_groups, take_up
from homeroom.shared_labs.users import is_or_was_there

LONGEST_WORD = 24
DIGITS = 7
"""Of the hash that tells courses of one word apart."""


def is_name(name: str) -> bool:
    """Whether a course can be called so at all."""
    return bool(re.fullmatch(NAME, name))


def is_taken(config: Any, db: Session, name: str) -> bool:
    """Whether there is or was a course of this name, or the operator prepared something for one: its groups are named
    in `site/groups.yaml`, or were made by hand."""
    courses = take_up(config, db)
    courses.read()
    if name in courses.names:
        return True
    if is_or_was_there(db, grader_name(name)):
        return True
    groups = [group_name(name, role) for role in (*ROLES, GRADERS)]
    named = site_groups(config)
    return any(group in named or Group.find(db, group) is not None for group in groups)


def for_context(config: Any, db: Session, platform: str, context: str, words: tuple[str, ...]) -> str:
    """A free name for the course of a learning platform, made of what it is called there.

    :param words: what it is called, the shortest first; whatever is in them, the name is safe.
    """
    word = next((found for found in map(_plain, words) if found), "course")
    digest = hashlib.sha256(f"{platform}\n{context}".encode()).hexdigest()
    candidates = [word, *(f"{word}-{digest[begin : begin + DIGITS]}" for begin in range(0, 56, DIGITS))]
    return next((name for name in candidates if not is_taken(config, db, name)), "")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text[:200].lower().replace("ß", "ss"))
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", kept).strip("-")[:LONGEST_WORD].strip("-")
