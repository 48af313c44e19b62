"""The home of a course's grader lab: looked at and changed by a container that lives for one verb, as the labs' user,
on no network, with this home and nothing else of anybody's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import docker.errors
from docker.types import Mount

from generator.core.errors import HomeroomError
from generator.core.labels import USER_LABEL
from generator.engine import handed_out, verb_container
from generator.engine.deployment import Deployment
from generator.topics.storage import homes

HOME, GIVEN = "/home/jovyan", "/srv/given"
EXPORTED = "/export/home"
COURSE = "course"
"""The course's folder in the home."""
OWNER = f"{homes.LAB_USER}:{homes.LAB_GROUP}"
MEMORY = "1g"
LOOKING, CHANGING = "measure", "material"
"""What its containers are marked as: one command at a time has one that changes something, any may look."""


def grader(course: str) -> str:
    """Whose home it is: as `homeroom.courses.course.grader_name`, which a test holds equal."""
    return f"grader-{course}"


def is_there(deployment: Deployment, course: str) -> bool:
    """Whether there is one."""
    settings = deployment.settings
    if settings.HOMES:
        return homes.has_directory(settings, deployment.project, grader(course))
    try:
        deployment.client.volumes.get(homes.source(settings, deployment.project, grader(course)))
    except docker.errors.NotFound:
        return False
    return True


def require_still(deployment: Deployment, course: str) -> None:
    """:raises HomeroomError: the grader lab runs, and writes into it meanwhile."""
    if any(lab.labels[USER_LABEL] == grader(course) for lab in deployment.labs(running_only=True)):
        raise HomeroomError(
            f"the grader lab of {course} is running, and writes into its files meanwhile",
            location="COURSE",
            remedy="Have it stopped first, on the course's page or the page Admin, then run this again.",
        )


def end_left(deployment: Deployment) -> None:
    """End what a command that was killed has left: it would go on beside the next one. The caller is alone."""
    verb_container.end_left(deployment.client, deployment.project, CHANGING)


def mount(deployment: Deployment, course: str, target: str, *, read_only: bool) -> Mount:
    """The home, mounted somewhere."""
    return homes.mount(deployment.settings, deployment.project, grader(course), target, read_only=read_only)


def run(deployment: Deployment, verb: str, *arguments: str, mounts: list[Mount], owner: str = OWNER) -> dict[str, Any]:
    """Run one verb of `homeroom.courses.material`, and return what it says.

    :param owner: user and group of the files.
    :raises HomeroomError: it failed, with its reason.
    """
    try:
        output = verb_container.run(
            deployment.client,
            deployment.project,
            "homeroom.courses.material",
            verb,
            *arguments,
            service=LOOKING if verb == "measure" else CHANGING,
            user=owner,
            mounts=mounts,
            mem_limit=MEMORY,
            pids_limit=16,
        )
    except docker.errors.ContainerError as error:
        remedy = "Nothing was changed; docs/courses/terms.md says what is taken."
        raise HomeroomError(_reason(verb_container.said(error)), remedy=remedy) from None
    answer: dict[str, Any] = json.loads(output.decode().strip().rpartition("\n")[2])
    return answer


def _reason(said: str) -> str:
    line = said.strip().rpartition("\n")[2]
    try:
        return str(json.loads(line)).rstrip(".")
    except ValueError:
        return line or "it was ended, perhaps for its memory"


def files(deployment: Deployment, course: str) -> Iterator[bytes]:
    """The course's folder, as a tar; nothing where there is none. :raises HomeroomError: it is not handed out."""
    if is_there(deployment, course):
        home = mount(deployment, course, EXPORTED, read_only=True)
        yield from handed_out.files(deployment, home, f"{EXPORTED}/{COURSE}", whose=f"of {grader(course)}")
