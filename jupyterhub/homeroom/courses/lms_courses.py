"""Courses that are those of a learning platform: how they are connected, and who is in them there."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from homeroom.courses.course import ASSISTANTS, STUDENTS, TEACHERS, Course, LMSCourse, Membership
from homeroom.lms.connection import Connection, Platform, hosts_of
from homeroom.lti import links
from homeroom.lti.people import course_name, subject_of
from homeroom.lti.records import KnownLink, KnownRoster
from homeroom.sign_in.identities import KnownIdentity

GROUPS = {TEACHERS: "instructor", ASSISTANTS: "assistant", STUDENTS: "student"}
"""What launches call those who have a role."""
AT_ONCE = 500


def way_of(lti: LMSCourse) -> str:
    """The source of the people of a course's platform."""
    return f"lti:{lti.platform}"


def way(authenticator: Any) -> Any:
    """The way by which people come from platforms; None: there is none."""
    return getattr(authenticator, "opened", {}).get("lti")


def connections(db: Session, courses: Iterable[Course], of: Any) -> list[Connection]:
    """How courses are connected, of those whose platform is one of ours.

    :param of: the `LTIWay`; None: nobody comes from a platform.
    """
    if of is None:
        return []
    known = of.known(db)
    found = (connection_of(db, course, known) for course in courses if course.lti is not None)
    return [each for each in found if each is not None]


def connection_of(db: Session, course: Course, known: Iterable[Any]) -> Connection | None:
    """How one course is; what no launch has said yet is empty. None: its platform is none of ours.

    :param known: the platforms whose launches are taken.
    """
    lti = course.lti
    ours = [each for each in known if lti is not None and each.name == lti.platform]
    if lti is None or not ours:
        return None
    registered = {(each.issuer, each.client_id): each for each in ours}
    seen = [
        each
        for each in links.of_course(db, way_of(lti), lti.context)
        if (each.issuer, each.client_id) in registered and each.deployment_id in _of(registered, each).deployment_ids
    ]
    newest = max(seen, key=lambda each: each.seen, default=None)
    platform = ours[0] if newest is None else _of(registered, newest)
    return Connection(
        course=course.name,
        platform=_platform(platform),
        context=lti.context,
        deployment_id=newest.deployment_id if newest is not None else "",
        lineitems=newest.lineitems if newest is not None else "",
        lineitem=_own_column(seen, lti.link),
        scopes=frozenset(newest.scopes.split()) if newest is not None else frozenset(),
        members=newest.members if newest is not None else "",
        roster=lti.roster,
        grades=course.grades,
    )


def _of(registered: Mapping[tuple[str, str], Any], link: KnownLink) -> Any:
    return registered[link.issuer, link.client_id]


def _own_column(seen: list[KnownLink], wanted: str | None) -> str:
    """The column of the link that is wanted, else of the first that was opened and has one."""
    own = (each.lineitem for each in seen if each.lineitem and wanted in (None, each.link))
    return next(own, "")


def _platform(of: Any) -> Platform:
    certificate = ""
    if of.certificate:
        try:
            certificate = Path(of.certificate).read_text(encoding="ascii")
        except (OSError, ValueError):
            certificate = ""  # the platform's certificate is refused then, and that is told
    return Platform(
        name=of.name,
        issuer=of.issuer,
        client_id=of.client_id,
        token_url=of.token_url,
        certificate=certificate,
        hosts=hosts_of([of.issuer, of.authorize_url, of.jwks_url, of.token_url]),
    )


def keep_rosters(db: Session, courses: Mapping[str, Course], rosters: Mapping[str, Any]) -> None:
    """Keep what the service says of who is in which course, where it says something new. Commits."""
    changed = False
    for name, roster in rosters.items():
        lti = courses[name].lti if name in courses else None
        if lti is None or roster is None or roster["read_at"] is None:
            continue
        known = db.get(KnownRoster, name)
        read, whose = int(roster["read_at"] * 1000), (way_of(lti), lti.context)
        if known is not None and (known.read, known.way, known.context) == (read, *whose):
            continue
        kept = KnownRoster(
            course=name, way=whose[0], context=whose[1], read=read, members=json.dumps(roster["members"])
        )
        db.merge(kept)
        changed = True
    if changed:
        db.commit()


def roster_of(db: Session, course: Course) -> list[dict[str, Any]] | None:
    """Who is in a course at its platform; None: nobody has said it yet, or it is not asked."""
    lti = course.lti
    if lti is None or not lti.roster:
        return None
    known = db.get(KnownRoster, course.name)
    if known is None or (known.way, known.context) != (way_of(lti), lti.context):
        return None
    found: list[dict[str, Any]] = json.loads(known.members)
    return found


