"""`make course-reset` and `make course-delete`: what students did in a course goes, or all that is kept of it.

Both show first what there is; the course's name, typed again, does it. An archive of all is kept before, for as long as
the files of people are who were removed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from generator.core.console import counted, note
from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.topics.people import records, removal
from generator.topics.terms import export, kept, lab_home, named, rooms

FOLDER = ROOT / "course-archives"
BUSY = "another command changes a course just now"
DAY_SECONDS = 86400


def require_named(typed: str, course: str) -> bool:
    """Whether the name was typed again. :raises HomeroomError: it is another."""
    if typed and typed.strip() != course:
        raise HomeroomError(
            f"NAMED={typed.strip()[:40]} is not the course ({course}); nothing was removed",
            location="NAMED",
            remedy=f"NAMED={course} does it; without it, it is only shown.",
        )
    return bool(typed)


def reset(deployment: Deployment, course: str, typed: str, *, without_copy: bool) -> None:
    """Show what students did in a course; with its name typed again, remove it. The material stays.

    :raises HomeroomError: there is no such course, its grader lab runs, or somebody who keeps something is away.
    """
    sure = require_named(typed, course)
    with alone(deployment):
        found = kept.look(deployment, course)
        known = named.of_file(deployment.settings)
        if course not in known and found.made is None:
            raise named.unknown(course, sorted(known))
        kept.show(found, everything=False)
        if not sure:
            note(f"Nothing was removed. NAMED={course} removes it; who is in the course, and its material, stays.")
            return
        require_no_exam(found)
        lab_home.require_still(deployment, course)
        if not without_copy:
            keep_copy(deployment, found)
        if found.home is not None:
            mounts = [lab_home.mount(deployment, course, lab_home.HOME, read_only=False)]
            lab_home.run(deployment, "clear", mounts=mounts)
        kept.remove(deployment, course, everything=False)
        records.note(deployment, "course-reset", course)
    note(f"{course} is as before its first hand-in. Those who take it now are put into its gradebook again.")


def delete(deployment: Deployment, course: str, typed: str, *, without_copy: bool) -> None:
    """Show all that is kept of a course; with its name typed again, remove it for good.

    :raises HomeroomError: site/courses.yaml still has it, nothing is kept of it, or it cannot be removed; run again, it
        goes on with what is left.
    """
    sure = require_named(typed, course)
    with alone(deployment):
        require_out_of_file(deployment, course)
        found = kept.look(deployment, course)
        if not found.is_something:
            note(f"Nothing is kept of a course {course}.")
            return
        kept.show(found, everything=True)
        if not sure:
            note(f"Nothing was removed. NAMED={course} removes all of it for good.")
            if of_rooms := rooms.users(found):
                note(f"Files of its rooms ({', '.join(of_rooms)}) are then kept for RETENTION_DAYS, as people's are.")
            return
        remove(deployment, found, "its course was deleted", without_copy=without_copy)


def require_out_of_file(deployment: Deployment, course: str) -> None:
    """:raises HomeroomError: site/courses.yaml has it, and its time is not over."""
    known = named.of_file(deployment.settings).get(course)
    if known is not None and (known.purge is None or known.purge > time.time()):
        raise HomeroomError(
            f"{course} is in site/courses.yaml; nothing was removed",
            location="site/courses.yaml",
            remedy="Take it out there first, and run `make up`: then nobody is in it any more.",
        )


def require_no_exam(found: kept.Kept) -> None:
    """:raises HomeroomError: somebody sits an exam of the course: what they write would not be handed in."""
    if found.sitting:
        raise HomeroomError(
            f"{counted(found.sitting, 'person')} in an exam of {found.course}, not handed in yet; nothing was removed",
            location="COURSE",
            remedy="Wait until all are handed in: the exam's page shows it to those who teach.",
        )


def remove(deployment: Deployment, found: kept.Kept, why: str, *, without_copy: bool) -> None:
    """Remove all that is kept of a course. The caller has the lock.

    :raises HomeroomError: it cannot be; what is left is removed by the next try.
    """
    require_no_exam(found)
    course, of_rooms = found.course, rooms.users(found)
    lab_home.require_still(deployment, course)
    rooms.require_still(deployment, of_rooms)
    if not without_copy:
        keep_copy(deployment, found)
    rooms.remove(deployment, course, of_rooms, why, now=without_copy)
    if kept.remove(deployment, course, everything=True)["open"]:
        raise HomeroomError(
            f"people still enter the grader lab of {course}; its files were not removed",
            location="COURSE",
            remedy="Run `make up`, then this again; `make logs SERVICE=hub` shows what keeps it open.",
        )
    _remove_home(deployment, course, why)
    records.note(deployment, "course-delete", course, why=why)
    note(f"{course} is removed for good. Copies that were made before expire by themselves (docs/privacy.md).")


def _remove_home(deployment: Deployment, course: str, why: str) -> None:
    """By the way of all homes, where the hub ever knew its user, so that no restored copy brings it back."""
    grader = lab_home.grader(course)
    try:
        removal.remove(deployment, [grader], why, now=True)
    except removal.NobodyCalled:
        removal.remove_home(deployment, grader)


def keep_copy(deployment: Deployment, found: kept.Kept) -> Path:
    """Write an archive of a course into the deployment's own folder. :raises HomeroomError: it cannot be written."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    target = FOLDER / f"{found.course}-{datetime.now():%Y-%m-%dT%H%M%S}.tar.gz"
    export.write(deployment, found, target)
    note(f"All of it is in {target} for {deployment.settings.RETENTION_DAYS} days.")
    return target


def forget_copies(retention_days: int, now: float) -> list[str]:
    """Remove the archives that were kept for long enough; returns their names."""
    gone = []
    for path in sorted(FOLDER.glob("*.tar.gz")) if FOLDER.is_dir() else ():
        if now - path.lstat().st_mtime >= retention_days * DAY_SECONDS:
            path.unlink()
            gone.append(path.name)
    return gone


@contextmanager
def alone(deployment: Deployment) -> Iterator[None]:
    """One command at a time changes courses. :raises HomeroomError: another one does."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    with exclusive(FOLDER, busy=BUSY):
        lab_home.end_left(deployment)
        yield
