"""What a lab's owner is told of their disk, and when nothing is said."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from homeroom_lab import disk, disk_watch


def told(**fields: Any) -> tuple[str, str] | None:
    """The message for a home of 100 MB without limits, but for what is given."""
    plain = {"used_bytes": 100 * 2**20, "soft_limit_bytes": 0, "hard_limit_bytes": 0}
    said: tuple[str, str] | None = disk.message(disk.Disk(**{**plain, "rescue": False, "ephemeral": False, **fields}))
    return said


def test_nothing_is_said_while_all_is_well() -> None:
    """No limit, or one that is not reached, or a home too large to count in time: no message."""
    assert told() is None
    assert told(soft_limit_bytes=100 * 2**20) is None
    assert told(soft_limit_bytes=1, used_bytes=None) is None


def test_above_the_soft_limit() -> None:
    """The owner learns what is used, what should be, and where it ends."""
    said = told(soft_limit_bytes=64 * 2**20, hard_limit_bytes=2**30)
    assert said
    assert said[0] == "warning"
    for words in ("takes 100 MB", "below 64 MB", "At 1.0 GB"):
        assert words in said[1]


def test_in_an_exam() -> None:
    """Who writes one learns that not all of it is handed in; the hub shows what their own home takes, and not this."""
    said = told(exam=True, soft_limit_bytes=90 * 2**20)
    assert said
    assert "takes 100 MB; no more than 90 MB are handed in" in said[1]
    assert len(said[1]) <= 140
    limited = {"HOMEROOM_HOME_SOFT_LIMIT": "1", "JUPYTERHUB_API_TOKEN": "x"}
    assert disk_watch.has_limit(limited)
    assert not disk_watch.has_limit({**limited, "HOMEROOM_LAB_ROLE": "exam"})


def test_rescue_and_ephemeral_come_first() -> None:
    """What costs somebody their work is said before what merely takes room."""
    assert "rescue mode" in str(told(rescue=True, soft_limit_bytes=1))
    assert "keeps nothing" in str(told(ephemeral=True))
    assert "Reset the environment" in str(told(without_settings=True, soft_limit_bytes=1))


def test_use_is_counted_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count once, in what they take on the disk; a count that takes too long is none."""
    before = disk.used_bytes(tmp_path, 0)
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "again").hardlink_to(tmp_path / "file")
    after = disk.used_bytes(tmp_path, 0)
    assert before is not None
    assert after is not None
    assert 100_000 <= after - before < 200_000
    monkeypatch.setattr(disk, "LONGEST_COUNT_SECONDS", -1)
    assert disk.used_bytes(tmp_path, 0) is None


def test_the_page_shows_every_word() -> None:
    """No message is longer than the page shows of one."""
    full = {"used_bytes": 1023 * 2**20, "soft_limit_bytes": 1000 * 2**20, "hard_limit_bytes": 1023 * 2**20}
    for said in (told(rescue=True), told(ephemeral=True), told(without_settings=True), told(**full)):
        assert said
        assert len(said[1]) <= 140


def serve_hub(path: Path, status: int, heard: list[tuple[str, str, bytes]]) -> Any:
    """A hub on a socket that writes down what labs tell it."""
    from tornado import httpserver, netutil, web

    class Homes(web.RequestHandler):
        def post(self, name: str) -> None:
            heard.append((name, self.request.headers["Authorization"], self.request.body))
            self.set_status(status)

    server = httpserver.HTTPServer(web.Application([(r"/hub/api/homeroom/homes/([^/]+)", Homes)]))
    server.add_sockets([netutil.bind_unix_socket(str(path))])
    return server


@pytest.mark.parametrize(("status", "taken"), [(204, True), (404, False)])
def test_the_hub_is_told_what_the_home_takes(tmp_path: Path, status: int, taken: bool) -> None:
    """A lab tells the hub what was counted, with its own token; a hub that does not know of it, or is away, is no
    error."""
    heard: list[tuple[str, str, bytes]] = []
    environment = {
        "JUPYTERHUB_API_URL": f"http+unix://{quote(str(tmp_path / 'hub.sock'), safe='')}/hub/api",
        "JUPYTERHUB_USER": "a b",
        "JUPYTERHUB_API_TOKEN": "of-the-lab",
    }

    async def tell() -> None:
        watch = disk_watch.DiskWatch()
        watch._last = (time.monotonic(), disk.look({}, tmp_path))
        assert not await disk_watch.tell_hub(watch, environment), "it was not counted"
        counted = disk.Disk(used_bytes=7, soft_limit_bytes=9, hard_limit_bytes=0, rescue=False, ephemeral=False)
        watch._last = (time.monotonic(), counted)
        assert not await disk_watch.tell_hub(watch, environment), "there is no hub"
        server = serve_hub(tmp_path / "hub.sock", status, heard)
        assert await disk_watch.tell_hub(watch, environment) is taken
        server.stop()

    asyncio.run(tell())
    assert heard == [("a b", "token of-the-lab", b'{"used_bytes": 7}')]


def test_the_hub_is_told_where_it_wants_to_know() -> None:
    """Where a home has a limit, and there is a hub: elsewhere nothing is counted."""
    hub = {"JUPYTERHUB_API_TOKEN": "x"}
    assert disk_watch.has_limit({**hub, "HOMEROOM_HOME_SOFT_LIMIT": "1"})
    assert disk_watch.has_limit({**hub, "HOMEROOM_HOME_HARD_LIMIT": "1"})
    assert not disk_watch.has_limit(hub)
    assert not disk_watch.has_limit({"HOMEROOM_HOME_SOFT_LIMIT": "1"})


def test_what_is_counted_for_the_hub_makes_no_page_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that asks after the hub was told learns how it is now: somebody who has just filled their home is told;
    what was counted for a page is told to the hub without counting again."""
    counts = iter((1, 2, 3))

    def look(*_: Any) -> disk.Disk:
        return disk.Disk(used_bytes=next(counts), soft_limit_bytes=9, hard_limit_bytes=0, rescue=False, ephemeral=False)

    monkeypatch.setattr(disk_watch, "look", look)

    async def ask() -> list[int | None]:
        watch = disk_watch.DiskWatch()
        told = [await watch.for_hub(), await watch.disk(), await watch.disk(), await watch.for_hub()]
        return [each.used_bytes for each in told]

    assert asyncio.run(ask()) == [1, 2, 2, 2]
