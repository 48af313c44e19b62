"""Prewarmed: the part of a lab that is started for a lesson and waits for its person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from homeroom.culling.culling import ClassStart, Facts


class State(Protocol):
    """Where the facts of the lab are kept."""

    facts: Facts | None


class Prewarmed:
    """What is done about one lab that is started before anybody asks for it.

    `start` is set before such a start, and goes into the facts of the lab that is started then.

    :param state: of the lab.
    :param was_opened: whether somebody has opened the lab that runs.
    :param save: records the state: the hub may be killed before it does so by itself.
    """

    def __init__(self, state: State, *, was_opened: Callable[[], bool], save: Callable[[], None]) -> None:
        self.start: ClassStart | None = None
        """What the next start is for; nothing where the person asks themselves."""
        self._state = state
        self._was_opened = was_opened
        self._save = save

    @property
    def facts(self) -> Facts | None:
        """What is known of the running lab, and now of its opening."""
        self.note_opening()
        return self._state.facts

    @property
    def unopened(self) -> bool:
        """Whether the lab was started for a lesson and nobody has been in it."""
        facts = self.facts
        return facts is not None and facts.unopened

    def note_opening(self) -> None:
        """Record that somebody has opened the lab."""
        facts = self._state.facts
        if facts and facts.unopened and self._was_opened():
            self._state.facts = replace(facts, opened=True)
            self._save()

    def keep_for(self, start: ClassStart) -> None:
        """Have a lab that nobody has opened wait for another lesson too."""
        facts = self._state.facts
        if facts is not None and facts.keep_until < start.keep_until:
            self._state.facts = replace(facts, lesson_at=start.lesson_at, keep_until=start.keep_until)
            self._save()
