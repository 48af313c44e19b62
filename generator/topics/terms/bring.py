"""`make course-import` and `make course-copy`: material comes into a course, from elsewhere or from another term."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from docker.types import Mount

from generator.core import operator
from generator.core.console import counted, note, out, quoted, warn
from generator.core.errors import HomeroomError
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.site.reader import SiteFile
from generator.topics.courses.site import COURSES
from generator.topics.people import records
from generator.topics.storage import homes
from generator.topics.terms import kept, lab_home, named, written
from generator.topics.terms.removal import FOLDER, alone

MOST_FILES = 50_000
PASSED_OVER = frozenset({".git", ".ipynb_checkpoints", "__pycache__"})
ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")
SHOWN = 10
TEACHERS = "teachers"
LOOK_BYTES = 768 << 20


def bring_from(deployment: Deployment, course: str, source: str, name: str, *, dry: bool) -> None:
    """Bring an archive, a course's folder, or a single assignment.

    :param name: what a single assignment is called; empty: as its folder.
    :raises HomeroomError: there is no such course, it is no material, or something else is there already.
    """
    path = given(source, f"make course-import COURSE={course} FROM=/srv/biology.tar.gz")
    with alone(deployment):
        require_known(deployment, course)
        lab_home.require_still(deployment, course)
        with staged(path) as archive:
            words = ["--name", name, "--otherwise", _stem(path)]
            mount = Mount(target=lab_home.GIVEN, source=str(archive), type="bind", read_only=True)
            done = _bring(deployment, course, mount, words, dry=dry)
        require_some(done, path)
        if not dry:
            records.note(deployment, "course-import", course, why=str(path)[:200])
    _tell(course, done, dry=dry)


def copy(deployment: Deployment, course: str, to: str, dates: str, *, dry: bool) -> None:
    """Make the next term's course of one: its material, and in site/courses.yaml a course with moved dates and without
    students. What students did is not copied.

    :raises HomeroomError: there is no such course, the file would be wrong, or something else is there already.
    """
    days = written.days_of(dates)
    if to == course:
        raise HomeroomError(f"TO is {course} itself", location="TO", remedy="Name the new course.")
    with alone(deployment):
        settings = deployment.settings
        known = named.of_file(settings)
        text = ""
        is_made = False
        if course not in known:
            is_made = _copy_made(deployment, course, to, days, known, look=True)
        elif to not in known:
            text = _next_text(settings, course, to, days)
        done: dict[str, Any] = {"new": [], "there": [], "left_out": 0, "gradebook": False, "handouts": []}
        if lab_home.is_there(deployment, course):
            lab_home.require_still(deployment, to)
            source = lab_home.mount(deployment, course, "/srv/from", read_only=True)
            words = ["--given", f"/srv/from/{lab_home.COURSE}", f"--days={days}"]
            done = _bring(deployment, to, source, words, dry=dry)
        came = kept.ask(deployment, "copy-handouts", course=course, to=to, days=days, look=dry)["handouts"]
        if text and not dry:
            written.write(SITE, text)
        if is_made and not dry:
            _copy_made(deployment, course, to, days, known, look=False)
        if not dry:
            records.note(deployment, "course-copy", to, why=f"from {course}")
    if came:
        note(f"{counted(came, 'handout')} {'would come' if dry else 'came'} into {to}, the dates moved.")
    _tell(to, done, dry=dry)
    if text and not dry:
        note(f"site/{COURSES} has {to} now: look it over, say who takes it, and run `make up`.")
    if is_made and not dry:
        note(f"{to} is there now, as if it was made on the page: its teachers say there who takes it.")


def require_known(deployment: Deployment, course: str) -> None:
    """:raises HomeroomError: there is no such course."""
    known = named.of_file(deployment.settings)
    if course not in known and kept.ask(deployment, "kept", course=course)["made"] is None:
        raise named.unknown(course, sorted(known))


def require_some(done: Mapping[str, Any], path: Path) -> None:
    """:raises HomeroomError: of all that was given, nothing is material."""
    if not any(done[kind] for kind in ("new", "there", "handouts", "gradebook")):
        raise HomeroomError(
            f"there is no assignment in {path}",
            location="FROM",
            remedy="An assignment is a folder with notebooks: docs/courses/terms.md says what is taken.",
        )


def _next_text(settings: Settings, course: str, to: str, days: int) -> str:
    """What site/courses.yaml says with the copy of a course, which is printed.

    :raises HomeroomError: it would be wrong.
    """
    file = SiteFile(SITE / COURSES)
    own = next(each for each in written.raw(file) if each.get("name") == course)
    made = written.next_course(own, to, days)
    remark = f"A copy of {course}, its dates moved by {days:+d} days; nobody takes it yet."
    text = written.appended(file, made, remark)
    written.check(settings, SITE, text)
    out.print(f"site/{COURSES}:\n{written.block(made, '  ')}", markup=False)
    return text


def _copy_made(
    deployment: Deployment, course: str, to: str, days: int, known: Mapping[str, object], *, look: bool
) -> bool:
    """Copy a course that was made on a page; whether there was none of the new name, in the file or besides.

    :raises HomeroomError: there is no such course.
    """
    zone, who = deployment.settings.TIMEZONE, operator.name()
    words = {"course": course, "to": to, "who": who, "days": days, "zone": zone, "look": look or to in known}
    answer = kept.ask(deployment, "copy", **words)
    if answer["made"] is None and not answer["is_there"]:
        raise named.unknown(course, sorted(known))
    is_new = answer["made"] is not None and to not in known
    if is_new and look:
        out.print(shown(to, answer["made"], ZoneInfo(zone)), markup=False)
    return is_new


def shown(name: str, values: Mapping[str, Any], zone: ZoneInfo) -> str:
    """A course that was made on a page, with its dates, as it is printed before it is copied."""

    def at(field: str, seconds: int | None) -> str:
        return f"{field} {datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}" if seconds is not None else ""

    dates = {
        each["name"]: [at(field, each.get(field)) for field in ("opens", "due", "closes")]
        for each in (*values["assignments"], *values["exams"])
    }
    days = [f"{field} {values[field]}" for field in ("first_day", "last_day") if values[field]]
    lines = [
        f"{name}: {values['title'] or name}",
        f"teachers: {', '.join((*values['roles'][TEACHERS]['people'], *values['roles'][TEACHERS]['groups']))}",
        *days,
        at("archive", values.get("archive")),
        *(f"{work}: {', '.join(filter(None, found)) or 'no dates'}" for work, found in dates.items()),
    ]
    return "\n  ".join(filter(None, lines))


def _bring(deployment: Deployment, course: str, given: Mount, words: Sequence[str], *, dry: bool) -> dict[str, Any]:
    """Have the container bring it. It is looked into beside a home that is there, or else in memory."""
    home = Mount(target=lab_home.HOME, source="", type="tmpfs", tmpfs_size=LOOK_BYTES)
    if not dry:
        homes.ensure(deployment.client, deployment.settings, deployment.project, lab_home.grader(course))
    if not dry or lab_home.is_there(deployment, course):
        home = lab_home.mount(deployment, course, lab_home.HOME, read_only=False)
    mounts = [home, given]
    more = ["--look"] if dry else []
    return lab_home.run(deployment, "bring", f"--course={course}", *words, *more, mounts=mounts)


def _tell(course: str, done: dict[str, Any], *, dry: bool) -> None:
    new, there = done["new"], done["there"]
    would = "would come" if dry else "came"
    if new:
        note(f"{counted(len(new), 'assignment')} {would} into {course}: {_some(new)}.")
    if there:
        note(f"There already, and the same: {_some(there)}.")
    if done["handouts"]:
        note(f"{counted(len(done['handouts']), 'folder')} of handouts {would}: {_some(done['handouts'])}.")
    if done["gradebook"]:
        note(f"The gradebook {would} without its students.")
    if done["left_out"]:
        note(f"{counted(done['left_out'], 'link')} or other things that are neither file nor folder are left out.")
    if broken := done.get("broken"):
        verb, it = ("is", "it") if len(broken) == 1 else ("are", "them")
        warn(
            f"{_some(broken)} {verb} no whole notebook. Mend {it} in the grader lab: no assignment can be made before."
        )
    if dry:
        note("Nothing was changed.")
    elif new:
        note("Nothing of it is given out: who teaches releases it in the grader lab.")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(quoted(name) for name in names[:SHOWN]) + more


def given(source: str, usage: str) -> Path:
    """The archive or folder that was typed. :raises HomeroomError: it is none."""
    if not source.strip():
        raise HomeroomError("FROM is missing", location="FROM", remedy=f"Run `{usage}`.")
    path = Path(source.strip()).expanduser().absolute()
    if not path.is_dir() and not (path.is_file() and path.name.endswith(ENDINGS)):
        cause = "is there, and is neither a folder nor an archive" if path.exists() else "is not there"
        remedy = f"Name a folder, or a file that ends with one of {', '.join(ENDINGS)}."
        raise HomeroomError(f"{path} {cause}", location="FROM", remedy=remedy)
    return path


def _stem(path: Path) -> str:
    name = path.name
    for ending in ENDINGS:
        name = name.removesuffix(ending)
    return name


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A copy that the container may read, gone afterwards; what a run that was killed has left goes first. Nothing of
    it is looked into here: a folder is put into a tar as it is, without links.

    :raises HomeroomError: it cannot be read or copied.
    """
    for left in FOLDER.glob("given-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = FOLDER / f"given-{secrets.token_hex(6)}"
    try:
        folder.mkdir(mode=0o700, parents=True)
        archive = folder / "given"
        if path.is_dir():
            left_out = pack(path, archive)
            if left_out:
                note(f"{counted(left_out, 'link')} or other things that are neither file nor folder are left out.")
        else:
            shutil.copyfile(path, archive)
        archive.chmod(0o644)  # its folder is closed, but for the container that is given the file alone
        yield archive
    except OSError as error:
        why = error.strerror or str(error)
        raise HomeroomError(
            f"{path} cannot be taken: {why}", location="FROM", remedy="Make room, or it readable."
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pack(source: Path, archive: Path) -> int:
    """Put the files of a folder into a tar; returns how many other things were left out. Whoever changes the folder
    meanwhile leads nowhere else: each file is opened where it stands.

    :raises HomeroomError: there are too many.
    """
    number = left_out = 0
    with tarfile.open(archive, "w") as opened:
        for path, folders, names, held in os.fwalk(source, follow_symlinks=False):
            links = {each for each in folders if not stat.S_ISDIR(_kind(each, held))}
            left_out += len(links)
            folders[:] = sorted(set(folders) - links - PASSED_OVER)
            for name in sorted(names):
                number += 1
                if number > MOST_FILES:
                    raise HomeroomError(
                        f"{source} has more than {MOST_FILES} files", location="FROM", remedy="Name a part of it."
                    )
                try:
                    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=held)
                except OSError as error:
                    if stat.S_ISREG(_kind(name, held)):
                        raise error
                    left_out += 1
                    continue
                with os.fdopen(descriptor, "rb") as file:
                    about = os.fstat(file.fileno())
                    if not stat.S_ISREG(about.st_mode):
                        left_out += 1
                        continue
                    entry = tarfile.TarInfo(str((Path(path) / name).relative_to(source)))
                    entry.size, entry.mtime = about.st_size, int(about.st_mtime)
                    opened.addfile(entry, file)
    return left_out


def _kind(name: str, held: int) -> int:
    return os.stat(name, dir_fd=held, follow_symlinks=False).st_mode
