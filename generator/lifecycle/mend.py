"""Services that are not healthy: their last words kept, started anew at most so often, else told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from docker.models.containers import Container

from generator.core.console import counted, warn
from generator.core.errors import HomeroomError
from generator.core.finding import Finding, error
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.engine import services
from generator.engine.deployment import Deployment
from generator.engine.health import health_of
from generator.lifecycle.diagnosis import faults_of, nothing_there
from generator.lifecycle.services import is_half_made, make_anew
from generator.topics.updates import record
from generator.topics.watching.deadline import within
from generator.topics.watching.state import State

MOST_RESTARTS, RESTARTS_SECONDS = 3, 3600.0
RESTART_SECONDS = 180
AGAIN_SECONDS = 5
"""After which a service is looked at again: one that a busy machine kept from answering is well by then."""
WORDS = "words"
WORDS_LINES = 500
MOST_FILES, KEPT_SECONDS = 50, 30 * 86400
"""What services say holds names: it goes after so long."""


def all_healthy(deployment: Deployment) -> bool:
    """Whether every service is healthy now; one that was just started is not yet."""
    found = [deployment.service(name) for name in services.names(deployment.settings)]
    return all(one is not None and health_of(one) == "healthy" for one in found)


def look(
    deployment: Deployment, known: State, folder: Path, now: datetime, keep: Callable[[], None]
) -> Iterator[Finding]:
    """What is wrong with the services beyond what a restart may mend. Those that run and are not healthy are started
    anew, and so are those that a command was cut off in making anew; one that was stopped is left alone, for somebody
    stopped it.

    :param folder: where last words are kept, within it in a folder of their own.
    :param keep: writes what is known.
    """
    containers = {name: deployment.service(name) for name in services.names(deployment.settings)}
    if not any(containers.values()):
        yield nothing_there(deployment)
        return
    for name, container in containers.items():
        if container is not None and is_half_made(deployment, name) and not record.is_under_way(record.FOLDER):
            yield from _end_half_made(deployment, name, known, now, keep)
            continue
        if container is None or container.status != "running":
            yield from faults_of(name, container)
            continue
        health = health_of(container)
        if health == "unhealthy":
            yield from _mend(deployment, name, container, known, folder, now, keep)
        elif health == "healthy":
            yield from faults_of(name, container)


def _mend(
    deployment: Deployment,
    name: str,
    container: Container,
    known: State,
    folder: Path,
    now: datetime,
    keep: Callable[[], None],
) -> Iterator[Finding]:
    time.sleep(AGAIN_SECONDS)
    container.reload()
    if health_of(container) != "unhealthy":
        return

    def restart() -> None:
        try:
            keep_words(container, name, folder, now)
        except HomeroomError as failure:  # a disk that is full is told by itself, and is no reason to leave it as it is
            warn(str(failure))
        with exclusive(ROOT):
            within(RESTART_SECONDS, lambda: deployment.compose("restart", name))

    yield from _so_often(name, "is not healthy", known, now, keep, restart)


def _end_half_made(
    deployment: Deployment, name: str, known: State, now: datetime, keep: Callable[[], None]
) -> Iterator[Finding]:
    time.sleep(AGAIN_SECONDS)
    if not is_half_made(deployment, name):  # it was being made
        return

    def end() -> None:
        with exclusive(ROOT):
            within(RESTART_SECONDS, lambda: make_anew(deployment, name))

    yield from _so_often(name, "was not made to the end by a command that was cut off", known, now, keep, end)


def _so_often(
    name: str, what: str, known: State, now: datetime, keep: Callable[[], None], start: Callable[[], None]
) -> Iterator[Finding]:
    """Start a service, and note it; where that was done too often, or fails, what is wrong with it."""
    at = now.timestamp()
    recent = [each for each in known.restarts.get(name, []) if at - each < RESTARTS_SECONDS]
    remedy = f"`make logs SERVICE={name}` shows what it says; watching/{WORDS}/ has what it said before."
    if len(recent) >= MOST_RESTARTS:
        cause = f"{what}, though it was restarted {counted(len(recent), 'time')} within an hour"
        yield error("services", cause, location=name, remedy=remedy)
        return
    known.restarts[name] = [*recent, at]
    keep()  # before it is tried: one that is cut off counts, too
    try:
        start()
    except (HomeroomError, TimeoutError) as failure:
        why = failure.cause if isinstance(failure, HomeroomError) else str(failure)
        cause = f"{what}, and could not be restarted: {why.splitlines()[0]}"
        yield error("services", cause, location=name, remedy=remedy)
        return
    known.note("restart", name, at)


def keep_words(container: Container, name: str, folder: Path, now: datetime) -> Path:
    """Keep what a service said last, for the deployment's owner alone; what is old is removed.

    :raises HomeroomError: it cannot be written.
    """
    place = folder / WORDS
    path = place / f"{now:%Y-%m-%dT%H-%M-%S}-{name}.log"
    said = bytes(container.logs(tail=WORDS_LINES, timestamps=True))
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.chmod(0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(said)
    except OSError as failure:
        remedy = "Make room, or run it as the user who owns the deployment."
        raise HomeroomError(
            f"last words cannot be kept: {failure.strerror}", location=str(place), remedy=remedy
        ) from None
    remove_old_words(folder, now.timestamp())
    return path


def remove_old_words(folder: Path, now: float) -> None:
    """Remove what services said long ago, and what is too much of it."""
    files = sorted((folder / WORDS).glob("*.log"), key=lambda path: path.name)
    for number, path in enumerate(reversed(files)):
        with suppress(OSError):
            if number >= MOST_FILES or now - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink()
