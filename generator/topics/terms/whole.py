"""`make course-import WHOLE=1`: all that `make course-export` wrote of a course comes back, here or elsewhere.

All of it is looked over before anything is changed. The desk takes its part in at once; the files of the grader lab
come at once, too. Typed again, what was cut off is carried on: what is there already, the same, is left alone.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker.errors
import yaml
from docker.types import Mount

from generator.core import operator
from generator.core.console import counted, note, out
from generator.core.errors import HomeroomError
from generator.core.paths import SITE
from generator.engine import hub_module
from generator.engine.deployment import Deployment
from generator.site.reader import Loader
from generator.topics.courses import desk, keeps, made
from generator.topics.courses.site import COURSES, check_roster
from generator.topics.people import records
from generator.topics.storage import homes
from generator.topics.terms import bring, kept, lab_home, named, written
from generator.topics.terms.removal import alone

STORE = "/srv/courses"
LOOK_BYTES = 768 << 20
USAGE = "make course-import FROM=/srv/biology.tar.gz WHOLE=1"
MARGIN = "Nothing was changed."
REMARK = "Brought back from an archive."
"""Stands above the course in site/courses.yaml."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What comes, as it was looked over.

    :param text: what site/courses.yaml is to say; empty: it stays.
    :param lists: class lists of `site/` that come with it.
    :param as_made: the course that comes as if it was made on a page; None: it does not.
    """

    course: str
    text: str
    lists: Mapping[str, str]
    as_made: Mapping[str, Any] | None


def bring_whole(deployment: Deployment, course: str, source: str, *, dry: bool) -> None:
    """Bring all of a course.

    :param course: its name, if it is typed.
    :param source: an archive of `make course-export`.
    :raises HomeroomError: it is none, the course cannot be here, or something else of it is kept already.
    """
    path = bring.given(source, USAGE)
    with alone(deployment), bring.staged(path) as archive:
        given = Mount(target=lab_home.GIVEN, source=str(archive), type="bind", read_only=True)
        about = lab_home.run(deployment, "about", mounts=[given])
        name = _require_same(course, about["course"])
        coming = _arrival(deployment, name, about)
        lab_home.require_still(deployment, name)
        if not dry:
            homes.ensure(deployment.client, deployment.settings, deployment.project, lab_home.grader(name))
        home = lab_home.run(deployment, "whole", "--look", mounts=[_home(deployment, name), given])
        if not _has_desk(deployment):
            _write_down(deployment, coming, dry=dry)
            note(
                f"The hand-in desk does not run yet. {_then(dry=dry)}Run `make up`, then this again: hand-ins, "
                "feedback and the grader lab's files come then."
            )
            return
        with desk.open_for_a_verb(deployment):
            token = secrets.token_hex(12)
            ready = _lay_ready(deployment, name, given, token, look=dry)
            if not dry:
                _write_down(deployment, coming, dry=False)
                if ready["state"] == "none":
                    _take_in(deployment, name, token)
        if not dry and not home["is_there"]:
            lab_home.run(deployment, "whole", mounts=[_home(deployment, name), given])
        if not dry:
            records.note(deployment, "course-import", name, why=f"all of it, from {path}"[:200])
        else:
            _write_down(deployment, coming, dry=True)
    _tell(name, ready, home, dry=dry)


def _require_same(typed: str, course: str) -> str:
    """The course's name. :raises HomeroomError: another was typed."""
    name = named.require_name(course, "FROM", USAGE)
    if typed and typed != name:
        raise HomeroomError(
            f"this is the archive of {name}: all of it comes under this name alone, which its receipts have",
            location="COURSE",
            remedy=f"COURSE={name}, or without WHOLE=1: then its material comes into {typed}.",
        )
    return name


def _arrival(deployment: Deployment, course: str, about: Mapping[str, Any]) -> Arrival:
    """What becomes of how the course was written down. :raises HomeroomError: the file would be wrong."""
    known = named.of_file(deployment.settings)
    there = kept.ask(deployment, "given-out", course=course)["made"]
    if course in known or there is not None:
        where = f"site/{COURSES}" if course in known else "its page"
        note(f"{where} has {course} already: who is in it, and its dates, stay as they are there.")
        return Arrival(course=course, text="", lists={}, as_made=None)
    own = _written_course(about["written"], course)
    if own is None:
        if about["made"] is None:
            remedy = f"Write it into site/{COURSES} and run `make up`, then this again."
            raise HomeroomError(f"the archive does not say who is in {course}", location="FROM", remedy=remedy)
        return Arrival(course=course, text="", lists={}, as_made=about["made"])
    lists = {name: text for name, text in about["rosters"].items() if _is_roster(name)}
    text = written.with_course(SITE, own, REMARK)
    written.check(deployment.settings, SITE, text, lists)
    return Arrival(course=course, text=text, lists=lists, as_made=None)


