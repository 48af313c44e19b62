"""What is still to be told: lines wait by each way until they were taken, and go together in one message."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generator.core.console import counted
from generator.core.errors import HomeroomError
from generator.schema.settings import Settings
from generator.topics.watching.channels import MAIL, Channel
from generator.topics.watching.faults import Changes
from generator.topics.watching.message import PartlyTaken, compose
from generator.topics.watching.state import MOST_WAITING, State

MOST_AN_HOUR = 6
HOUR_SECONDS = 3600.0
TRIES, PAUSE_SECONDS = 3, 600.0
"""After so many that failed in a row it is tried less often, down to once an hour: what answers too late may have taken
each of them."""
BEGUN, OVER = "begun", "over"
LETTER = "letter"
"""What is sent by mail beside them, on Mondays."""


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """What waits to be told, and by which ways.

    :param secrets: names of settings by their values; none of them is told.
    """

    settings: Settings
    ways: tuple[Channel, ...]
    secrets: Mapping[str, str]

    def add(self, known: State, changes: Changes) -> None:
        """Have faults that began, and those that are over, be told by each way."""
        lines = [[BEGUN, each.line] for each in changes.begun] + [[OVER, each.line] for each in changes.over]
        names = {way.name for way in self.ways}
        known.waiting = {
            name: [*known.waiting.get(name, []), *lines][-MOST_WAITING:]
            for name in sorted(names)
            if lines or known.waiting.get(name)
        }
        for kept in (known.refused, known.partly, known.failed):
            for name in kept.keys() - names - ({LETTER} if MAIL in names else set()):
                del kept[name]

    def empty(self, known: State, now: float, keep: Callable[[], None]) -> None:
        """Tell what waits, in one message a way, at most so often in an hour.

        :param keep: writes what is known, after each message that was taken: a round that is cut off repeats none.
        """
        for way in self.ways:
            sent = [at for at in known.sent.get(way.name, []) if now - at < HOUR_SECONDS]
            lines = known.waiting.get(way.name, [])
            if not lines or len(sent) >= MOST_AN_HOUR or is_paused(known, way.name, now):
                continue
            message = compose(self.settings, title(lines), in_words(lines), self.secrets)
            if not tried(known, way.name, functools.partial(way.send, self.settings, message), now):
                continue
            known.sent[way.name] = [*sent, now]
            del known.waiting[way.name]
            keep()


def tried(known: State, name: str, send: Callable[[], str], now: float) -> bool:
    """Send a message, and keep how that went; whether it was taken.

    :param name: of the way, or LETTER.
    """
    try:
        send()
        known.partly.pop(name, None)
    except PartlyTaken as refusal:
        known.partly[name] = refusal.cause
    except HomeroomError as refusal:
        known.refused[name] = refusal.cause
        known.failed[name] = [*known.failed.get(name, []), now][-MOST_AN_HOUR:]
        return False
    known.refused.pop(name, None)
    known.failed.pop(name, None)
    return True


def is_paused(known: State, name: str, now: float) -> bool:
    """Whether it failed so often in a row that it is not tried again yet."""
    failed = known.failed.get(name, [])
    pause_seconds = min(PAUSE_SECONDS * 2 ** (len(failed) - TRIES), HOUR_SECONDS) if len(failed) >= TRIES else 0.0
    return bool(failed) and now - failed[-1] < pause_seconds


def title(lines: Sequence[list[str]]) -> str:
    """What is up, in a few words: a fault itself, or how many there are."""
    begun = [line for kind, line in lines if kind == BEGUN]
    over = [line for kind, line in lines if kind == OVER]
    if len(begun) + len(over) == 1:
        return begun[0] if begun else f"over: {over[0]}"
    said = []
    if begun:
        said.append(f"{counted(len(begun), 'thing')} {'is' if len(begun) == 1 else 'are'} wrong")
    if over:
        said.append(f"{len(over)} {'is' if len(over) == 1 else 'are'} over")
    return ", ".join(said)


def in_words(lines: Sequence[list[str]]) -> list[str]:
    """The lines of a message, what is wrong first."""
    begun = [f"- {line}" for kind, line in lines if kind == BEGUN]
    over = [f"- {line}" for kind, line in lines if kind == OVER]
    return [
        *(["Wrong since the last message:", *begun] if begun else []),
        *(["Over:", *over] if over else []),
        "`make doctor` on the machine says what to do first.",
    ]
