"""What the operator tells people, by the hub, which keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from generator.core.errors import HomeroomError, did_you_mean
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.engine import hub_module
from generator.engine.deployment import Deployment
from generator.topics.courses import courses, made
from generator.topics.courses.site import parse_span
from generator.topics.labs import labs

LONGEST_TEXT = 500
LONGEST_SECONDS = 60 * 86400
EXAMPLE = 'make announce TEXT="Labs restart at six." FOR=2h'


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An announcement that is to be made.

    :param audience: `everybody`, `group` or `course`.
    :param name: of the group or course; empty for everybody.
    """

    text: str
    audience: str
    name: str
    seconds: int


def read(text: str, group: str, course: str, span: str) -> Wanted:
    """:raises HomeroomError: what was typed is none."""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not plain:
        raise HomeroomError("there is nothing to tell", location="TEXT", remedy=f"Such as `{EXAMPLE}`.")
    if len(plain) > LONGEST_TEXT:
        cause = f"has {len(plain)} characters, and {LONGEST_TEXT} are the most"
        raise HomeroomError(cause, location="TEXT", remedy="Say it shorter, or give an address to read on.")
    if group and course:
        raise HomeroomError("either a group or a course", location="GROUP", remedy="Leave one of the two out.")
    try:
        seconds = int(str(parse_span(span)))
    except ValueError as error:
        raise HomeroomError(str(error), location="FOR", remedy=f"Such as `{EXAMPLE}`.") from None
    if seconds > LONGEST_SECONDS:
        raise HomeroomError("is longer than 60 days", location="FOR", remedy="Say it again then.")
    audience = "group" if group else "course" if course else "everybody"
    return Wanted(text=plain, audience=audience, name=group or course, seconds=seconds)


def add(deployment: Deployment, wanted: Wanted) -> int:
    """Have the hub keep it; returns its number.

    :raises HomeroomError: there is no such group or course, or the hub does not run.
    """
    known = labs.load(deployment.settings, SITE, read_machine())
    names = [each.course.name for each in courses.load(deployment.settings, SITE, known)]
    if wanted.audience == "course" and wanted.name not in names:
        names += made.ask_hub(deployment)
        if wanted.name not in names:
            cause = f"there is no course {wanted.name}"
            raise HomeroomError(cause, location="COURSE", remedy=did_you_mean(wanted.name, names))
    answer = _ask(deployment, verb="add", known=sorted(known.groups), **vars(wanted))
    if "unknown" in answer:
        cause = f"there is no group {wanted.name}"
        raise HomeroomError(cause, location="GROUP", remedy=did_you_mean(wanted.name, answer["unknown"]))
    return int(answer["id"])


def known(deployment: Deployment) -> list[dict[str, Any]]:
    """Those that have not ended. :raises HomeroomError: the hub does not run."""
    found: list[dict[str, Any]] = _ask(deployment, verb="list")["announcements"]
    return found


def end(deployment: Deployment, number: int) -> None:
    """:raises HomeroomError: there is no such announcement, or the hub does not run."""
    if not _ask(deployment, verb="end", id=number)["ended"]:
        raise HomeroomError(
            f"there is no announcement {number}", location="ID", remedy="`make announcements` shows them."
        )


def lines(found: list[dict[str, Any]], zone: str) -> list[str]:
    """One a line."""
    return [
        f"{each['id']:>3}  until {datetime.fromtimestamp(each['ends'], ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        f"  {each['audience']} {each['name']}".rstrip()
        + f": {each['text']}"
        + (f" ({each['author']})" if each["author"] else "")
        for each in found
    ]


def _ask(deployment: Deployment, **wanted: Any) -> dict[str, Any]:
    given = json.dumps(wanted)
    return hub_module.ask(deployment, "homeroom.announcements.service", about="about announcements", given=given)
