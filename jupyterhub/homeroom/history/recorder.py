"""The history is written beside the hub: measured on its loop, written by a thread, and no fault of it the hub's."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyterhub.app import JupyterHub
from sqlalchemy.exc import SQLAlchemyError
from traitlets import Integer, Unicode
from traitlets.config import Configurable

from homeroom.history.measure import Measuring
from homeroom.history.metrics import Metrics
from homeroom.history.sample import Disk, Sample
from homeroom.history.schema import DAY, FILE
from homeroom.history.store import HistoryStore
from homeroom.spawner.lab import LabSpawner
from homeroom.spawner.outcomes import tell_to

INTERVAL_SECONDS = 60.0
LEAST_PAUSE_SECONDS = 1.0
FIRST_SECONDS = 15.0
"""After the hub's start, when it looks at its labs and answers those who waited for it."""
SAMPLES_BETWEEN_FORGETTING = 60
"""Also what passes first: a clock that is wrong when the machine starts has time to be set."""
DAMAGED = ".damaged"
SIDES = ("-wal", "-shm")

log = logging.getLogger(__name__)


class History(Configurable):
    """What is configured of the history."""

    path = Unicode(str(FILE), config=True, help="Its file, an SQLite database of its own.")
    days_with_names = Integer(
        90, min=0, config=True, help="For how many days it is known who used something; 0: never. Sums stay."
    )


class Recorder:
    """Writes samples, one after the other; called from one thread. A fault is told once, and again when it is over."""

    def __init__(self, history: History) -> None:
        self.fault = ""
        self._path = Path(history.path)
        self._days_with_names = history.days_with_names
        self._store: HistoryStore | None = None
        self._written = 0

    def open(self) -> None:
        """Have the file there from the hub's start on, so that copies find it."""
        self._guarded(self._opened)

    def write(self, sample: Sample) -> Disk | None:
        """Write a sample down, or say in the log why not; gives the disk under the history, as far as it is known."""
        disk: Disk | None = None

        def write() -> None:
            nonlocal disk
            disk = self._disk()
            self._opened().add(sample, disk)
            self._written += 1
            if self._written % SAMPLES_BETWEEN_FORGETTING == 0 and self._opened().is_steady(sample.at):
                self._opened().forget(sample.at)
                self._forget_damaged(sample.at)

        self._guarded(write)
        return disk

    def _guarded(self, work: Callable[[], object]) -> None:
        """Do some work on the file. Where that is damaged it is laid aside, and the work done on a new one."""
        try:
            try:
                work()
            except sqlite3.DatabaseError as error:
                if type(error) is not sqlite3.DatabaseError:  # such as a disk that is full
                    raise
                log.error("The history is damaged, and begins anew: %s; what was there is %s", error, self._lay_aside())
                work()
        except Exception as error:  # of whatever kind: a damaged file can answer anything
            self._close()
            if not self.fault:
                log.error("The history cannot be written, all else goes on: %s: %s", self._path, error)
            self.fault = str(error) or type(error).__name__
            return
        if self.fault:
            log.warning("The history is written again")
        self.fault = ""

    def _opened(self) -> HistoryStore:
        if self._store is None:
            self._store = HistoryStore(self._path, self._days_with_names)
        return self._store

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _lay_aside(self) -> Path:
        """Move the file away, over one that was moved before."""
        self._close()
        for side in SIDES:
            self._path.with_name(self._path.name + side).unlink(missing_ok=True)
        self._path.replace(self._aside)
        os.utime(self._aside)
        return self._aside

    @property
    def _aside(self) -> Path:
        return self._path.with_name(self._path.name + DAMAGED)

    def _forget_damaged(self, now: float) -> None:
        """Remove a file that was laid aside once no name in it may be kept any more."""
        if self._aside.exists() and now - self._aside.stat().st_mtime >= self._days_with_names * DAY:
            self._aside.unlink()

    def _disk(self) -> Disk:
        size = shutil.disk_usage(self._path.parent)
        return Disk(size_bytes=size.total, free_bytes=size.free)


async def keep_history(hub: JupyterHub) -> None:
    """Measure and write once in INTERVAL_SECONDS; it has no end of its own."""
    recorder = Recorder(History(config=hub.config))
    measuring = Measuring(hub, LabSpawner(config=hub.config))
    metrics = Metrics()
    tell_to(measuring.outcomes.append)
    tell_to(metrics.count)
    thread = ThreadPoolExecutor(1, thread_name_prefix="history")
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(thread, recorder.open)
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        begun = loop.time()
        try:
            sample = await measuring.sample(2 * INTERVAL_SECONDS)
            disk = await loop.run_in_executor(thread, recorder.write, sample)
            metrics.show(sample, disk, is_written=not recorder.fault)
        except Exception as error:  # of whatever kind: the next one may be had
            hub.log.warning("The history lacks a moment: %s", error)
            if isinstance(error, SQLAlchemyError):
                hub.db.rollback()  # as the hub does after such a request
        await asyncio.sleep(max(LEAST_PAUSE_SECONDS, begun + INTERVAL_SECONDS - loop.time()))
