"""What is typed into the forms of a course's settings, made into the course as it is to be. Pure: nothing is kept here,
and nothing is changed where something is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.course import ASSIGNMENT_NAME, ROLES, STUDENTS
from homeroom.courses.made import class_list, moments, rules
from homeroom.courses.made.fault import Fault
from homeroom.texts.said import say

Course = dict[str, Any]
Given = Mapping[str, str]
Edited = tuple[Course, list[Fault]]
TIMES = ("opens", "due", "closes")
LATE = ("mark", "accept", "refuse")
GRADES = ("per_assignment", "sum", "none")
MOST_CHECKS = 100


@dataclass(frozen=True, kw_only=True)
class Editor:
    """Who edits, and what they may name.

    :param profiles: kinds of labs that they may take.
    :param groups: that they may name; None: all that there are.
    :param known_groups: all that there are.
    """

    zone: ZoneInfo
    profiles: Collection[str] = ()
    groups: Collection[str] | None = ()
    known_groups: Collection[str] = ()


def general(name: str, course: Course, given: Given, editor: Editor) -> Edited:
    """Title, notice, days, kind of lab, and how grades go to a learning platform."""
    faults: list[Fault] = []
    texts = {"title": one_line(given.get("title", "")), "notice": several_lines(given.get("notice", ""))}
    for field, longest in (("title", rules.LONGEST_TITLE), ("notice", rules.LONGEST_NOTICE)):
        if len(texts[field]) > longest:
            faults.append(Fault(field, say("course_settings.wrong.long", most=longest)))
    days: dict[str, Any] = {}
    for field in ("first_day", "last_day"):
        days[field], wrong = _day(field, given)
        faults += wrong
    archive, wrong = _day("archive", given)
    faults += wrong
    at = moments.parse_day(archive)
    profile = given.get("profile", "")
    if profile and profile != course["profile"] and profile not in editor.profiles:
        faults.append(Fault("profile", say("course_settings.wrong.profile", name=profile[:80])))
    grades = given.get("grades", course["grades"])
    changed = {
        **course,
        **texts,
        **days,
        "archive": moments.begins(at, editor.zone) if at is not None else None,
        "profile": profile,
        "grader_profile": profile if profile != course["profile"] else course["grader_profile"],
        "grades": grades if grades in GRADES else course["grades"],
    }
    return changed, faults or rules.faults(name, changed, editor.zone)


def _day(field: str, given: Given) -> tuple[str, list[Fault]]:
    typed = given.get(field, "").strip()
    found = moments.parse_day(typed)
    if typed and found is None:
        return "", [Fault(field, say("course_settings.wrong.day"))]
    return found.isoformat() if found else "", []


def members(name: str, course: Course, given: Given, editor: Editor) -> Edited:
    """Who has which role: people and groups, a name a line."""
    faults: list[Fault] = []
    roles = {}
    for role in ROLES:
        people, wrong = _people(f"people_{role}", given)
        groups, also = _groups(f"groups_{role}", given, course["roles"][role]["groups"], editor)
        faults += [*wrong, *also]
        roles[role] = {"people": people, "groups": groups}
    changed = {**course, "roles": roles}
    return changed, faults or rules.faults(name, changed, editor.zone)


def _people(field: str, given: Given) -> tuple[list[str], list[Fault]]:
    typed = [word.strip() for word in re.split(r"[\n,;]", given.get(field, ""))]
    names = [class_list.known_as(word) for word in typed if word]  # with a blank in it, it is what somebody is called
    said = "course_settings.wrong.person"
    faults = [Fault(field, say(said, name=repr(name[:80]))) for name in names if not class_list.is_user_name(name)]
    return list(dict.fromkeys(names)), faults[: class_list.MOST_FAULTS]


def _groups(field: str, given: Given, before: Collection[str], editor: Editor) -> tuple[list[str], list[Fault]]:
    named = [line.strip() for line in re.split(r"[\n,;]", given.get(field, "")) if line.strip()]
    faults = []
    for group in named:
        if group in before:
            continue
        if group not in editor.known_groups:
            faults.append(Fault(field, say("course_settings.wrong.group", name=group[:80])))
        elif rules.is_of_a_course(group):
            faults.append(Fault(field, say("course_settings.wrong.group_of_course", name=group[:80])))
        elif editor.groups is not None and group not in editor.groups:
            faults.append(Fault(field, say("course_settings.wrong.group_not_yours", name=group[:80])))
    return list(dict.fromkeys(named)), faults[: class_list.MOST_FAULTS]


def listed(name: str, course: Course, given: Given, data: bytes, editor: Editor) -> Edited:
    """People of a list taken into a role; with `replace` those who are not on it go out."""
    role = given.get("list_role", STUDENTS)
    if role not in ROLES:
        role = STUDENTS
    names, faults = class_list.read(data, "list")
    if faults:
        return course, faults
    before = [] if given.get("replace") else course["roles"][role]["people"]
    people = list(dict.fromkeys([*before, *names]))
    roles = {**course["roles"], role: {**course["roles"][role], "people": people}}
    changed = {**course, "roles": roles}
    found = rules.faults(name, changed, editor.zone)
    return changed, [replace(fault, field="list") for fault in found]


def assignment(name: str, course: Course, given: Given, editor: Editor, *, old: str = "") -> Edited:
    """An assignment as it was typed.

    :param old: the one that is changed, whose name stays; empty: a new one.
    """
    found = next((each for each in course["assignments"] if each["name"] == old), None)
    if old and found is None:
        return course, [Fault("", say("course_settings.wrong.assignment_gone", name=old[:80]))]
    made: dict[str, Any] = {"name": old or given.get("name", "").strip()}
    faults = [] if old else list(name_faults(made["name"], course, "assignment"))
    made["title"], wrong = title(given, made["name"])
    faults += wrong
    for field in TIMES:
        made[field], wrong = _moment(field, given, found, editor.zone)
        faults += wrong
    late = given.get("late", LATE[0])
    made["late"] = late if late in LATE else LATE[0]
    made["extra_seconds"], wrong = extra_time(given)
    faults += wrong
    made["checks"], wrong = _checks(given)
    faults += wrong
    others = [made if each is found else each for each in course["assignments"]]
    changed = {**course, "assignments": others if found is not None else [*others, made]}
    return changed, faults or rules.faults(name, changed, editor.zone, assignment=made["name"])


def name_faults(name: str, course: Course, kind: str) -> Iterator[Fault]:
    """What is wrong with the name of a new assignment or exam: both are handed in by it.

    :param kind: `assignment` or `exam`.
    """
    if not re.fullmatch(ASSIGNMENT_NAME, name):
        yield Fault("name", say("course_settings.wrong.assignment_name"))
        return
    taken = {of: {each["name"].lower() for each in course[f"{of}s"]} for of in ("assignment", "exam")}
    if name.lower() in taken[kind]:
        yield Fault("name", say(f"course_settings.wrong.{kind}_twice", name=name))
    elif name.lower() in {*taken["assignment"], *taken["exam"]}:
        yield Fault("name", say("course_settings.wrong.exam_is_assignment", name=name))


def title(given: Given, name: str) -> tuple[str, list[Fault]]:
    """A title as it was typed; the name where there is none."""
    found = one_line(given.get("title", ""))
    if len(found) > rules.LONGEST_TITLE:
        return "", [Fault("title", say("course_settings.wrong.long", most=rules.LONGEST_TITLE))]
    return found or name, []


def _moment(field: str, given: Given, old: Course | None, zone: ZoneInfo) -> tuple[int | None, list[Fault]]:
    typed = given.get(field, "").strip()
    if not typed:
        return None, []
    before = old[field] if old is not None else None
    if before is not None and typed == moments.typed(before, zone):
        return before, []  # seconds, and the second of two hours of one name, are in no field of a form
    found = moments.parse(typed)
    if found is None:
        return None, [Fault(field, say("course_settings.wrong.moment"))]
    if moments.is_skipped(found, zone):
        return None, [Fault(field, say("course_settings.wrong.skipped", zone=zone.key))]
    return (moments.begins if field == "opens" else moments.ends)(found, zone), []


def profile(given: Given, old: Course | None, editor: Editor) -> tuple[str, list[Fault]]:
    """The kind of lab of an exam or room: one that whoever edits may take, or the one it has; empty: the course's."""
    chosen = given.get("profile", "")
    if chosen and chosen not in editor.profiles and (old is None or chosen != old["profile"]):
        return "", [Fault("profile", say("course_settings.wrong.profile", name=chosen[:80]))]
    return chosen, []


