"""The Monday letter: how the deployment is, in some 15 lines, from what is known."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

from rich.markup import escape

from generator import topics
from generator.core.console import counted, note
from generator.core.errors import HomeroomError
from generator.core.paths import ENV_FILE
from generator.engine.deployment import Deployment, load_settings
from generator.engine.find import find_engine
from generator.engine.watched import Watched
from generator.schema.secret_words import secrets_in
from generator.schema.settings import Settings
from generator.topics.watching import mail, outbox, state
from generator.topics.watching.deadline import within
from generator.topics.watching.message import Message, compose
from generator.topics.watching.state import WEEK_SECONDS, State

HOUR = 7
"""From which hour of Monday on it is sent."""
LOOK_SECONDS = 60
MOST_OF_A_PART, MOST_FAULTS, MOST_TO_DO = 4, 3, 3


def week_of(now: datetime) -> str:
    """The week whose letter is due: it begins on Monday at HOUR."""
    return f"{now - timedelta(hours=HOUR):%G-W%V}"


def send_if_due(settings: Settings, known: State, now: datetime) -> None:
    """Send it once a week, by mail. The first one is that of the next Monday. One that is not taken is tried again in
    the next round."""
    if not settings.ALERT_MAIL or not known.letter:
        known.letter = known.letter or week_of(now)
        return
    if known.letter == week_of(now):
        return
    at = now.timestamp()
    if outbox.is_paused(known, outbox.LETTER, at):
        return
    told = write(settings, known, now)
    if outbox.tried(known, outbox.LETTER, lambda: mail.send(settings, told), at):
        known.letter = week_of(now)


def show() -> None:
    """Print it."""
    settings = load_settings()
    told = write(settings, state.read(), datetime.now().astimezone())
    note(escape(told.title))
    for line in told.lines:
        note(escape(line))


def write(settings: Settings, known: State, now: datetime) -> Message:
    """The letter as it is now."""
    lines = [*_lines(settings, known, now)]
    return compose(settings, f"the week until {now.day} {now:%B}", lines, secrets_in(ENV_FILE))


def _lines(settings: Settings, known: State, now: datetime) -> Iterator[str]:
    deployment = _deployment(settings)
    watched = Watched(settings=settings, now=now, deployment=deployment, memory=known.memory)
    if deployment is None:
        yield "The container engine does not answer: `make doctor` says why."
    else:
        yield from _asked("labs", functools.partial(_labs, deployment))
    for part in _parts():
        yield from _asked(part.__name__.split(".")[-2], functools.partial(_lines_of, part, watched))
    yield from _week(known, now)
    yield from _to_do(known)


def _asked(name: str, look: Callable[[], list[str]]) -> list[str]:
    """What a look says, the first lines of it; one that fails or hangs says so."""
    try:
        lines = within(LOOK_SECONDS, look)
    except Exception as failure:  # the rest is worth having all the same
        words = failure.cause if isinstance(failure, HomeroomError) else type(failure).__name__
        return [f"{name}: could not be looked at: {words}"]
    if len(lines) > MOST_OF_A_PART:
        return [*lines[: MOST_OF_A_PART - 1], f"and {len(lines) - MOST_OF_A_PART + 1} more like these"]
    return lines


def _labs(deployment: Deployment) -> list[str]:
    return [f"Labs: {counted(len(deployment.labs(running_only=True)), 'lab')} running now."]


def _parts() -> list[ModuleType]:
    """What topics have to say, in its order."""
    return sorted(topics.each("watch"), key=lambda part: part.ORDER)


def _lines_of(part: ModuleType, watched: Watched) -> list[str]:
    return list(part.letter(watched))


def _deployment(settings: Settings) -> Deployment | None:
    try:
        return Deployment(settings, within(LOOK_SECONDS, lambda: find_engine(Path(settings.ENGINE_SOCKET))))
    except (HomeroomError, OSError):
        return None


def _week(known: State, now: datetime) -> Iterator[str]:
    """What went wrong in the last week, and was mended."""
    events = [each for each in known.events if now.timestamp() - each.at < WEEK_SECONDS]
    told = [each.words for each in events if each.kind == "fault"]
    yield f"Faults of the week: {len(told) or 'none'}{'.' if not told else ':'}"
    latest = list(dict.fromkeys(reversed(told)))[:MOST_FAULTS]  # one that came back again and again stands there once
    yield from (f"- {words}" for words in reversed(latest))
    restarts = [each.words for each in events if each.kind == "restart"]
    if restarts:
        counts = ", ".join(f"{name} ({counted(restarts.count(name), 'time')})" for name in sorted(set(restarts)))
        yield f"Restarted by the watchdog: {counts}; watching/words/ has what they said before."
    if killed := sum(int(each.words) for each in events if each.kind == "kills"):
        yield f"For want of memory {counted(killed, 'program')} ended, as a rule in labs that went over their limit."


def _to_do(known: State) -> Iterator[str]:
    """What is wrong now, with what to do, the oldest first."""
    found = known.open_faults()
    yield "To do: nothing." if not found else "To do:"
    yield from (f"- {each.line}" for each in found[:MOST_TO_DO])
    if len(found) > MOST_TO_DO:
        yield f"- and {len(found) - MOST_TO_DO} more: `make doctor ALL=1`"
