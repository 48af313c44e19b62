"""`make course-rehearse`: robots write an exam in real labs, beside what runs; nothing of it is left."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from generator.core.atomic import write_atomically
from generator.core.console import note, step, warn
from generator.core.errors import HomeroomError
from generator.core.lock import exclusive, is_held
from generator.core.machine import read_machine
from generator.core.paths import ENV_FILE, ROOT, SITE
from generator.engine.deployment import Deployment
from generator.topics.courses import courses, made
from generator.topics.courses.courses import ReadCourse
from generator.topics.courses.site import Exam
from generator.topics.drill import beside
from generator.topics.labs import labs
from generator.topics.labs.labs import LabsConfig
from generator.topics.rehearsal import fitted, foreseen
from generator.topics.updates.tree import Tree, share_packages

FOLDER = ROOT / ".rehearsal"
TREE = FOLDER / "tree"
BUSY = "another rehearsal goes on"
SCRIPT = """\
sh generator/venv.sh .venv generator/requirements.txt
exec .venv/bin/python -m generator "$@"
"""
ROBOTS = 3
"""So many write it, where there is room for them: one after the other would hide what several do to each other."""


def name_of(deployment: Deployment) -> str:
    """What the rehearsal's deployment is called."""
    return beside.name_of(deployment.project, what="exam")


def rehearse(deployment: Deployment, course: str, exam: str) -> None:
    """Say what would fail in an exam, and have robots write it. What runs is not touched, and whatever happens,
    nothing of the rehearsal is left.

    :param exam: its name; empty: the next one.
    :raises HomeroomError: something in `site/` is wrong, or the robots did not get through.
    """
    settings = deployment.settings
    known, zone, now = labs.load(settings, SITE, read_machine()), ZoneInfo(settings.TIMEZONE), time.time()
    read, held = foreseen.chosen(all_courses(deployment, known, zone), course, exam, zone, now)
    found = list(foreseen.findings(read, held, known, zone, now))
    for each in found:
        warn(f"{each.location}: {each.cause}\n  {each.remedy}")
    if foreseen.profile_of(read, held, known)["gpus"]:
        note("Robots take no GPU from those who work: none of them has written it.")
    else:
        _write(deployment, read, held, _count(deployment, read, held, known))
    if wrong := [each for each in found if each.level == "error"]:
        raise HomeroomError(
            f"{held.name} would fail: {wrong[0].cause}", location=wrong[0].location, remedy=wrong[0].remedy
        )
    note(f"{held.name} of {course} can be written.")


def all_courses(deployment: Deployment, known: LabsConfig, zone: ZoneInfo) -> list[ReadCourse]:
    """Those of the file, and those of the hub's pages that it does not have. A hub that does not run has no pages.

    :raises HomeroomError: something in the file is wrong.
    """
    of_file = courses.load(deployment.settings, SITE, known)
    try:
        found = made.ask_hub(deployment)
    except HomeroomError:
        return of_file
    names = {each.course.name for each in of_file}
    return [*of_file, *(each for each in made.as_read(found, known, zone) if each.course.name not in names)]


def _count(deployment: Deployment, read: ReadCourse, held: Exam, known: LabsConfig) -> int:
    """How many robots write it: as many as have room beside the labs that run, and no more than students.

    :raises HomeroomError: none has.
    """
    profile = foreseen.profile_of(read, held, known)
    taken = sum(lab.attrs["HostConfig"]["Memory"] for lab in deployment.labs(running_only=True))
    room = foreseen.spare(profile, known, taken)
    if room == 0:
        raise HomeroomError(
            f"no lab of {profile['name']} has room now beside those that run, so no robot can write it",
            location="make course-rehearse",
            remedy="Run it when fewer people work. Nothing was changed.",
        )
    most = ROBOTS if room is None else min(ROBOTS, room)
    return max(1, min(most, len(read.named["students"]) or ROBOTS))


def _write(deployment: Deployment, read: ReadCourse, held: Exam, count: int) -> None:
    """Have so many robots write it. :raises HomeroomError: they did not get through."""
    text = fitted.courses(read, held, fitted.OPENS, fitted.robots(count))
    words = [f"--of={deployment.project}", f"--course={read.course.name}", f"--exam={held.name}", f"--robots={count}"]
    beside_what_runs(deployment, {fitted.WITHOUT_TIME: text}, ["course-rehearse-beside", *words], what=held.name)


def beside_what_runs(deployment: Deployment, texts: Mapping[str, str], words: Sequence[str], *, what: str) -> None:
    """Have a verb rehearse something in a directory beside, of which nothing is left.

    :param texts: what the verb finds there, by the files' names.
    :param words: the verb, and what it is told.
    :param what: is rehearsed.
    :raises HomeroomError: the robots did not get through.
    """
    Tree(ROOT).require_clone()
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    with exclusive(FOLDER, busy=BUSY) as lock:
        clear(deployment)
        try:
            lay_out(deployment, texts)
            if code := beside.run(deployment, TREE, SCRIPT, words, lock=lock, given={}):
                raise HomeroomError(
                    f"the rehearsal of {what} did not come to its end, as told above ({code})",
                    location="make course-rehearse",
                    remedy="What runs is untouched. What the robots met, people would meet.",
                )
        finally:
            with step("Removing what the rehearsal has made"):
                clear(deployment)


def lay_out(deployment: Deployment, texts: Mapping[str, str]) -> None:
    """Lay this version out beside, with the settings of labs and what they need of `site/`.

    :param texts: files beside `.env`, by their names.
    :raises HomeroomError: the disk is full.
    """
    with step("Laying the rehearsal out"):
        Tree(ROOT).lay_out(Tree(ROOT).commit(), TREE)
        share_packages(ROOT, TREE)
        text = ENV_FILE.read_text(encoding="utf-8")
        write_atomically(TREE / ENV_FILE.name, fitted.env(text, name_of(deployment)), mode=0o600)
        fitted.lay_out_site(SITE, TREE / SITE.name)
        for name, written in texts.items():
            write_atomically(TREE / name, written)


def clear(deployment: Deployment) -> None:
    """Remove all of a rehearsal, from the engine and from this directory."""
    beside.remove(deployment.client, name_of(deployment))
    shutil.rmtree(TREE, ignore_errors=True)


def is_left(folder: Path = FOLDER) -> bool:
    """Whether a rehearsal that was killed has left something."""
    return (folder / TREE.name).exists() and not is_held(folder)


def clear_leftovers(deployment: Deployment) -> None:
    """Remove what a rehearsal that was killed has left, for `make up`."""
    if is_left():
        with step("Removing what a rehearsal that was cut off has left"):
            clear(deployment)
