"""The course that a verb is about, as it is typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from generator.core.console import quoted
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.site.models import NAME
from generator.topics.courses import courses, moments
from generator.topics.courses.courses import ReadCourse
from generator.topics.labs import labs


@dataclass(frozen=True, kw_only=True)
class Named:
    """A course of the file, with its two days in seconds since 1970."""

    read: ReadCourse
    archive: int | None
    purge: int | None


def require_name(name: str, word: str, usage: str) -> str:
    """What was typed as a course's name.

    :param word: the verb's, such as COURSE.
    :raises HomeroomError: it is none.
    """
    plain = name.strip()
    if not plain:
        raise HomeroomError(f"{word} is missing", location=word, remedy=f"Run `{usage}`.")
    if not re.fullmatch(NAME, plain):
        remedy = "Small letters, digits and dashes; 32 at most."
        raise HomeroomError(f"{plain[:40]!a} is no name of a course", location=word, remedy=remedy)
    return plain


def of_file(settings: Settings) -> dict[str, Named]:
    """The courses of site/courses.yaml, by name. :raises HomeroomError: everything that is wrong with it."""
    zone = ZoneInfo(settings.TIMEZONE)
    found = courses.load(settings, SITE, labs.load(settings, SITE, read_machine()))
    return {
        each.course.name: Named(
            read=each,
            archive=moments.begins(each.course.archive, zone),
            purge=moments.begins(each.course.purge, zone),
        )
        for each in found
    }


def unknown(name: str, known: list[str], word: str = "COURSE") -> HomeroomError:
    """There is no such course."""
    return HomeroomError(f"there is no course {quoted(name)}", location=word, remedy=did_you_mean(name, known))
