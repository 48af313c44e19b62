"""The desk has what was handed in run: with real sockets, and a guard of a few lines whose containers are threads."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from homeroom.contract import runs as contract
from homeroom.contract.by_socket import BySocket
from homeroom.courses.desk import runs
from homeroom.courses.desk.turns import Turns
from homeroom_lab import waits
from homeroom_lab.grading import desk_runs

from tests.unit.courses.desk import Desk, tar, wait

Container = Callable[[str], int]
"""What runs in the place of a container: it is given its socket, and returns an exit code."""


class Guard:
    """A guard that runs Python instead of containers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.container: Container = lambda socket: echo(socket)
        self.how = contract.DONE
        self.most = 0
        self.ended: list[str] = []
        self._going = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._ready = threading.Event()

    def __enter__(self) -> Guard:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        async def begin() -> None:
            runner = web.ServerRunner(web.Server(self._answer, handler_cancellation=True))
            await runner.setup()
            await web.UnixSite(runner, str(self.root / "runs.sock")).start()
            self._ready.set()

        self._loop.run_until_complete(begin())
        self._loop.run_forever()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        asked = json.loads(await request.read())
        own = self.root / "labs" / contract.directory_name(asked["run"])
        own.mkdir()
        self._going += 1
        self.most = max(self.most, self._going)
        try:
            code = await asyncio.to_thread(self.container, str(own / "desk.sock"))
            return web.json_response({"how": self.how if code == 0 else contract.FAULT, "code": code})
        finally:
            self._going -= 1
            self.ended.append(asked["run"])
            shutil.rmtree(own, ignore_errors=True)


def ask(socket: str, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """What a container is answered at its socket."""
    with contextlib.closing(BySocket(socket, "desk", timeout=30)) as desk:
        wait(lambda: connected(desk), "the run has its socket, and the desk listens at it")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            desk.request(method, path, body)
        answer = desk.getresponse()
        return answer.status, answer.read()


def connected(desk: BySocket) -> bool:
    """Whether somebody listens already: a socket is there before that."""
    try:
        desk.connect()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    return True


def echo(socket: str) -> int:
    """Brings back, as what the notebook wrote, which files there were."""
    order = json.loads(ask(socket, "GET", "/order")[1])
    with tarfile.open(fileobj=io.BytesIO(ask(socket, "GET", "/files")[1])) as archive:
        names = archive.getnames()
    for name in order["notebooks"]:
        found = {"name": name, "cells": {"0": {"outputs": names, "execution_count": 1}}, "trouble": None}
        assert ask(socket, "POST", "/notebooks", json.dumps(found).encode())[0] == 201
    return 0


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short path: that of a socket holds 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="hr") as folder:
        yield Path(folder)


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    """A guard, before there is a desk."""
    monkeypatch.setattr(contract, "SOCKET", tmp_path / "runs.sock")
    monkeypatch.setattr(runs, "AGAIN_SECONDS", 0.01)
    (tmp_path / "labs").mkdir(exist_ok=True)
    with Guard(tmp_path) as made:
        yield made


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A folder with a notebook and a file."""
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "a.ipynb").write_text("{}")
    (folder / "data.csv").write_text("1,2")
    (folder / "link").symlink_to("/etc/passwd")
    return folder


ORDER: dict[str, Any] = {"notebooks": ["a.ipynb"], "timeout_seconds": 30}


def test_a_submission_is_run_and_comes_back(
    guard: Guard, desk: Desk, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grader's lab sends files and has back what each notebook wrote; of the run nothing is left: no file, no
    directory. Links are not sent."""
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-5"))
    assert desk_runs.run(ORDER, submission)["a.ipynb"]["cells"]["0"]["outputs"] == ["a.ipynb", "data.csv"]
    wait(lambda: desk.kept == [], "nothing is kept of it")
    assert not list((desk.root / "labs").glob("run-*"))
    assert desk_runs.at_once() >= 1


