"""Runs by the clock: each is noted with its result and what it said, in `timers/<name>/` of the deployment."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from generator.core import json_file
from generator.core.console import warn
from generator.core.errors import HomeroomError
from generator.core.lock import exclusive, is_held
from generator.core.paths import ROOT
from generator.core.process import Runner, run
from generator.timers.timer import Timer

FOLDER = ROOT / "timers"
NOTE, LOG, OLDER_LOG = "last.json", "log", "log.1"
MOST_LOG_BYTES = 1 << 20
KEPT_SECONDS = 30 * 86400
"""What commands say can name people: it goes after so long, and once more so long."""
LONGEST_SAID = 300
INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run.

    :param began_at: in ISO 8601; empty: there was none yet.
    :param ended_at: empty: it runs still, or was cut off.
    :param said: the last line that it said.
    """

    began_at: str = ""
    ended_at: str = ""
    exit_code: int = 0
    said: str = ""

    @property
    def began(self) -> datetime | None:
        """When it began."""
        return datetime.fromisoformat(self.began_at) if self.began_at else None


def last(name: str, folder: Path = FOLDER) -> Run:
    """The last run of a timer; an empty one where there was none, or the file is not ours any more."""
    return json_file.read(folder / name / NOTE, Run)


def is_running(name: str, folder: Path = FOLDER) -> bool:
    """Whether one runs now."""
    return is_held(folder / name)


def was_missed(timer: Timer, now: datetime, folder: Path = FOLDER) -> bool:
    """Whether a timer was due since its last run began; one that never ran was not."""
    began = last(timer.name, folder).began
    return began is not None and began < timer.at.last(now)


def run_now(timer: Timer, *, folder: Path = FOLDER, runner: Runner = run) -> int:
    """Run what a timer runs, note what comes of it, and return its exit code.

    What it says goes into its log, and to our output.

    :raises HomeroomError: it runs already.
    """
    place = folder / timer.name
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise HomeroomError(
            f"cannot be made: {error.strerror}", location=str(place), remedy="Run as the user who owns the deployment."
        ) from None
    with exclusive(place, busy=f"{timer.name} runs already by the clock"):
        make_room(folder, time.time())
        began = _now()
        _note(place, Run(began_at=began))
        said: list[str] = []
        with _log(place) as log:

            def take(line: str) -> None:
                print(line, flush=True)
                log(f"{line}\n")
                said[:] = [line] if line.strip() else said

            log(f"--- {began} {timer.title}\n")
            code = INTERRUPTED
            try:
                code = runner([sys.executable, "-m", "generator", *timer.verb], cwd=ROOT, on_line=take).returncode
            finally:
                log(f"--- {_now()} exit code {code}\n")
                last_words = "".join(said).strip()[:LONGEST_SAID]
                _note(place, Run(began_at=began, ended_at=_now(), exit_code=code, said=last_words))
    return code


def _note(place: Path, run: Run) -> None:
    """Note a run. On a full disk it is run all the same: it may be what tells of the disk."""
    try:
        json_file.write(place / NOTE, run)
    except HomeroomError as error:
        warn(str(error))


@contextmanager
def _log(place: Path) -> Iterator[Callable[[str], None]]:
    """What adds to a timer's log, for its owner alone, as far as there is room."""
    with ExitStack() as stack:
        file: IO[bytes] | None = None
        with suppress(OSError):
            descriptor = os.open(place / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            file = stack.enter_context(os.fdopen(descriptor, "ab", buffering=0))

        def add(text: str) -> None:
            with suppress(OSError):
                if file is not None:
                    file.write(text.encode(errors="replace"))

        yield add


def make_room(folder: Path, now: float) -> None:
    """Two logs of each timer are kept, also of those that are run no more: each of a bounded length before a run, and
    none with what was said long ago."""
    for log in folder.glob(f"*/{LOG}"):
        with suppress(OSError):  # another run does the same
            if log.stat().st_size > MOST_LOG_BYTES or now - _began_at(log, now) > KEPT_SECONDS:
                log.replace(log.with_name(OLDER_LOG))
    for log in folder.glob(f"*/{OLDER_LOG}"):
        with suppress(OSError):
            if now - log.stat().st_mtime > KEPT_SECONDS:
                log.unlink()


def _began_at(log: Path, now: float) -> float:
    """When the first run in a log began; now where it does not say so."""
    with log.open(encoding="utf-8", errors="replace") as file:
        words = file.readline(LONGEST_SAID).split()
    try:
        return datetime.fromisoformat(words[1]).timestamp()
    except (ValueError, IndexError):
        return now


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
