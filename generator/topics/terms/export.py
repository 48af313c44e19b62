"""`make course-export`: all that is kept of a course in one archive, which `make course-import` takes."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from docker.types import Mount

from generator.core import archive
from generator.core.console import note, step
from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.core.paths import SITE
from generator.engine import handed_out
from generator.engine.deployment import Deployment
from generator.site.reader import SiteFile
from generator.topics.courses.site import COURSES, ROLES
from generator.topics.people import records
from generator.topics.sign_in import class_list
from generator.topics.terms import kept, lab_home, named
from generator.topics.terms.written import block, raw

ABOUT, WRITTEN, ROSTERS = "homeroom-course.json", "courses.yaml", "rosters"
"""As `homeroom.courses.material.about` has them, which a test holds equal."""
STORE, DESK = "/export/courses", "desk"


def export(deployment: Deployment, course: str, to: str) -> None:
    """Write the archive. One that is there is never replaced.

    :param to: a file that is not there yet, or a folder.
    :raises HomeroomError: nothing is kept of such a course, its grader lab runs, or the archive cannot be written.
    """
    usage = f"make course-export COURSE={course} TO=/srv/{course}.tar.gz"
    target = archive.target_of(to, f"{course}-{datetime.now():%Y-%m-%d}", usage)
    known = named.of_file(deployment.settings)
    found = kept.look(deployment, course)
    if not found.is_something and course not in known:
        raise named.unknown(course, sorted(known))
    lab_home.require_still(deployment, course)
    write(deployment, found, target)
    records.note(deployment, "course-export", course)
    note(f"{target}: material is in {lab_home.COURSE}/, hand-ins and feedback are in {DESK}/. Only you can read it.")


def write(deployment: Deployment, found: kept.Kept, target: Path) -> None:
    """Write an archive of a course. :raises HomeroomError: it cannot be written."""
    course, left_out, of_desk = found.course, 0, False

    def chosen(entry: tarfile.TarInfo) -> bool:
        nonlocal left_out
        if not (entry.isreg() or entry.isdir()):
            left_out += 1
            return False
        top, _, rest = entry.name.partition("/")
        if of_desk and top == course:
            entry.name = f"{DESK}/{rest}" if rest else DESK
        return True

    def pieces(*, desk: bool) -> Iterator[bytes]:
        nonlocal of_desk
        of_desk = desk
        yield from _of_desk(deployment, course) if desk else lab_home.files(deployment, course)

    with step(f"Writing all that there is of {course}") as shown:
        texts = about(found)
        kinds = (True, False) if (found.desk or {}).get("size_bytes") else (False,)
        tars = [pieces(desk=desk) for desk in kinds]
        count = archive.write(target, texts, tars, chosen)
        shown.say(f"{count} files and folders, {in_units(target.stat().st_size)}")
    if left_out:
        note(f"{left_out} links and other things that are neither file nor folder are not in it.")


def about(found: kept.Kept) -> dict[str, str]:
    """What the archive begins with: which course it is, and how it was written down."""
    values = {"course": found.course, "at": datetime.now().astimezone().isoformat(), "made": found.made}
    texts = {ABOUT: json.dumps(values, indent=2) + "\n"}
    if (SITE / COURSES).is_file():
        own = [each for each in raw(SiteFile(SITE / COURSES)) if each.get("name") == found.course]
        if own:
            texts[WRITTEN] = "courses:\n" + block(own[0], "")
            texts |= {f"{ROSTERS}/{name}": text for name, text in _rosters(own[0])}
    return texts


def _rosters(course: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The names on the class lists of a course, a name a line, by the lists' names in `site/`."""
    for role in ROLES:
        name = course[role].get("roster") if isinstance(course.get(role), dict) else None
        if name and (SITE / name).is_file():
            with suppress(HomeroomError):
                yield name, "".join(f"{each}\n" for each in class_list.read(SITE / name))


def _of_desk(deployment: Deployment, course: str) -> Iterator[bytes]:
    mount = Mount(target=STORE, source=f"{deployment.project}_courses", type="volume", read_only=True)
    yield from handed_out.files(deployment, mount, f"{STORE}/{course}", whose=f"of {course} at the desk")
