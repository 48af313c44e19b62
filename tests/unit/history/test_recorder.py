"""The history is written beside the hub: no fault of its file is one of the hub's."""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.history import recorder
from homeroom.history.measure import Measuring
from homeroom.history.metrics import Metrics
from homeroom.history.recorder import History, Recorder, keep_history
from homeroom.history.sample import Sample
from homeroom.spawner import outcomes
from prometheus_client import CollectorRegistry
from traitlets.config import Config

from tests.hub_config import loaded
from tests.unit.history.samples import sample, use


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a history that is not there yet."""
    return tmp_path / "history" / "history.sqlite"


def writer(path: Path) -> Recorder:
    """What writes it."""
    path.parent.mkdir(exist_ok=True)
    return Recorder(History(path=str(path), days_with_names=90))


def minutes(path: Path) -> int:
    """How many minutes are in it."""
    with closing(sqlite3.connect(path)) as database:
        ((count,),) = database.execute("SELECT count(*) FROM moments WHERE step = 60").fetchall()
    return int(count)


def test_it_is_there_before_the_first_sample(path: Path) -> None:
    """A copy that is made in the hub's first minute finds it."""
    writer(path).open()
    assert minutes(path) == 0


@pytest.mark.parametrize("content", [b"no database " * 1000, b"SQLite format 3\0" + b"x" * 9000], ids=["other", "torn"])
def test_a_damaged_history_is_laid_aside(path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It is kept beside a new one, which is written from now on, and the log says so."""
    here = writer(path)
    path.write_bytes(content)
    here.write(sample(use()))
    assert (minutes(path), here.fault) == (1, "")
    assert path.with_name("history.sqlite.damaged").read_bytes() == content
    assert "begins anew" in caplog.text


def test_a_history_that_is_damaged_while_it_is_written_is_laid_aside(path: Path) -> None:
    """Pages that are overwritten under the hub are found at the latest when they are needed."""
    here = writer(path)
    for minute in range(30):
        here.write(sample(*(use(f"person-{n}") for n in range(40)), at=1.79e9 + 60 * minute))
    here.open()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    path.write_bytes(content[:4096] + random.Random(7).randbytes(len(content) - 4096))
    again = writer(path)
    again.write(sample(use()))
    assert (minutes(path), again.fault) == (1, "")
    assert path.with_name("history.sqlite.damaged").exists()


def test_tables_that_are_no_text_any_more_are_laid_aside(path: Path) -> None:
    """SQLite then names what it cannot read by bytes that are no text, which Python takes for another kind of error."""
    here = writer(path)
    here.write(sample(use()))
    here._close()
    content = path.read_bytes()
    torn = content.replace(b"tablepeople", b"tablep\xfc\xffple").replace(b"CREATE TABLE people", b"CREATE TABLE p(ople")
    assert len(torn) == len(content)
    assert torn.count(b"\xfc\xffple") == 1
    path.write_bytes(torn)
    again = writer(path)
    again.write(sample(use()))
    assert (minutes(path), again.fault) == (1, "")


def test_a_fault_of_another_kind_ends_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Values that are none are told, the file stays where it is, and the next sample is tried."""
    here = writer(path)
    here.write(sample(use()))
    broken: Any = use(memory_bytes="much")
    here.write(sample(broken))
    assert here.fault
    assert "all else goes on" in caplog.text
    here.write(sample(use(), at=1.79e9 + 60))
    assert (here.fault, minutes(path)) == ("", 2)
    assert not path.with_name("history.sqlite.damaged").exists()


def test_a_full_disk_is_told_once_and_when_it_is_over(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Samples are lost meanwhile; what was written before is whole, and the next one is written again."""
    here = writer(path)
    here.write(sample(use()))
    store = here._store
    assert store is not None
    ((pages,),) = store._database.execute("PRAGMA page_count").fetchall()
    store._database.execute(f"PRAGMA max_page_count = {pages}")  # as a full disk: SQLITE_FULL
    crowd = [use(f"somebody-with-a-long-name-{n}" * 4) for n in range(500)]
    with caplog.at_level(logging.INFO):
        disk = here.write(sample(*crowd, at=1.8e9))
        assert disk is not None, "the disk is known all the same"
        assert "full" in here.fault
        here._opened()._database.execute(f"PRAGMA max_page_count = {pages}")
        here.write(sample(*crowd, at=1.8e9))
        here._close()
        here.write(sample(use(), at=1.8e9 + 60))
    assert here.fault == ""
    told = [record.message for record in caplog.records]
    assert len([one for one in told if "cannot be written, all else goes on" in one]) == 1
    assert told[-1] == "The history is written again"
    assert minutes(path) == 2


@pytest.mark.parametrize("fault", ["gone", "a file"])
def test_a_folder_that_is_not_there_is_told(path: Path, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """Also at the hub's start: it goes on without a history, and has one as soon as there is a place for it."""
    here = writer(path)
    path.parent.rmdir()
    if fault == "a file":
        path.parent.write_text("")
    here.open()
    here.write(sample(use()))
    assert here.fault
    assert len(caplog.records) == 1
    if fault == "a file":
        path.parent.unlink()
    path.parent.mkdir()
    here.write(sample(use()))
    assert (here.fault, minutes(path)) == ("", 1)


def test_a_history_that_another_program_locks_is_waited_for_by_no_request(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's loop goes on while a thread of the history's own hangs, and a sample that fails is not its last."""
    for name in ("FIRST_SECONDS", "INTERVAL_SECONDS", "LEAST_PAUSE_SECONDS"):
        monkeypatch.setattr(recorder, name, 0.0)
    hangs, goes_on, taken = threading.Event(), threading.Event(), []

    async def measured(self: Measuring, most_seconds: float) -> Sample:
        taken.append(most_seconds)
        if len(taken) == 1:
            raise RuntimeError("the engine is away")
        return sample(use())

    def hanging(self: Recorder, one: Sample) -> None:
        assert threading.current_thread() is not threading.main_thread()
        hangs.set()
        goes_on.wait(30)

    async def watched() -> None:
        hub: Any = SimpleNamespace(config=Config({"History": {"path": str(path)}}), log=logging.getLogger("hub"))
        keeping = asyncio.create_task(keep_history(hub))
        try:
            while not hangs.is_set():
                await asyncio.sleep(0.01)
            assert len(taken) == 2, "the loop turns although the thread hangs"
        finally:
            goes_on.set()
            keeping.cancel()

    monkeypatch.setattr(Measuring, "sample", measured)
    monkeypatch.setattr(Recorder, "write", hanging)
    monkeypatch.setattr(outcomes, "_listeners", [])
    monkeypatch.setattr(recorder, "Metrics", lambda: Metrics(CollectorRegistry()))
    asyncio.run(watched())


def test_names_are_forgotten_once_an_hour(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at once after a start: a clock that is wrong has time to be set. Nor for the first day after a clock was set
    far forward: what it took for old could not come back."""
    monkeypatch.setattr(recorder, "SAMPLES_BETWEEN_FORGETTING", 3)
    here = writer(path)
    here.write(sample(use()))
    ahead = 1.79e9 + 200 * 86400
    here.write(sample(at=ahead))
    with closing(sqlite3.connect(path)) as database:
        for hours in (0, 1, 2, 19):
            here.write(sample(at=ahead + hours * 3600))
            assert database.execute("SELECT name FROM people").fetchall() == [("ada",)]
        for seconds in (0, 60, 120):
            here.write(sample(at=ahead + 24 * 3600 + seconds))
        assert database.execute("SELECT name FROM people").fetchall() == []


def test_what_was_laid_aside_goes_when_names_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged file has names, too."""
    monkeypatch.setattr(recorder, "SAMPLES_BETWEEN_FORGETTING", 1)
    here = writer(path)
    path.write_bytes(b"torn" * 1000)
    here.write(sample(use()))
    aside = path.with_name("history.sqlite.damaged")
    for days, is_there in ((89, True), (91, False)):
        at = aside.stat().st_mtime + days * 86400
        here.write(sample(at=at - 86400))
        here.write(sample(at=at))
        assert aside.exists() == is_there


def test_the_setting_reaches_the_hub(tmp_path: Path) -> None:
    """HISTORY_DAYS is for how many days names are kept."""
    assert loaded(tmp_path, HISTORY_DAYS="7").History.days_with_names == 7
