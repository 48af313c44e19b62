"""What the watchdog keeps from round to round, in one file that is whole whenever a round is cut off."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.core import json_file
from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.topics.watching.faults import Fault

FOLDER = ROOT / "watching"
FILE = "state.json"
RUN = Path("/run")
WEEK_SECONDS = 7 * 86400.0
MOST_EVENTS, MOST_WAITING = 200, 100


@dataclass(kw_only=True)
class Event:
    """Something that was, for the letter.

    :param kind: `fault`, `restart` or `kills`.
    """

    at: float
    kind: str
    words: str


@dataclass(kw_only=True)
class State:
    """All that is kept.

    :param round_at: when the last round ended; 0: there was none.
    :param restarts: when each service was restarted.
    :param waiting: by each way, the lines that were not sent yet, each behind `begun` or `over`.
    :param sent: by each way, when messages were sent.
    :param refused: by each way, why the last message was not taken; left out where it was.
    :param partly: by each way, for whom the last message was not taken, if it was for others.
    :param failed: by each way, when messages were not taken, in a row.
    :param letter: the week of the last letter, as `2026-W48`.
    :param memory: what topics keep.
    """

    round_at: float = 0.0
    faults: dict[str, Fault] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    restarts: dict[str, list[float]] = field(default_factory=dict)
    waiting: dict[str, list[list[str]]] = field(default_factory=dict)
    sent: dict[str, list[float]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    partly: dict[str, str] = field(default_factory=dict)
    failed: dict[str, list[float]] = field(default_factory=dict)
    letter: str = ""
    memory: dict[str, Any] = field(default_factory=dict)

    def open_faults(self) -> list[Fault]:
        """Faults that are not over, the oldest first."""
        return sorted((each for each in self.faults.values() if not each.over), key=lambda each: each.since)

    def note(self, kind: str, words: str, now: float) -> None:
        """Keep something for the letter."""
        events = [each for each in self.events if now - each.at < WEEK_SECONDS]
        self.events = [*events, Event(at=now, kind=kind, words=words)][-MOST_EVENTS:]

    def forget_the_future(self, now: float) -> None:
        """A clock that was set back leaves moments that are still to come: they count as now."""
        self.round_at = min(self.round_at, now)
        for fault in self.faults.values():
            fault.since, fault.seen, fault.over = (min(at, now) for at in (fault.since, fault.seen, fault.over))
            fault.begun = [min(at, now) for at in fault.begun]
        for event in self.events:
            event.at = min(event.at, now)
        for times in (self.restarts, self.sent, self.failed):
            for name, moments in times.items():
                times[name] = [min(at, now) for at in moments]


def ensure_folder(folder: Path = FOLDER) -> Path:
    """The folder, for its owner alone.

    :raises HomeroomError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        remedy = "Run as the user who owns the deployment."
        raise HomeroomError(f"cannot be made: {error.strerror}", location=str(folder), remedy=remedy) from None
    return folder


def read(folder: Path = FOLDER) -> State:
    """What is known, by the newest that could be kept; nothing where there is no file, or it is not ours any more."""
    found = [_read(path) for path in (folder / FILE, _elsewhere(folder)) if path is not None]
    return max(found, key=lambda known: known.round_at)


def _read(path: Path) -> State:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        faults = {key: Fault(**each) for key, each in found.pop("faults").items()}
        events = [Event(**each) for each in found.pop("events")]
        known = State(**found, faults=faults, events=events)
        known.forget_the_future(time.time())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return State()
    return known


def write(known: State, folder: Path = FOLDER) -> None:
    """Keep it; while this disk is full, in the machine's memory: that it is full must be told, and once.

    :raises HomeroomError: it can be kept nowhere.
    """
    elsewhere = _elsewhere(folder)
    try:
        json_file.write(folder / FILE, known)
    except HomeroomError:
        if elsewhere is None:
            raise
        json_file.write(elsewhere, known)
        return
    if elsewhere is not None:
        with suppress(OSError):
            elsewhere.unlink(missing_ok=True)


def _elsewhere(folder: Path) -> Path | None:
    """A file that is kept in memory, where nobody else may write; None where there is no such place."""
    user = os.geteuid()
    place = RUN / f"user/{user}" if user else RUN
    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
    return place / "homeroom" / f"{name}.json" if place.is_dir() else None