def names_of(db: Session, course: Course, known: Iterable[Any], user_ids: Iterable[str]) -> dict[str, str]:
    """The user names here of those who have been here, by their ids at a course's platform."""
    lti = course.lti
    if lti is None:
        return {}
    issuers = {each.issuer for each in known if each.name == lti.platform}
    subjects = {subject_of(issuer, user_id): user_id for issuer in issuers for user_id in user_ids}
    wanted, found = list(subjects), {}
    for begin in range(0, len(wanted), AT_ONCE):
        query = db.query(KnownIdentity.subject, KnownIdentity.name).filter(
            KnownIdentity.way == way_of(lti), KnownIdentity.subject.in_(wanted[begin : begin + AT_ONCE])
        )
        found.update({subjects[subject]: name for subject, name in query})
    return found


def with_members(db: Session, courses: Iterable[Course], of: Any) -> list[Course]:
    """Courses, with those who are in them at their platform. As long as nobody has said who that is, with those who
    came from there."""
    if of is None:
        return list(courses)
    known = of.known(db)
    return [_with_members(db, course, known) if course.lti is not None else course for course in courses]


def drop_rosters(db: Session, courses: Mapping[str, Course], of: Any) -> None:
    """Forget who was in courses that are a platform's no more. Commits where there is something to forget."""
    if of is None:
        return
    kept = [name for (name,) in db.query(KnownRoster.course)]
    gone = [name for name in kept if name not in courses or (lti := courses[name].lti) is None or not lti.roster]
    if gone:
        db.query(KnownRoster).filter(KnownRoster.course.in_(gone)).delete(synchronize_session=False)
        db.commit()


def _with_members(db: Session, course: Course, known: Iterable[Any]) -> Course:
    lti, roster = course.lti, roster_of(db, course)
    if lti is None or not lti.roster:
        return course
    if roster is None:
        here = course_name(lti.platform, lti.context)
        groups = {role: frozenset({f"{here}-{word}"}) for role, word in GROUPS.items()}
        return _more(course, {}, groups)
    names = names_of(db, course, known, [each["user_id"] for each in roster])
    named = frozenset().union(*(one.people for one in course.roles.values()))  # the file wins
    people: dict[str, set[str]] = {}
    for each in roster:
        name = names.get(each["user_id"])
        if name is not None and name not in named:
            people.setdefault(each["role"], set()).add(name)
    return _more(course, {role: frozenset(found) for role, found in people.items()}, {})


def _more(course: Course, people: Mapping[str, frozenset[str]], groups: Mapping[str, frozenset[str]]) -> Course:
    nobody = frozenset[str]()
    roles = {
        role: Membership(
            people=one.people | people.get(role, nobody), hub_groups=one.hub_groups | groups.get(role, nobody)
        )
        for role, one in course.roles.items()
    }
    return dataclasses.replace(course, roles=roles)


def not_here(db: Session, course: Course, known: Iterable[Any]) -> dict[str, list[str]]:
    """What those are called at the platform who are in a course there and have not been here, by role; where it says no
    names, their ids."""
    roster = roster_of(db, course) or []
    names = names_of(db, course, known, [each["user_id"] for each in roster])
    found: dict[str, list[str]] = {}
    for each in roster:
        if each["user_id"] not in names:
            found.setdefault(each["role"], []).append(each["name"] or each["user_id"])
    return found


def is_new(db: Session, course: Course, groups: Iterable[str], name: str, known: Iterable[Any]) -> bool:
    """Whether somebody came from a course's platform whom its list does not have yet."""
    lti, roster = course.lti, roster_of(db, course)
    if lti is None or roster is None:
        return False
    here = course_name(lti.platform, lti.context)
    if not any(f"{here}-{word}" in groups for word in GROUPS.values()):
        return False
    return name not in names_of(db, course, known, [each["user_id"] for each in roster]).values()


def user_ids(db: Session, course: Course, known: Iterable[Any], people: Iterable[str]) -> dict[str, str]:
    """The ids at a course's platform of people here, as far as they are known: by its list of members, else by how they
    came last."""
    lti = course.lti
    if lti is None:
        return {}
    wanted = set(people)
    roster = roster_of(db, course) or []
    listed = names_of(db, course, known, [each["user_id"] for each in roster])
    found = {name: user_id for user_id, name in listed.items() if name in wanted}
    begins = tuple(f"{each.issuer} " for each in known if each.name == lti.platform)
    query = db.query(KnownIdentity.name, KnownIdentity.subject).filter(KnownIdentity.way == way_of(lti))
    for name, subject in query.order_by(KnownIdentity.signed_in_at.desc()):
        begin = next((each for each in begins if subject.startswith(each)), None)
        if name in wanted and name not in found and begin is not None:
            found[name] = subject.removeprefix(begin)
    return found
