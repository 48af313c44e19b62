"""Who a launch is about: the person, their name here, and what they are in the course."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

from homeroom.lti.claims import CONTEXT, CUSTOM, EXTRA, PRESENTATION, ROLES, mapping, text

Role = Literal["instructor", "assistant", "student"]
Names = Literal["readable", "pseudonyms"]
MEMBERSHIP = re.compile(r"(?:http://purl\.imsglobal\.org/vocab/lis/v2/membership(?:/(\w+))?#)?(\w+)")
"""A role in a course; those in the institution or the system have other addresses, and say nothing of the course."""
ROLES_HERE: Mapping[str, Role] = {
    "Instructor": "instructor",
    "ContentDeveloper": "instructor",
    "Administrator": "instructor",
    "Manager": "instructor",
    "TeachingAssistant": "assistant",
    "Learner": "student",
    "Student": "student",
}
PRECEDENCE: tuple[Role, ...] = ("assistant", "instructor", "student")
SPELLED = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"}
LONGEST_NAME = 40
LONGEST_COURSE = 40
LONGEST_SUBJECT = 255
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def role_of(listed: object) -> Role | None:
    """What somebody is in the course. An assistant is often called an instructor besides, and is the assistant."""
    found: set[Role] = set()
    for each in listed if isinstance(listed, list) else []:
        matched = MEMBERSHIP.fullmatch(each) if isinstance(each, str) else None
        role = ROLES_HERE.get(matched[2]) if matched else None
        if role is not None:
            found.add(role)
    return next((role for role in PRECEDENCE if role in found), None)


def subject_of(issuer: str, sub: str) -> str:
    """What somebody is called for good: by the issuer, too, since a platform's name here may be another's one day."""
    whole = f"{issuer} {sub}"
    return whole if len(whole) <= LONGEST_SUBJECT else f"sha256 {hashlib.sha256(whole.encode()).hexdigest()}"


def course_of(platform: str, claims: Mapping[str, Any]) -> str:
    """The course's part of the names of its groups: `lti-moodle-12`; empty where there is no course."""
    context = text(mapping(claims, CONTEXT), "id")
    return course_name(platform, context) if context else ""


def course_name(platform: str, context: str) -> str:
    """The same of a course's id. No two have one name: where an id is no plain word, a hash of it is added."""
    plain = re.sub(r"[^a-z0-9]+", "-", context.lower()).strip("-")[:LONGEST_COURSE].strip("-")
    if plain != context:
        plain = f"{plain[: LONGEST_COURSE - 9].strip('-')}-{hashlib.sha256(context.encode()).hexdigest()[:8]}".strip(
            "-"
        )
    return f"lti-{platform}-{plain}"


def course_role(platform: str, claims: Mapping[str, Any]) -> tuple[str, Role | None]:
    """The course, and what somebody is in it; empty, and None, where the launch does not say."""
    return course_of(platform, claims), role_of(claims.get(ROLES))


def proposed_name(claims: Mapping[str, Any], names: Names, unreadable: str) -> str:
    """The user name to propose for somebody who is new.

    :param unreadable: one that says nothing of the person, for when it shall not, or when the platform says no name.
    """
    if names == "pseudonyms":
        return unreadable
    candidates = (
        text(claims, "preferred_username"),
        text(mapping(claims, EXTRA), "user_username"),  # Moodle's
        text(mapping(claims, CUSTOM), "username"),
        text(claims, "email").partition("@")[0],
        ".".join(filter(None, (text(claims, "given_name"), text(claims, "family_name")))),
        text(claims, "name"),
    )
    return next((found for found in map(plain, candidates) if found), unreadable)


def plain(name: str) -> str:
    """A name as user names here are written; empty where nothing is left of it."""
    spelled = "".join(SPELLED.get(letter, letter) for letter in name.lower())
    ascii_only = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._-]+", ".", ascii_only).strip("._-")[:LONGEST_NAME].strip("._-")


def pseudonym(secret: bytes, subject: str) -> str:
    """A name that says nothing of a person, the same each time; who knows the person and not the secret cannot tell."""
    number = int.from_bytes(hmac.digest(secret, subject.encode(), "sha256"))
    letters = (ALPHABET[number // len(ALPHABET) ** place % len(ALPHABET)] for place in range(10))
    return "p-" + "".join(letters)


def display_name(claims: Mapping[str, Any]) -> str:
    """The name that people are called by."""
    parts = " ".join(filter(None, (text(claims, "given_name"), text(claims, "family_name"))))
    return (text(claims, "name") or parts)[:200]


def locale(claims: Mapping[str, Any]) -> str:
    """The language that the platform shows the person, such as `de`."""
    found = text(mapping(claims, PRESENTATION), "locale") or text(claims, "locale")
    return found.replace("_", "-")[:20] if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*", found) else ""
