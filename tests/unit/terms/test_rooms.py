"""Rooms of a course's page go with the course."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.labels import USER_LABEL
from generator.topics.people import removal
from generator.topics.terms import kept, rooms


def found(*names: str) -> kept.Kept:
    """A course with rooms."""
    made = {"rooms": [{"name": name, "title": name, "profile": "", "is_open": True} for name in names]}
    return kept.Kept(course="bio", desk=None, home=None, sends=0, sittings=0, made=made)


def test_the_files_rooms_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that site/rooms.yaml has by the same name is the file's, and so are its files."""
    monkeypatch.setattr(rooms, "SITE", tmp_path)
    assert rooms.users(found("lab", "a")) == ["room-bio-lab", "room-bio-a"]
    (tmp_path / "rooms.yaml").write_text("rooms: [{name: bio-lab, public: true}]\n")
    assert rooms.users(found("lab", "a")) == ["room-bio-a"]
    assert rooms.users(kept.Kept(course="bio", desk=None, home=None, sends=0, sittings=0, made=None)) == []


def test_a_room_goes_the_way_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed first; then it is removed as people are, with its files kept a while or not. One that the hub never knew
    has a home at most. One that people still enter is not touched, nor one in which they may be working."""
    here: Any = SimpleNamespace(labs=lambda *, running_only: [SimpleNamespace(labels={USER_LABEL: "room-bio-a"})])
    done: list[Any] = []
    still = ["room-bio-study"]

    def remove(_: Any, names: list[str], why: str, *, now: bool) -> None:
        done.append((names, why, now))
        if names == ["room-bio-b"]:
            raise removal.NobodyCalled("nobody", location="NAME", remedy="")

    def ask(_: Any, verb: str, **given: str) -> dict[str, Any]:
        done.append((verb, given["course"]))
        return {"open": still}

    monkeypatch.setattr(kept, "ask", ask)
    monkeypatch.setattr(removal, "remove", remove)
    monkeypatch.setattr(removal, "remove_home", lambda _, name: done.append(name))
    rooms.remove(here, "bio", ["room-bio-a", "room-bio-b"], "over", now=False)
    assert done == [
        ("close-rooms", "bio"),
        (["room-bio-a"], "over", False),
        (["room-bio-b"], "over", False),
        "room-bio-b",
    ]
    with pytest.raises(HomeroomError, match="people still enter room-bio-study"):
        rooms.remove(here, "bio", still, "over", now=True)
    with pytest.raises(HomeroomError, match="room-bio-a, which is running"):
        rooms.require_still(here, ["room-bio-a", "room-bio-b"])
    rooms.require_still(here, ["room-bio-b"])
