"""`make prewarm`: a group's labs are started now, before its people come; and the next lesson, for `make status`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

from generator.core import machine
from generator.core.console import counted, note, step, warn
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.paths import ROOT, SITE
from generator.engine.deployment import Deployment
from generator.engine.health import wait_until_healthy
from generator.topics.labs import labs

HUB_REMEDY = "`make up` brings the hub up; `make logs SERVICE=hub` shows what it said."
ATTEMPTS = 3
NAMED = 20
"""Of more people than these, the reasons are counted rather than told by name."""


def prewarm(deployment: Deployment, group: str, profile: str, keep_minutes: int) -> None:
    """Start the labs of a group, and show how far they are. Interrupted, it begins no more; what runs goes on.

    :param profile: the profile's name; empty: each user's default.
    :param keep_minutes: a lab that was not opened by then is stopped.
    :raises HomeroomError: there is no such group or profile, or the hub does not answer.
    """
    if not group:
        raise HomeroomError("GROUP is missing", location="GROUP", remedy="Run `make prewarm GROUP=biology`.")
    known = labs.load(deployment.settings, SITE, machine.read_machine())
    profiles = {each["name"]: each for each in known.profiles}
    if profile and profile not in profiles:
        raise HomeroomError(
            f"there is no profile {profile}", location="PROFILE", remedy=did_you_mean(profile, profiles)
        )
    if profile and profiles[profile]["gpus"]:
        cause = f"labs of {profile} hold a GPU, which would keep others waiting"
        raise HomeroomError(cause, location="PROFILE", remedy="Name a profile without GPUs.")
    if not 1 <= keep_minutes <= 720:
        raise HomeroomError(f"{keep_minutes} is not from 1 to 720", location="MINUTES", remedy="Leave it out for 60.")
    last: dict[str, Any] = {}
    with step(f"Starting labs of {group}") as shown:
        options = [f"--profile={profile}", f"--keep-minutes={keep_minutes}"]
        for last in _until_done(deployment, *options, "--", "run", group):
            if "unknown" in last:
                remedy = did_you_mean(group, last["known"])
                raise HomeroomError(f"there is no group {group}", location="GROUP", remedy=remedy)
            shown.say(in_words(last))
    _tell(last, keep_minutes)


def _until_done(deployment: Deployment, *arguments: str) -> Iterator[dict[str, Any]]:
    """What the hub's side says; where the hub goes down meanwhile, also what it says once it is back."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            yield from _steps(deployment, *arguments)
            return
        except HomeroomError:
            hub = deployment.service("hub")
            if attempt == ATTEMPTS or hub is None or hub.status not in ("running", "restarting"):
                raise
            wait_until_healthy(deployment, ["hub"])


def _steps(deployment: Deployment, *arguments: str) -> Iterator[dict[str, Any]]:
    """What the hub's side says, line by line; it ends when this side goes, by its standard input."""
    command, environment = deployment.hub_python("homeroom.prewarm.service", *arguments)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, text=True, env=environment, cwd=ROOT, start_new_session=True, stdin=pipe, stdout=pipe, stderr=pipe
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        try:
            for line in running.stdout:
                yield json.loads(line)
            said = running.stderr.read().strip().splitlines()
        finally:
            running.stdin.close()
        if running.wait():
            raise HomeroomError(f"the hub cannot start labs: {said[-1] if said else 'no answer'}", remedy=HUB_REMEDY)


def in_words(progress: dict[str, Any]) -> str:
    """How far the labs are, in a line."""
    left = {name: len(progress[name]) for name in ("skipped", "failed")}
    everyone = progress["prewarmed"] + progress["starting"] + progress["waiting"] + sum(left.values())
    words = [f"{progress['prewarmed']} of {everyone} prewarmed"]
    words += [f"{number} {name}" for name, number in left.items() if number]
    return ", ".join(words)


def _tell(progress: dict[str, Any], keep_minutes: int) -> None:
    """Who has no lab now, and why; and how long the others wait."""
    for reason, names in _by_reason(progress["skipped"]).items():
        note(f"  skipped, {reason}: {names}")
    for reason, names in _by_reason(progress["failed"]).items():
        warn(f"failed for {names}: {reason}")
    if progress["full"] and progress["waiting"]:
        warn(
            f"{counted(progress['waiting'], 'lab')} are not started: capacity for one lab is kept free for users.\n"
            "  TOTAL_LAB_MEMORY and TOTAL_LAB_CPUS set the capacity; `make status` shows which labs use it."
        )
    if progress["prewarmed"]:
        note(f"Labs that are not opened within {keep_minutes} min are stopped.")


def _by_reason(people: dict[str, str]) -> dict[str, str]:
    grouped: dict[str, list[str]] = {}
    for name, reason in people.items():
        grouped.setdefault(reason, []).append(name)
    return {
        reason: ", ".join(names) if len(names) <= NAMED else f"{len(names)} people" for reason, names in grouped.items()
    }


def upcoming(deployment: Deployment) -> dict[str, Any]:
    """The next lesson, and how many labs wait for their people.

    :raises HomeroomError: the hub cannot be asked.
    """
    command, environment = deployment.hub_python("homeroom.prewarm.service", "next")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        cause = f"the hub could not be asked for the next lesson: {said[-1] if said else 'no answer'}"
        raise HomeroomError(cause, remedy=HUB_REMEDY)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
