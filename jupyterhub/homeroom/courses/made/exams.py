"""Exams of a course as they are typed into the forms of its settings. Pure, as `edit` is.

One that goes on is made longer, and nothing else that those who sit it would lose by: what is refused says why.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from homeroom.courses.calendar import written
from homeroom.courses.course import STUDENTS
from homeroom.courses.made import edit, moments, rules
from homeroom.courses.made.edit import Course, Edited, Editor, Given
from homeroom.courses.made.fault import Fault
from homeroom.texts.said import say

NETWORKS = ("none", "open")
BROWSER_KEY = "[0-9a-f]{64}"
MOST_KEYS = 50
MOST_NAMED = 5
GRACE_SECONDS = 60
"""So much earlier than now an exam may begin: a form has no seconds."""


class Sat(NamedTuple):
    """Somebody in an exam, from when to when."""

    person: str
    begins_at: float
    ends_at: float


@dataclass(frozen=True, kw_only=True)
class Sittings:
    """What is known of exams while somebody edits them; times in seconds since 1970.

    :param ends: when each exam of the course is over for everybody, with the time that was given while it went on.
    :param written: exams of the course that somebody has entered.
    :param elsewhere: what students of the course sit in other courses.
    """

    now: float
    ends: Mapping[str, float] = field(default_factory=dict)
    written: Collection[str] = ()
    elsewhere: Collection[Sat] = ()

    def is_on(self, exam: Course) -> bool:
        """Whether somebody still sits it."""
        return bool(exam["opens"] <= self.now < self.ends.get(exam["name"], 0))

    def was_written(self, exam: Course) -> bool:
        """Whether it is over, and somebody was there."""
        return exam["name"] in self.written and self.now >= self.ends.get(exam["name"], 0)


def exam(name: str, course: Course, given: Given, editor: Editor, sittings: Sittings, *, old: str = "") -> Edited:
    """An exam as it was typed.

    :param old: the one that is changed, whose name stays; empty: a new one.
    """
    found = next((each for each in course["exams"] if each["name"] == old), None)
    if old and found is None:
        return course, [Fault("", say("course_settings.wrong.exam.gone", name=old[:80]))]
    made: dict[str, Any] = {"name": old or given.get("name", "").strip(), "start_files": ""}
    faults = [] if old else list(edit.name_faults(made["name"], course, "exam"))
    made["title"], wrong = edit.title(given, made["name"])
    faults += wrong
    made["opens"], wrong = _begin(given, found, editor.zone)
    faults += wrong
    made["seconds"], wrong = _length(given)
    faults += wrong
    made["extra_seconds"], wrong = edit.extra_time(given)
    faults += wrong
    made["profile"], wrong = edit.profile(given, found, editor)
    faults += wrong
    network = given.get("network", NETWORKS[0])
    made["network"] = network if network in NETWORKS else NETWORKS[0]
    made["browser_keys"], wrong = _browser_keys(given)
    faults += wrong
    if found is not None:
        made = {**found, **made, "start_files": found["start_files"]}
    others = [made if each is found else each for each in course["exams"]]
    changed = {**course, "exams": others if found is not None else [*others, made]}
    return changed, (
        faults
        or list(_clock_faults(found, made, sittings, editor.zone))
        or rules.faults(name, changed, editor.zone, exam=made["name"])
    )


def _begin(given: Given, old: Course | None, zone: ZoneInfo) -> tuple[int, list[Fault]]:
    typed = given.get("opens", "").strip()
    if old is not None and typed == moments.typed(old["opens"], zone):
        return int(old["opens"]), []  # seconds, and which of two hours of one name, are in no field of a form
    found = moments.parse(typed)
    if not isinstance(found, datetime):
        return 0, [Fault("opens", say("course_settings.wrong.exam.opens"))]
    if moments.is_skipped(found, zone):
        return 0, [Fault("opens", say("course_settings.wrong.skipped", zone=zone.key))]
    return moments.begins(found, zone), []


def _length(given: Given) -> tuple[int, list[Fault]]:
    typed = given.get("minutes", "").strip()
    if not re.fullmatch(r"[0-9]{1,6}", typed) or not 1 <= int(typed) <= rules.LONGEST_EXAM_MINUTES:
        return 0, [Fault("minutes", say("course_settings.wrong.exam.minutes", most=rules.LONGEST_EXAM_MINUTES))]
    return 60 * int(typed), []


def _browser_keys(given: Given) -> tuple[list[str], list[Fault]]:
    keys = list(dict.fromkeys(given.get("browser_keys", "").lower().split()))
    if len(keys) > MOST_KEYS or not all(re.fullmatch(BROWSER_KEY, key) for key in keys):
        return [], [Fault("browser_keys", say("course_settings.wrong.exam.browser_keys", most=MOST_KEYS))]
    return keys, []


# --- What the clock, and those who sit it, have a say in ---


def _clock_faults(old: Course | None, made: Course, sittings: Sittings, zone: ZoneInfo) -> Iterator[Fault]:
    if old is not None and sittings.is_on(old):
        yield from _shortened(old, made)
    elif old is not None and sittings.was_written(old):
        if any(old[each] != made[each] for each in ("opens", "seconds", "extra_seconds")):
            yield Fault("opens", say("course_settings.wrong.exam.written", name=made["name"]))
    elif (old is None or old["opens"] != made["opens"]) and made["opens"] + GRACE_SECONDS < sittings.now:
        yield Fault("opens", say("course_settings.wrong.exam.past", now=written(int(sittings.now), zone)))
    others = sorted({each.person for each in sittings.elsewhere if _meets(each, made)})
    if others and (old is None or any(old[each] != made[each] for each in ("opens", "seconds", "extra_seconds"))):
        yield Fault("opens", say("course_settings.wrong.exam.elsewhere", names=others[:MOST_NAMED]))


def _shortened(old: Course, made: Course) -> Iterator[Fault]:
    """What somebody would lose by who sits it just now."""
    if made["opens"] != old["opens"]:
        yield Fault("opens", say("course_settings.wrong.exam.on.opens"))
    if made["seconds"] < old["seconds"]:
        yield Fault("minutes", say("course_settings.wrong.exam.on.minutes"))
    for person, seconds in old["extra_seconds"].items():
        if made["extra_seconds"].get(person, 0) < seconds:
            yield Fault("extra_time", say("course_settings.wrong.exam.on.extra", person=person))
    if made["network"] != old["network"]:
        yield Fault("network", say("course_settings.wrong.exam.on.network"))
    before, after = set(old["browser_keys"]), set(made["browser_keys"])
    if not before <= after or bool(before) != bool(after):
        yield Fault("browser_keys", say("course_settings.wrong.exam.on.browser_keys"))


def _meets(sat: Sat, exam: Course) -> bool:
    ends = exam["opens"] + exam["seconds"] + exam["extra_seconds"].get(sat.person, 0)
    return bool(sat.begins_at < ends and exam["opens"] < sat.ends_at)


def without(course: Course, name: str, sittings: Sittings) -> Edited:
    """The course without an exam, unless it goes on; what was handed in for it stays at the desk."""
    found = next((each for each in course["exams"] if each["name"] == name), None)
    if found is not None and sittings.is_on(found):
        return course, [Fault("", say("course_settings.wrong.exam.on.remove", name=name))]
    return {**course, "exams": [each for each in course["exams"] if each["name"] != name]}, []


def put_out(old: Course, new: Course, sittings: Sittings, *, field: str = "") -> list[Fault]:
    """Students who would be taken out of a course while they sit an exam: it would be over for them.

    :param field: of the form; empty: that of the students.
    """
    on = next((each for each in old["exams"] if sittings.is_on(each)), None)
    if on is None:
        return []
    found = []
    for kind in ("people", "groups"):
        after = set(new["roles"][STUDENTS][kind])
        gone = [each for each in old["roles"][STUDENTS][kind] if each not in after]
        if gone:
            said = say("course_settings.wrong.exam.on.students", names=gone[:MOST_NAMED], name=on["name"])
            found.append(Fault(field or f"{kind}_{STUDENTS}", said))
    return found
