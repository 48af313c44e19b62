"""LabPrewarm: the part of a lab that is started for a lesson and waits for its user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from homeroom.culling.culling import LabState, Prewarm


class Record(Protocol):
    """Where the state of the lab is kept."""

    lab_state: LabState | None


class LabPrewarm:
    """What is done about one lab that is started before its user asks for it.

    `start` is set before such a start, and goes into the state of the lab that is started then.

    :param record: what is kept of the lab.
    :param was_opened: whether its user has opened the lab that runs.
    :param save: records the state: the hub may be killed before it does so by itself.
    """

    def __init__(self, record: Record, *, was_opened: Callable[[], bool], save: Callable[[], None]) -> None:
        self.start: Prewarm | None = None
        """What the next start is for; None where the user starts the lab."""
        self._record = record
        self._was_opened = was_opened
        self._save = save

    @property
    def lab_state(self) -> LabState | None:
        """What is known of the running lab, and now of its opening."""
        self.note_opening()
        return self._record.lab_state

    @property
    def prewarmed(self) -> bool:
        """Whether the lab was started for a lesson and not opened yet."""
        lab_state = self.lab_state
        return lab_state is not None and lab_state.prewarmed

    def note_opening(self) -> None:
        """Record that the lab was opened."""
        lab_state = self._record.lab_state
        if lab_state and lab_state.prewarmed and self._was_opened():
            self._record.lab_state = replace(lab_state, opened=True)
            self._save()

    def keep_for(self, start: Prewarm) -> None:
        """Have a lab that was not opened yet wait for another lesson too."""
        lab_state = self._record.lab_state
        if lab_state is not None and lab_state.keep_until < start.keep_until:
            self._record.lab_state = replace(lab_state, lesson_at=start.lesson_at, keep_until=start.keep_until)
            self._save()
