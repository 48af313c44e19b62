"""The hand-in desk for one verb, where it runs no more: the last course is gone, and what was handed in is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import docker.errors

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.core.paths import RENDERED
from generator.engine.deployment import Deployment
from generator.topics.courses.services import NAME, has_courses

VOLUME = "courses"
START_SECONDS = 60.0
LOOK_SECONDS = 0.3
BUSY = "another command looks into what was handed in just now"
CHECK = ["python", "-m", "homeroom.courses.desk.service", "--check"]


@contextmanager
def open_for_a_verb(deployment: Deployment) -> Iterator[None]:
    """Have the desk's own program answer the hub while a body asks for what people handed in, or has it removed. Where
    the desk runs as a service, or nothing was ever handed in, there is nothing to do.

    :raises HomeroomError: it does not start, or another command has it open.
    """
    if has_courses(deployment.settings) or not _has_volume(deployment):
        yield
        return
    with exclusive(RENDERED, busy=BUSY):
        name = f"{deployment.project}-desk-verb"
        _remove(deployment, name)  # of a command that was killed
        try:
            words = ("run", "--detach", "--rm", "--no-deps", f"--name={name}", NAME)
            deployment.compose(f"--profile={NAME}", *words)
            _wait(deployment, name)
            yield
        finally:
            _remove(deployment, name)


def _has_volume(deployment: Deployment) -> bool:
    try:
        deployment.client.volumes.get(f"{deployment.project}_{VOLUME}")
    except docker.errors.NotFound:
        return False
    return True


def _wait(deployment: Deployment, name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            made: Any = deployment.client.containers.get(name)
            if made.exec_run(CHECK).exit_code == 0:
                return
        except docker.errors.APIError:  # it has ended, or does not run yet
            pass
        if time.monotonic() > deadline:
            raise HomeroomError(
                "what was handed in cannot be looked into: the desk does not start",
                location=f"the volume {deployment.project}_{VOLUME}",
                remedy="`make check` looks the machine over. Nothing of it is removed or left out; run this again.",
            )
        time.sleep(LOOK_SECONDS)


def _remove(deployment: Deployment, name: str) -> None:
    with suppress(docker.errors.APIError):
        made: Any = deployment.client.containers.get(name)
        with suppress(docker.errors.APIError):
            made.stop(timeout=10)  # it takes its socket away as it ends
        made.remove(force=True)