def _is_roster(name: str) -> bool:
    try:
        return check_roster(name) == name
    except ValueError:
        return False


def _written_course(text: str, course: str) -> dict[str, Any] | None:
    """The course as the archive has it; None where it says nothing. Whoever wrote it makes nothing large of little.

    :raises HomeroomError: it is no course.
    """
    try:
        if not text or any(isinstance(each, yaml.AliasToken) for each in yaml.scan(text)):
            return None
        values = yaml.load(text, Loader=Loader)  # noqa: S506 - YAML's safe one, but for numbers
        found = next(each for each in values["courses"] if each["name"] == course)
    except (yaml.YAMLError, LookupError, TypeError, StopIteration, ValueError, RecursionError):
        raise HomeroomError(
            f"{COURSES} in the archive has no course {course}", location="FROM", remedy=f"{MARGIN} Export it anew."
        ) from None
    return dict(found)


def _write_down(deployment: Deployment, coming: Arrival, *, dry: bool) -> None:
    """Have the course be one of this deployment."""
    if dry:
        if coming.text:
            text = coming.text.partition(f"# {REMARK}\n")[2]
            out.print(f"site/{COURSES} would have:\n{text}", markup=False)
        return
    if coming.text:
        written.write_lists(SITE, coming.lists)
        written.write(SITE, coming.text)
        note(f"site/{COURSES} has {coming.course} now: look it over, and run `make up`.")
    if coming.as_made is not None and made.add(deployment, coming.course, coming.as_made):
        note(f"{coming.course} is there again, as it was made on its page.")


def _has_desk(deployment: Deployment) -> bool:
    try:
        deployment.client.volumes.get(f"{deployment.project}_{keeps.VOLUME}")
    except docker.errors.NotFound:
        return False
    return True


def _home(deployment: Deployment, course: str) -> Mount:
    """The grader lab's home; memory where there is none yet."""
    if lab_home.is_there(deployment, course):
        return lab_home.mount(deployment, course, lab_home.HOME, read_only=False)
    return Mount(target=lab_home.HOME, source="", type="tmpfs", tmpfs_size=LOOK_BYTES)


def _lay_ready(deployment: Deployment, course: str, given: Mount, token: str, *, look: bool) -> dict[str, Any]:
    """Have what is the desk's lie ready for it. :raises HomeroomError: it keeps something else of it already."""
    store = Mount(target=STORE, source=f"{deployment.project}_{keeps.VOLUME}", type="volume")
    words = (f"--course={course}", f"--token={token}", *(("--look",) if look else ()))
    ready = lab_home.run(deployment, "desk-part", *words, mounts=[store, given], owner=keeps.OWNER)
    if ready["state"] == "other":
        raise HomeroomError(
            f"the desk keeps other hand-ins, feedback or releases of {course} already",
            location="COURSE",
            remedy=f"{MARGIN} `make course-reset COURSE={course}` shows what there is.",
        )
    return ready


def _take_in(deployment: Deployment, course: str, token: str) -> None:
    words = json.dumps({"course": course, "token": token, "who": operator.name()})
    hub_module.ask(deployment, kept.MODULE, "take-in", about=f"to keep {course}", given=words)


def _then(*, dry: bool) -> str:
    return "Nothing was changed. Without DRY=1, the course comes first. " if dry else ""


def _tell(course: str, ready: Mapping[str, Any], home: Mapping[str, Any], *, dry: bool) -> None:
    would = "would come" if dry else "came"
    if ready["state"] == "same":
        note("The desk has all of it already.")
    else:
        note(
            f"{counted(ready['hand_ins'], 'hand-in')} of {counted(ready['people'], 'person')} with receipts, "
            f"feedback for {counted(ready['feedback'], 'hand-in')} and "
            f"{counted(ready['released'], 'released assignment')} {would}."
        )
    if home["is_there"]:
        note("The grader lab has all of its files already, or there are none.")
    else:
        what = f"{counted(home['assignments'], 'assignment')} and {counted(home['students'], 'student')}"
        note(f"{what} of the gradebook {would} into the grader lab.")
    if home["left_out"]:
        kinds = "nbgrader_config.py, and names that begin with a dot"
        note(f"{counted(home['left_out'], 'file')} that programs read by themselves are left out: {kinds}.")
    note(
        "No archive has accounts and homes of people, homes of exams and who sat them, what was sent to a learning "
        "platform, or groups and profiles that the course names."
    )
    if dry:
        note("Nothing was changed.")
