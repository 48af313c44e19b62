"""Whose copies somebody sees, and what a request can name."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.contract.records import TOMBSTONES
from homeroom.copies import own, page, panel
from homeroom.copies.asking import CannotRead
from homeroom.copies.jobs import Jobs
from homeroom.exam_labs import exam_lab
from homeroom.exam_labs.exam_lab import ExamLab

OLD, NEW = "2026-01-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00"
COPIES = [{"name": "new", "made_at": 1_790_000_000.0}, {"name": "old", "made_at": 1_770_000_000.0}]
"""Of September and of February 2026."""


def stones(folder: Path, **fields: str) -> Path:
    """Records in which ada was removed."""
    (folder / TOMBSTONES).write_text(json.dumps({"ada": {"at": OLD, **fields}}))
    return folder


@pytest.fixture(autouse=True)
def in_autumn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is September 2026."""
    monkeypatch.setattr(time, "time", lambda: 1_790_000_100.0)


def seen(name: str, folder: Path) -> list[str]:
    """The copies that somebody sees."""
    return [one["name"] for one in own.of_person(COPIES, name, folder)]


def test_a_name_that_was_given_anew_sees_nothing_of_before(tmp_path: Path) -> None:
    """Who has the name of somebody who was removed sees the copies since it is theirs."""
    folder = stones(tmp_path, purged_at=OLD, again_at=NEW)
    assert seen("ada", folder) == ["new"]
    assert seen("bela", folder) == ["new", "old"]


@pytest.mark.parametrize("fields", [{}, {"purged_at": NEW}])
def test_who_was_removed_sees_nothing(tmp_path: Path, fields: dict[str, str]) -> None:
    """Whether the files are there yet or not."""
    with pytest.raises(CannotRead) as error:
        seen("ada", stones(tmp_path, **fields))
    assert error.value.why == "removed"


def test_nobody_sees_them_in_an_exam(tmp_path: Path) -> None:
    """Whoever sits one finds earlier files neither in the lab nor at the hub, until it ends; others see theirs."""
    now = time.time()
    sat = ExamLab(
        person="ada", server="exam", course="biology", exam="final", title="Final", begins_at=now - 1, ends_at=now + 1
    )
    exam_lab.know([sat])
    try:
        with pytest.raises(CannotRead) as error:
            seen("ada", tmp_path)
        assert (error.value.why, page.STATUS["exam"]) == ("exam", 403)
        assert seen("bela", tmp_path) == ["new", "old"]
        exam_lab.know([replace(sat, ends_at=now)])
        assert seen("ada", tmp_path) == ["new", "old"]
    finally:
        exam_lab.know([])


def test_nobody_sees_anything_while_it_is_not_known_whose_it_is(tmp_path: Path) -> None:
    """Records that cannot be read, and copies that are dated in the future."""
    (tmp_path / TOMBSTONES).write_text("{")
    with pytest.raises(CannotRead):
        seen("bela", tmp_path)
    (tmp_path / TOMBSTONES).unlink()
    assert own.of_person([{"name": "x", "made_at": 1_800_000_000.0}], "bela", tmp_path) == []


@pytest.mark.parametrize("path", ["", "notes/essay.ipynb", "new\nline", "a%2e%2e", "ä *[x]", "x" * 300])
def test_a_path_comes_as_it_was(path: str) -> None:
    """Whatever letters a file's name has."""
    assert page.decoded(page.encoded(path)) == path


@pytest.mark.parametrize(
    "path", ["../adam", "notes/../../adam", "/etc/passwd", "a//b", "./a", "a\0b", "x/" * 3000 + "x"]
)
def test_no_address_leads_out_of_a_home(path: str) -> None:
    """The hub refuses it before it asks anybody."""
    with pytest.raises(CannotRead):
        page.decoded(page.encoded(path))


@pytest.mark.parametrize("text", ["%", "a=b", "////8", "Li4v" * 3, "\xff"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    """It is no path, and no fault of the hub's."""
    with pytest.raises(CannotRead):
        page.decoded(text)


def test_one_thing_comes_back_at_a_time() -> None:
    """Who presses twice begins once; each person's own is told to nobody else."""

    async def pressed() -> None:
        jobs, gate = Jobs(), asyncio.Event()

        async def work() -> dict[str, Any]:
            await gate.wait()
            return {"where": "x"}

        task = jobs.begin("ada", "x", work())
        assert task is not None
        assert jobs.begin("ada", "y", work()) is None
        assert jobs.of("bela") is None
        gate.set()
        await task
        job = jobs.of("ada")
        assert job is not None
        assert (job.path, job.said) == ("x", {"where": "x"})

    asyncio.run(pressed())


def test_what_fails_is_told_and_keeps_nothing_up() -> None:
    """A fault of whatever kind is one that the page has words for."""

    async def failed() -> None:
        jobs = Jobs()

        async def work() -> dict[str, Any]:
            raise OSError

        task = jobs.begin("ada", "x", work())
        assert task is not None
        await asyncio.wait({task})
        assert isinstance(task.exception(), OSError)
        job = jobs.of("ada")
        assert job is not None
        assert job.said == {"fault": "unreadable"}

    asyncio.run(failed())


@pytest.mark.parametrize("shown", [True, False])
def test_the_panel_is_there_where_copies_are(shown: bool) -> None:
    """And absent otherwise."""
    handler = SimpleNamespace(settings={"template_vars": {"shows_copies": shown}})
    assert (asyncio.run(panel.copies(handler)) is not None) is shown
