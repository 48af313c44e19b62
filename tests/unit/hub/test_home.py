"""The home page is made of panels that rooms add."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.hub import home
from homeroom.labs import panel as labs
from homeroom.labs.plan import LabPlan, Person
from tornado import web

from tests.hub_deployment import ROOT

PROFILE = {
    "display_name": "Small",
    "description": "For lectures.",
    "image": "i",
    "memory_bytes": 2**30,
    "cpus": 1.0,
    "gpus": 0,
    "shm_bytes": 0,
    "environment": {},
    "network": "open",
    "idle_seconds": 0,
    "max_age_seconds": 0,
    "ephemeral": False,
    "allow": None,
}


class Spawner(SimpleNamespace):
    """A lab, as far as the home page asks."""

    @property
    def plan(self) -> LabPlan:
        if self.refused:
            raise web.HTTPError(403)
        return LabPlan(
            profile="small", image="i", memory_bytes=2**30, cpus=2.0, idle_seconds=3600, max_age_seconds=7200
        )


def handler(*, ready: bool = True, refused: bool = False, profiles: int = 1, groups: tuple[str, ...] = ()) -> Any:
    """The home page of somebody."""
    spawner = Spawner(
        ready=ready,
        refused=refused,
        home_hard_limit=5 * 2**30,
        orm_spawner=SimpleNamespace(started=datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=30)),
        profiles=[{**PROFILE, "name": f"p{number}"} for number in range(profiles)],
        groups={},
        person=Person(name="ada", hub_groups=frozenset(groups)),
    )
    return SimpleNamespace(current_user=SimpleNamespace(spawner=spawner), log=logging.getLogger("home"))


def test_each_panel_has_its_template_and_the_reverse() -> None:
    """A room adds a panel by a file `panel.py` and a template of the panel's name; none is listed anywhere."""
    names = [panel.name for panel in home.known()]
    assert {"lab", "profiles", "groups"} <= set(names)
    assert sorted(names) == sorted(path.stem for path in (ROOT / "jupyterhub/templates/panels").glob("*.html"))
    assert names[0] == "lab"


def test_a_panel_that_fails_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are shown all the same, and the lab can be started."""

    async def fails(_: Any) -> None:
        raise ValueError("no such thing")

    async def nothing(_: Any) -> None:
        return None

    kept = next(panel for panel in home.known() if panel.name == "lab")
    broken = home.Panel(name="broken", order=1, ask=fails)
    empty = home.Panel(name="empty", order=2, ask=nothing)
    monkeypatch.setattr(home, "known", lambda: (broken, empty, kept))
    assert [name for name, _ in asyncio.run(home.shown(handler()))] == ["lab"]


def test_what_a_running_lab_has_is_told() -> None:
    """Memory, CPUs, the limit of files, the time that is left, and when it stops for being idle."""
    facts = asyncio.run(labs.lab(handler()))["facts"]
    assert [str(fact) for fact in facts] == [
        "1 GB memory",
        "2 CPUs",
        "up to 5 GB of files",
        "ends in 90 min at the latest",
        "stops after 1 h without use",
    ]
    assert asyncio.run(labs.lab(handler(ready=False)))["facts"] == []
    assert asyncio.run(labs.lab(handler(refused=True)))["facts"] == []


def test_a_choice_and_groups_are_shown_where_there_are_some() -> None:
    """One profile is no choice, and who is in no group is told of none."""
    assert asyncio.run(labs.profiles(handler())) is None
    assert asyncio.run(labs.groups(handler())) is None
    several = asyncio.run(labs.profiles(handler(profiles=2)))
    assert several is not None
    assert [each["title"] for each in several["profiles"]] == ["Small", "Small"]
    assert asyncio.run(labs.groups(handler(groups=("physics",)))) == {"groups": ["physics"]}
