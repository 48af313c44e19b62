"""Settings and `site/` of a rehearsal: labs as they are, and robots instead of people."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from generator.core.atomic import write_atomically
from generator.schema import env_file
from generator.topics.courses.courses import ReadCourse
from generator.topics.courses.site import COURSES, Exam
from generator.topics.labs.site import PROFILES

OF_LABS = re.compile(
    r"(LABS?_|TOTAL_LAB|DOCKER_|KERNEL|GPU|GRADING_|TIMEZONE$|CONFIGPROXY_|ENGINE_|BASE_URL$|HUB_MEMORY$)"
)
"""Settings that a rehearsal has as they are: what labs get, and what services need. All about people, addresses and
copies is left out."""
NOT_OF_LABS = re.compile(r"LABS?_(HOST|OPEN_NETWORKS|NETWORK)")
KEPT = (PROFILES, "groups.yaml", "gpus.yaml", "kernels", "images", "exams", "hub.d")
"""Of `site/`."""
TEACHER, ROBOT = "robot-teacher", "robot-"
WORKERS = 2
"""Robots that do assignments: one hands in what was given out, the other what the source has as its answer."""
MINUTES = 60
PLAN = "rehearsed-work.json"
"""What robots are to do in a course, in a file of that name."""
OPENS, WITHOUT_TIME = "OPENS", "rehearsed-courses.yaml"
"""What stands for the time in a file of that name: the rehearsal moves the exam instead of waiting for it."""
CLOSED = """\
# Of a rehearsal: labs reach nothing and nobody.
c.LabSpawner.network_name = "none"
"""
HUB_D = "hub.d/zz-rehearsal.py"


def robots(count: int) -> list[str]:
    """The names of so many students."""
    return [f"{ROBOT}{number + 1}" for number in range(count)]


def env(text: str, name: str) -> str:
    """The settings of a rehearsal.

    :param text: those of the deployment, as `.env` has them.
    :param name: of the deployment that is made for it.
    """
    kept = [
        line
        for line in text.splitlines()
        if OF_LABS.match(line.partition("=")[0]) and not NOT_OF_LABS.match(line.partition("=")[0])
    ]
    own = {"COMPOSE_PROJECT_NAME": name, "AUTH": "dummy", "HUB_IP": "127.0.0.1"}
    return "\n".join([*kept, *(env_file.written(key, value) for key, value in own.items()), ""])


def courses(read: ReadCourse, exam: Exam, opens: str, students: Sequence[str]) -> str:
    """`site/courses.yaml`: the course with this exam alone, its students robots."""
    held: dict[str, Any] = {"name": exam.name, "title": exam.title or exam.name, "opens": opens, "minutes": MINUTES}
    held |= {key: value for key, value in (("start_files", exam.start_files), ("profile", exam.profile)) if value}
    course: dict[str, Any] = {"name": read.course.name, "teachers": {"people": [TEACHER]}}
    course |= {"students": {"people": list(students)}, "exams": [{**held, "network": exam.network}]}
    if read.course.profile:
        course["profile"] = read.course.profile
    return yaml.safe_dump({"courses": [course]}, sort_keys=False)


def work_courses(course: str, profile: str, grader_profile: str, assignments: Sequence[str]) -> str:
    """`site/courses.yaml`: the course with these assignments, open without end, its students robots.

    :param profile: of its labs; empty: as without a choice.
    :param grader_profile: the same of the lab in which it is graded.
    """
    made: dict[str, Any] = {"name": course, "teachers": {"people": [TEACHER]}, "students": {"people": robots(WORKERS)}}
    made |= {key: value for key, value in (("profile", profile), ("grader_profile", grader_profile)) if value}
    made["assignments"] = [{"name": name} for name in assignments]
    return yaml.safe_dump({"courses": [made]}, sort_keys=False)


def for_everybody(profiles: str) -> str:
    """`site/profiles.yaml` with each profile for everybody: robots are in no group, and take what the course takes."""
    values = yaml.safe_load(profiles)
    if not isinstance(values, dict) or not isinstance(values.get("profiles"), list):
        return profiles
    own = [{key: value for key, value in each.items() if key != "allow"} for each in values["profiles"]]
    return yaml.safe_dump({**values, "profiles": own}, sort_keys=False, allow_unicode=True)


def lay_out_site(site: Path, to: Path) -> None:
    """Have what a rehearsal needs of `site/` there, and labs on no network."""
    to.mkdir(exist_ok=True)
    for name in KEPT:
        source = site / name
        if source.is_dir():
            shutil.copytree(source, to / name, symlinks=True, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, to / name)
    if (to / PROFILES).is_file():
        write_atomically(to / PROFILES, for_everybody((to / PROFILES).read_text(encoding="utf-8")))
    write_atomically(to / HUB_D, CLOSED)
    write_atomically(to / COURSES, "courses: []\n")
