"""What this deployment runs by the clock: brought in step by `make up`, taken away by `make down`, shown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from generator.core.console import age, note, out, quoted, table, warn
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import Finding, warning
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.engine.find import find_engine
from generator.schema.settings import Settings
from generator.timers import machine, place, runs, steady
from generator.timers.job import Job, jobs, owner
from generator.timers.machine import Scheduler
from generator.timers.runs import Run
from generator.timers.timer import Timer, known
from generator.topics.updates import record, steps
from generator.topics.updates.deployed import Deployed

NO_SCHEDULER = "neither systemd nor cron is on this machine"
ANOTHER_NAME = "Set another COMPOSE_PROJECT_NAME in .env, or work in that directory."
GET_CRON = "`sudo apt-get install cron`, then `make timers`."


def _jobs(settings: Settings) -> tuple[list[Job], list[Finding]]:
    """What the clock is to run, and what is wrong with that; where it must not, nothing."""
    wanted = jobs(known(settings), settings.COMPOSE_PROJECT_NAME, ROOT)
    names = [each.timer.name for each in wanted]
    wrong = list(place.faults(ROOT, wanted[0].user, names)) if wanted else []
    return ([] if any(each.level == "error" for each in wrong) else wanted), wrong


def take_up(settings: Settings) -> None:
    """Have the machine run what these settings say, and nothing else of this deployment.

    What keeps it from that is told, and is no reason for a deployment not to run.
    """
    found, (wanted, wrong) = machine.scheduler(), _jobs(settings)
    if found is None:
        if wanted:
            warn(f"Nothing is run by the clock: {NO_SCHEDULER}.\n  {GET_CRON}")
        return
    for each in wrong:
        warn(f"{each.location}: {each.cause}\n  {each.remedy}")
    project = settings.COMPOSE_PROJECT_NAME
    if _told_of_another(found, project):
        return
    if not (changes := machine.differences(found, project, wanted)):
        return
    if not machine.may_change(found):
        why = "; ".join(changes)
        warn(f"What is run by the clock is not as .env says ({why}), and only root may change it.\n  {_as_root()}")
        return
    try:
        machine.take_up(found, project, wanted)
    except HomeroomError as error:
        warn(str(error))
        return
    names = ", ".join(job.timer.name for job in wanted)
    note(f"By the clock: {names}." if names else "Nothing is run by the clock any more.")


def take_away(settings: Settings) -> None:
    """Have the machine run nothing of this deployment; what keeps it from that is told."""
    found, project = machine.scheduler(), settings.COMPOSE_PROJECT_NAME
    if found is None or not machine.installed(found, project) or _told_of_another(found, project):
        return
    if not machine.may_change(found):
        warn(f"The clock still runs this deployment's timers; only root may remove them.\n  {found.removal(project)}")
        return
    try:
        machine.take_away(found, project)
    except HomeroomError as error:
        warn(str(error))


def _told_of_another(found: Scheduler, project: str) -> bool:
    """Whether the timers of this name are another directory's, which is told."""
    if other := machine.other_directory(found, project, ROOT):
        warn(f"What the clock runs for {project} is of {other}, and stays as it is.\n  {ANOTHER_NAME}")
    return bool(other)


def findings(settings: Settings) -> Iterator[Finding]:
    """What the machine does not run by the clock as the settings say."""
    found, (wanted, wrong) = machine.scheduler(), _jobs(settings)
    if found is None:
        if wanted:
            yield warning("timers", NO_SCHEDULER, location="machine", remedy=GET_CRON)
        return
    yield from wrong
    if other := machine.other_directory(found, settings.COMPOSE_PROJECT_NAME, ROOT):
        cause = f"what the clock runs for {settings.COMPOSE_PROJECT_NAME} is of {other}"
        yield warning("timers", cause, location="COMPOSE_PROJECT_NAME", remedy=ANOTHER_NAME)
        return
    remedy = "`make up` puts it right." if machine.may_change(found) else _as_root()
    for change in machine.differences(found, settings.COMPOSE_PROJECT_NAME, wanted):
        yield warning("timers", change, location=str(found.folder), remedy=remedy)


def failures(settings: Settings) -> Iterator[Finding]:
    """The timers whose last run did not end well."""
    for timer in known(settings):
        last = runs.last(timer.name)
        if last.began and not runs.is_running(timer.name) and (not last.ended_at or last.exit_code):
            cause = f"the last run by the clock, {last.began.astimezone():%a %d %b %H:%M}, {_result(timer, last)}"
            yield warning(
                "timers",
                cause,
                location=timer.name,
                remedy=f"timers/{timer.name}/log has what it said. `make timers RUN={timer.name}` runs it now.",
            )


def show(settings: Settings, now: datetime, wrong: Sequence[Finding] = ()) -> None:
    """Print when each was and will be run, and what is wrong with that; nothing where nothing is run by the clock.

    :param wrong: as `findings` tells it, where it was not told just now.
    """
    timers = known(settings)
    for finding in wrong:
        warn(f"{finding.name}: {finding.cause}\n  {finding.remedy}")
    if not timers:
        return
    found = machine.scheduler()
    is_run = found is not None and bool(machine.installed(found, settings.COMPOSE_PROJECT_NAME))
    rows = table("by the clock", "next", "last", "result")
    for timer in timers:
        last = runs.last(timer.name)
        ago = f"{age(last.began_at, now)} ago" if last.began_at else "not yet"
        due = f"{timer.at.next(now):%a %d %b %H:%M}" if is_run else "[yellow]never[/yellow]"
        rows.add_row(timer.name, due, ago, quoted(_result(timer, last)))
    note("")
    out.print(rows)


def _result(timer: Timer, last: Run) -> str:
    if not last.began_at:
        return ""
    if runs.is_running(timer.name):
        return "runs now"
    if not last.ended_at:
        return "was cut off"
    return "well" if last.exit_code == 0 else f"ended with {last.exit_code}: {last.said}"


def run(settings: Settings, name: str, *, missed_only: bool = False) -> int:
    """Run a timer now as the clock would, and return its exit code.

    :param missed_only: only if it was due since its last run.
    :raises HomeroomError: there is none of this name, or it runs already.
    """
    timers: Sequence[Timer] = known(settings)
    timer = next((each for each in timers if each.name == name), None)
    if timer is None:
        raise HomeroomError(
            f"nothing of the name {name} is run by the clock",
            location="RUN",
            remedy=did_you_mean(name, [each.name for each in timers]),
        )
    if os.geteuid() != ROOT.stat().st_uid:
        user = owner(ROOT)
        raise HomeroomError(
            f"this directory is {user}'s, and the clock runs it as {user}",
            location="RUN",
            remedy=f"Run `sudo -u {user} make timers RUN={timer.name}`.",
        )
    if missed_only and not runs.was_missed(timer, datetime.now().astimezone()):
        return 0
    steady.note()
    code = runs.run_now(timer)
    forget_old_version(settings)
    return code


def forget_old_version(settings: Settings) -> None:
    """Remove what is kept for the way back to the version before the last update, once its time is over. Each run by
    the clock sees to it: `make up`, which does too, may not be typed for months. What keeps it from that is no fault of
    the run, and the next one tries again."""
    if not record.is_over(record.FOLDER):
        return
    with suppress(HomeroomError), exclusive(ROOT):
        here = Deployment(settings, find_engine(Path(settings.ENGINE_SOCKET)))
        if steps.forget_old(Deployed(here)):
            note("The version before the last update was removed: there is no way back to it any more.")


def _as_root() -> str:
    return f"Run `sudo make -C {ROOT} timers`."