def test_a_lab_that_waits_for_a_run_is_in_use(
    guard: Guard, desk: Desk, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the moment in which it asks until it has its answer, and not after that."""
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-5"))
    found: list[bool] = []

    def look(socket: str) -> int:
        found.append(waits.are_any())
        return echo(socket)

    guard.container = look
    desk_runs.run(ORDER, submission)
    assert (found, waits.are_any()) == ([True], False)


def test_nobody_else_has_something_run(guard: Guard, desk: Desk, submission: Path) -> None:
    """A student's socket, and a teacher's own lab, run nothing."""
    for name in ("lab-1", "lab-3"):
        status, _ = desk.sent(name, b"{}\n" + tar(("a.ipynb", b"{}")), "/runs")
        assert status == 404
    assert guard.ended == []


def test_how_it_ended_is_told(guard: Guard, desk: Desk, submission: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For want of memory or time, or otherwise: what came before that is there, and the reason for the rest."""
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-5"))
    guard.container = lambda _: 0
    for how, why in (("memory", "memory"), ("time", "time"), ("fault", "fault"), ("done", "fault")):
        guard.how = how
        assert desk_runs.run(ORDER, submission)["a.ipynb"] == {"cells": {}, "trouble": {"why": why}}


def test_a_run_has_its_own_work_and_nothing_else(
    guard: Guard, desk: Desk, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its socket there are no hand-ins, grades, feedback, or other runs; and it cannot have something run."""
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-5"))
    answers: list[int] = []

    def attack(socket: str) -> int:
        for method, path in (
            ("GET", "/hand-ins"),
            ("GET", "/courses"),
            ("GET", "/told"),
            ("GET", "/runs"),
            ("POST", "/runs"),
            ("PUT", "/grades"),
            ("GET", "/files/../../store"),
            ("GET", "/receipts?person=ada"),
        ):
            answers.append(ask(socket, method, path)[0])
        return 0

    guard.container = attack
    desk_runs.run(ORDER, submission)
    assert set(answers) == {404}


def test_gigabytes_are_not_taken_back(
    guard: Guard, desk: Desk, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run brings is bounded, in all; a line in it that would pass for another notebook's is refused."""
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-5"))
    monkeypatch.setattr(runs, "LARGEST_OUTPUT_BYTES", 1000)
    answers: list[int] = []

    def flood(socket: str) -> int:
        answers.extend(ask(socket, "POST", "/notebooks", body)[0] for body in (b"x" * 600, b"{}\n{}", b"x" * 600))
        return 0

    guard.container = flood
    found = desk_runs.run(ORDER, submission)
    assert answers == [201, 413, 413]
    assert found["a.ipynb"]["trouble"] == {"why": "fault"}


def test_what_a_run_brings_is_written_down_as_it_comes(
    guard: Guard, desk: Desk, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So runs that bring much at once do not fill the desk's memory; what did not come to its end is gone."""
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-5"))
    grown: list[bool] = []

    def halves(socket: str) -> int:
        ask(socket, "GET", "/order")
        with contextlib.closing(BySocket(socket, "desk", timeout=30)) as half:
            half.putrequest("POST", "/notebooks")
            half.putheader("Content-Length", "400000")
            half.endheaders(b"x" * 300_000)
            incoming = desk.root / "store/.incoming"
            wait(lambda: any(each.stat().st_size > 100_000 for each in incoming.iterdir()), "a part is on the disk")
            grown.append(True)
        line = json.dumps({"name": "a.ipynb", "cells": {}, "trouble": None}).encode()
        return 0 if ask(socket, "POST", "/notebooks", line)[0] == 201 else 1

    guard.container = halves
    assert desk_runs.run(ORDER, submission)["a.ipynb"] == {"name": "a.ipynb", "cells": {}, "trouble": None}
    assert grown


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"x" * (65 << 10), 413), (b"[]\n", 422), (b"no json\n", 422), (b"{}\n" + b"x" * 3000, 413)],
)
def test_what_is_too_large_or_no_order_is_refused(
    guard: Guard, desk: Desk, monkeypatch: pytest.MonkeyPatch, body: bytes, status: int
) -> None:
    """Before anything is run, and nothing of it is kept."""
    monkeypatch.setattr(runs, "LARGEST_FILES_BYTES", 2000)
    assert desk.sent("lab-5", body, "/runs")[0] == status
    assert (guard.ended, desk.kept) == ([], [])


def test_who_hangs_up_ends_the_run(guard: Guard, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A grader who ends the command, or whose lab ends, keeps no turn."""
    monkeypatch.setattr(runs, "CALLER_SECONDS", 0.05)
    begun, ends = threading.Event(), threading.Event()

    def hang(_: str) -> int:
        begun.set()
        ends.wait(30)
        return 0

    guard.container = hang
    caller = BySocket(desk.socket("lab-5"), "desk", timeout=30)
    caller.request("POST", "/runs", b"{}\n" + tar(("a", b"x")))
    assert begun.wait(30)
    caller.close()
    wait(lambda: desk.kept == [], "nothing is kept of it")
    ends.set()


def test_a_guard_that_is_away_is_asked_again(
    guard: Guard, desk: Desk, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grader's lab does not give up where guard or desk are restarted, and says in the end that nobody answers."""
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-5"))
    monkeypatch.setattr(desk_runs, "AGAIN_SECONDS", (0.01, 0.01))
    path = desk.root / "runs.sock"
    path.rename(desk.root / "away.sock")
    with pytest.raises(desk_runs.NotRun, match="Nothing can be run just now"):
        desk_runs.run(ORDER, submission)
    (desk.root / "away.sock").rename(path)
    assert desk_runs.run(ORDER, submission)["a.ipynb"]["trouble"] is None


def test_what_no_notebook_was_asked_for_does_not_count() -> None:
    """Of an answer only the notebooks count that were sent, whatever else a run brings."""
    lines = [
        {"name": "b.ipynb", "cells": {}},
        {"name": ["x"]},
        7,
        {"name": "a.ipynb", "cells": {"0": 1}, "trouble": None},
    ]
    text = b"\n".join(json.dumps(each).encode() for each in ({"how": "done"}, *lines)) + b"\nno json\n"
    assert desk_runs.read(text, ["a.ipynb"]) == {"a.ipynb": lines[-1]}


def test_a_large_course_keeps_no_small_one_waiting() -> None:
    """Of those who wait, each course has a turn before one has its next; who gives up leaves the line."""

    async def attempt() -> list[str]:
        turns, order = Turns(1), list[str]()

        async def one(key: str) -> None:
            async with turns.one(key):
                order.append(key)
                await asyncio.sleep(0.001)

        tasks = [asyncio.create_task(one(key)) for key in ("big", "big", "big", "big", "small", "tiny", "small")]
        await asyncio.sleep(0)
        tasks[5].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with turns.one("last"):
            assert turns.ahead() == 0
        return order

    assert asyncio.run(attempt()) == ["big", "big", "small", "big", "small", "big"]


def test_a_turn_that_is_given_up_as_it_comes_is_the_next_ones() -> None:
    """No turn is lost to somebody who is gone in that moment."""

    async def attempt() -> None:
        turns = Turns(1)

        async def one() -> None:
            async with turns.one("x"):
                pass

        async with turns.one("first"):
            task = asyncio.create_task(one())
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(5), turns.one("next"):
            pass

    asyncio.run(attempt())
