"""The lab's watch over handouts: it delivers what is new, tries again what was not whole, and tells the hub."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from homeroom_lab.handouts import watch
from homeroom_lab.handouts.deliver import Result
from homeroom_lab.handouts.watch import HandoutWatch


def hand_out(places: Path, revision: str, text: str) -> None:
    """Publish one handout."""
    folder = places / "g" / f"week1@{revision}"
    folder.mkdir(parents=True)
    (folder / f"{revision}.txt").write_text(text)
    row = {"name": "week1", "to": "week1", "revision": revision, "folder": folder.name}
    (places / "g/index.json").write_text(json.dumps({"handouts": [row]}))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the hub was told: the states; while the last entry is `away`, it cannot be."""
    said: list[list[str]] = []

    async def tell(results: list[Result], _: Any) -> bool:
        if said and said[-1] == ["away"]:
            return False
        said.append([f"{one.name} {one.state} {one.copied}" for one in results])
        return True

    monkeypatch.setattr(watch, "tell_hub", tell)
    return said


def test_a_new_handout_comes_into_a_running_lab(tmp_path: Path, told: list[list[str]]) -> None:
    """With the next look; the hub is told once, and again when it was away."""
    (tmp_path / "home").mkdir()
    (tmp_path / "places").mkdir()
    watched = HandoutWatch(tmp_path / "places", tmp_path / "home", tmp_path / "desk.sock")

    async def looks() -> None:
        await watched.look()
        hand_out(tmp_path / "places", "1", "one")
        await watched.look()
        await watched.look()
        assert told == [[], ["week1 delivered 1"]]
        told.append(["away"])
        hand_out(tmp_path / "places", "2", "two")
        await watched.look()
        assert told.pop() == ["away"]
        await watched.look()
        assert told[-1] == ["week1 delivered 2"]

    asyncio.run(looks())
    assert sorted(path.name for path in (tmp_path / "home/week1").iterdir()) == ["1.txt", "2.txt"]


def test_what_was_not_whole_is_tried_again(
    tmp_path: Path, told: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a new handout, after a while: its owner may have made room."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "week1").write_text("mine")
    hand_out(tmp_path / "places", "1", "one")
    watched = HandoutWatch(tmp_path / "places", home, tmp_path / "desk.sock")

    async def looks() -> None:
        await watched.look()
        (home / "week1").unlink()
        await watched.look()
        assert told[-1] == ["week1 failed 0"]
        monkeypatch.setattr(watch, "AGAIN_SECONDS", -1)
        await watched.look()
        assert told[-1] == ["week1 delivered 1"]

    asyncio.run(looks())


def test_a_fresh_copy_of_what_there_is(tmp_path: Path) -> None:
    """By its name; of what there is not there is none."""
    (tmp_path / "home").mkdir()
    hand_out(tmp_path / "places", "1", "one")
    watched = HandoutWatch(tmp_path / "places", tmp_path / "home", tmp_path / "desk.sock")
    assert asyncio.run(watched.fresh("week1")).startswith("week1-fresh-")
    assert asyncio.run(watched.fresh("../../etc")) == ""
