"""The handouts of courses, which `make publish-handouts` tells, and which members of a course have them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import or_
from sqlalchemy.orm import Session
from traitlets import Unicode
from traitlets.config import SingletonConfigurable

from homeroom.handouts.records import ToldHandout, of_handouts
from homeroom.hub.told_file import ToldFile
from jupyterhub import orm

STATES = ("delivered", "older", "full", "failed", "coming", "never")
"""How a handout is with somebody: they have it; they have an earlier version; their home is full; it could not be
copied; it comes with the next start of the lab, or soon where it runs; they never started a lab."""


@dataclass(frozen=True, kw_only=True)
class CourseHandout:
    """One handout.

    :param name: empty as long as it is not out.
    :param to: the folder in each home.
    :param visible_at: in seconds since 1970; None: at once.
    :param revision: what labs see now; empty: nothing yet.
    :param is_faulty: whether what there is now cannot be handed out; what was handed out before stays.
    """

    name: str
    to: str
    courses: Collection[str]
    visible_at: int | None
    revision: str
    is_faulty: bool


class CourseHandouts(ToldFile, SingletonConfigurable):
    """Those of this hub."""

    what: ClassVar[str] = "handouts"
    path = Unicode("/srv/jupyterhub/handouts.json", config=True, help="The file, which is written whole or not at all.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._known: list[CourseHandout] = []
        self._places: list[dict[str, Any]] = []

    def of(self, course: str) -> list[CourseHandout]:
        """Those of a course, as they are now, by when they come."""
        self.look()
        return in_order(one for one in self._known if course in one.courses)

    @property
    def places(self) -> list[dict[str, Any]]:
        """Where labs of courses find theirs, as they are now: as `homeroom.storage.storage.Share` takes them."""
        self.look()
        return self._places

    def _take(self, values: Mapping[str, Any]) -> None:
        self._known = [CourseHandout(**one) for one in values["handouts"]]
        self._places = [dict(one) for one in values.get("places", ())]


def places(config: Any) -> list[dict[str, Any]]:
    """Where labs of courses find what `site/handouts.yaml` hands out to them: what labs mount beside what is said when
    the hub starts."""
    return CourseHandouts.instance(config=config).places


def in_order(found: Iterable[CourseHandout]) -> list[CourseHandout]:
    """By when they come."""
    return sorted(found, key=lambda one: (one.visible_at or 0, one.to))


def beside(of_file: Collection[CourseHandout], made: Iterable[Mapping[str, Any]]) -> list[CourseHandout]:
    """Those of the file, and those that teachers made whose folder is none of these."""
    taken = {one.to for one in of_file}
    return in_order([*of_file, *(as_made(each) for each in made if each["to"] not in taken)])


def as_made(one: Mapping[str, Any]) -> CourseHandout:
    """One that a teacher made, by the name that labs tell of it."""
    is_out = one["visible_at"] is None or time.time() >= one["visible_at"]
    return CourseHandout(
        name=f"{one['course']}/{one['name']}" if is_out else "",
        to=one["to"],
        courses=[one["course"]],
        visible_at=one["visible_at"],
        revision=one["revision"] if is_out else "",
        is_faulty=False,
    )


def of_course(
    handler: Any, course: str, people: Collection[str], made: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The handouts of a course, for its page.

    :param people: whose homes are shown: all of the course for who teaches it, one's own for a student.
    :param made: those that its teachers made on its page, as the desk has them. Into a folder that the file names for
        the course, the file's come, and no others.
    :returns: for each where and when it comes, whether it is out, and then how it is with these people: `states`, each
        that there is with who is in it; how many `have` it, of `all`.
    """
    of_file = CourseHandouts.instance(config=handler.settings["config"]).of(course)
    found = beside(of_file, made)
    told = of_handouts(handler.db, {one.name for one in found if one.revision})
    started = _started(handler.db)
    rows = []
    for one in found:
        states = _states(one, people, told, started) if one.revision else {}
        row = {"to": one.to, "visible_at": one.visible_at, "is_out": bool(one.revision), "is_faulty": one.is_faulty}
        rows.append({**row, "states": states, "have": len(states.get("delivered", ())), "all": len(people)})
    return rows


def state(revision: str, told: ToldHandout | None, *, has_started: bool) -> str:
    """How a handout is with somebody, one of STATES.

    :param revision: what labs see now.
    :param told: what their lab told of it last.
    :param has_started: whether they ever had a lab.
    """
    if told is None:
        return "coming" if has_started else "never"
    if told.state != "delivered":
        return told.state
    return "delivered" if told.revision == revision else "older"


def _states(
    one: CourseHandout, people: Collection[str], told: Mapping[tuple[str, str], ToldHandout], started: Collection[str]
) -> dict[str, list[dict[str, Any]]]:
    """Each state that there is, with its people, and how many files of theirs stood in its place."""
    found: dict[str, list[dict[str, Any]]] = {}
    for person in sorted(people):
        said = told.get((person, one.name))
        row = {"name": person, "kept": said.kept if said is not None else 0}
        found.setdefault(state(one.revision, said, has_started=person in started), []).append(row)
    return {each: found[each] for each in STATES if each in found}


def _started(db: Session) -> set[str]:
    """Who ever had a lab."""
    had = or_(orm.Spawner.started.isnot(None), orm.Spawner.last_activity.isnot(None))
    return {name for (name,) in db.query(orm.User.name).join(orm.Spawner).filter(had)}
