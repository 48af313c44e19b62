"""What is still to be told: lines wait by each way until they were taken, and go together in one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generator.core.console import counted
from generator.core.errors import HomeroomError
from generator.schema.settings import Settings
from generator.topics.watching.channels import Channel
from generator.topics.watching.faults import Changes
from generator.topics.watching.message import compose
from generator.topics.watching.state import MOST_WAITING, State

MOST_AN_HOUR = 6
HOUR_SECONDS = 3600.0
BEGUN, OVER = "begun", "over"


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
        known.refused = {name: why for name, why in known.refused.items() if name in names}

    def empty(self, known: State, now: float, keep: Callable[[], None]) -> None:
        """Tell what waits, in one message a way, at most so often in an hour.

        :param keep: writes what is known, after each message that was taken: a round that is cut off repeats none.
        """
        for way in self.ways:
            sent = [at for at in known.sent.get(way.name, []) if now - at < HOUR_SECONDS]
            lines = known.waiting.get(way.name, [])
            if not lines or len(sent) >= MOST_AN_HOUR:
                continue
            message = compose(self.settings, title(lines), in_words(lines), self.secrets)
            try:
                way.send(self.settings, message)
            except HomeroomError as refusal:
                known.refused[way.name] = refusal.cause
                continue
            known.sent[way.name] = [*sent, now]
            known.refused.pop(way.name, None)
            del known.waiting[way.name]
            keep()


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
