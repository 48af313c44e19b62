"""What keeps something of people in courses, for one verb, where it runs no more: the last course is gone, and what was
handed in or sent is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import docker.errors

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.core.paths import RENDERED
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.topics.courses.services import NAME, has_courses
from generator.topics.lms.services import NAME as LMS
from generator.topics.lms.services import has_lms

START_SECONDS = 60.0
LOOK_SECONDS = 0.3
BUSY = "another command looks into what courses keep just now"


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """A service that keeps something of people in courses.

    :param volume: where.
    :param module: its program, which says by `--check` whether it answers.
    :param runs: whether it runs as a service.
    """

    service: str
    volume: str
    module: str
    runs: Callable[[Settings], bool]


KEEPERS = (
    Keeper(service=NAME, volume="courses", module="homeroom.courses.desk.service", runs=has_courses),
    Keeper(service=LMS, volume="lms", module="homeroom.lms.service", runs=has_lms),
)


@contextmanager
def open_for_a_verb(deployment: Deployment) -> Iterator[None]:
    """Have the programs that keep something of people in courses answer the hub while a body asks for it, or has it
    removed. Where they run as services, or have never kept anything, there is nothing to do.

    :raises HomeroomError: one does not start, or another command has it open.
    """
    wanted = [each for each in KEEPERS if not each.runs(deployment.settings) and _has_volume(deployment, each.volume)]
    if not wanted:
        yield
        return
    with exclusive(RENDERED, busy=BUSY), ExitStack() as opened:
        for each in wanted:
            name = f"{deployment.project}-{each.service}-verb"
            _remove(deployment, name)  # of a command that was killed
            opened.callback(_remove, deployment, name)
            words = ("run", "--detach", "--rm", "--no-deps", f"--name={name}", each.service)
            deployment.compose(f"--profile={each.service}", *words)
            _wait(deployment, name, each)
        yield


def _has_volume(deployment: Deployment, volume: str) -> bool:
    try:
        deployment.client.volumes.get(f"{deployment.project}_{volume}")
    except docker.errors.NotFound:
        return False
    return True


def _wait(deployment: Deployment, name: str, keeper: Keeper) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            made: Any = deployment.client.containers.get(name)
            if made.exec_run(["python", "-m", keeper.module, "--check"]).exit_code == 0:
                return
        except docker.errors.APIError:  # it has ended, or does not run yet
            pass
        if time.monotonic() > deadline:
            raise HomeroomError(
                f"what courses keep cannot be looked into: {keeper.service} does not start",
                location=f"the volume {deployment.project}_{keeper.volume}",
                remedy="`make check` looks the machine over. Nothing of it is removed or left out; run this again.",
            )
        time.sleep(LOOK_SECONDS)


def _remove(deployment: Deployment, name: str) -> None:
    with suppress(docker.errors.APIError):
        made: Any = deployment.client.containers.get(name)
        with suppress(docker.errors.APIError):
            made.stop(timeout=10)  # it takes its socket away as it ends
        made.remove(force=True)