def extra_time(given: Given) -> tuple[dict[str, int], list[Fault]]:
    """Who has how many seconds more, a person a line."""
    found: dict[str, int] = {}
    faults = []
    for line in given.get("extra_time", "").splitlines():
        if not line.strip():
            continue
        person, _, span = line.strip().replace(":", " ").partition(" ")
        person, seconds = class_list.known_as(person), moments.parse_span(span.strip())
        if not class_list.is_user_name(person):
            faults.append(Fault("extra_time", say("course_settings.wrong.person", name=repr(person[:80]))))
        elif seconds is None:
            faults.append(Fault("extra_time", say("course_settings.wrong.span", person=person)))
        elif person in found:
            faults.append(Fault("extra_time", say("course_settings.wrong.extra_twice", person=person)))
        else:
            found[person] = seconds
    return found, faults[: class_list.MOST_FAULTS]


def _checks(given: Given) -> tuple[int, list[Fault]]:
    typed = given.get("checks", "").strip() or "0"
    if not re.fullmatch(r"[0-9]{1,6}", typed) or int(typed) > MOST_CHECKS:
        return 0, [Fault("checks", say("course_settings.wrong.checks", most=MOST_CHECKS))]
    return int(typed), []


def without_assignment(course: Course, name: str) -> Course:
    """The course without an assignment; what was handed in for it stays at the desk."""
    return {**course, "assignments": [each for each in course["assignments"] if each["name"] != name]}


def one_line(text: str) -> str:
    """A text on one line, without what could not be read."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def several_lines(text: str) -> str:
    """A text on several, likewise."""
    return "\n".join(one_line(line) for line in text.splitlines()).strip()
