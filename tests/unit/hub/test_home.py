"""The home page is made of panels that rooms add."""

from __future__ import annotations

import asyncio
import logging
import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.culling.more_time import Ends
from homeroom.hub import home
from homeroom.labs import lab_now
from homeroom.labs import panel as labs
from homeroom.labs.lab_now import LabNow
from homeroom.labs.plan import LabPlan, Person
from homeroom.spawner.memory_use import Memory
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


NOW = 1_800_000_000.0


class MemoryIs:
    """What the engine counts."""

    def __init__(self, memory: Memory | None) -> None:
        self.memory = memory

    async def now(self) -> Memory | None:
        return self.memory


class Spawner(SimpleNamespace):
    """A lab, as far as the home page asks."""

    @property
    def plan(self) -> LabPlan:
        if self.refused:
            raise web.HTTPError(403)
        return LabPlan(profile="small", image="i", memory_bytes=2**30, cpus=2.0)


def lab(name: str = "", *, ready: bool = True, refused: bool = False, **values: Any) -> Spawner:
    """One that has run for half an hour and may be idle for one."""
    ends = Ends(idle_at=NOW + 3000, latest_at=NOW + 5400)
    memory = Memory(used_bytes=300 * 2**20, limit_bytes=2**30)
    known: dict[str, Any] = {
        "name": name,
        "ready": ready,
        "refused": refused,
        "memory_use": MemoryIs(memory),
        "time": SimpleNamespace(ends=ends, can_be_longer=True),
        "home_hard_limit": 5 * 2**30,
        "home_soft_limit": 0,
        "groups": {},
        "joined_later": [],
        "sits_exam": False,
    }
    return Spawner(**{**known, **values})


class Somebody:
    """A person, as far as the home page asks."""

    def __init__(self, spawner: Spawner, named: tuple[Spawner, ...]) -> None:
        self.spawner = spawner
        self.named = named
        self.groups: tuple[Any, ...] = ()

    def all_spawners(self, include_default: bool = True) -> tuple[Spawner, ...]:
        return (self.spawner, *self.named) if include_default else self.named


def handler(
    spawner: Spawner | None = None,
    *,
    named: tuple[Spawner, ...] = (),
    profiles: int = 1,
    groups: tuple[str, ...] = (),
) -> Any:
    """The home page of somebody."""
    shown = spawner or lab()
    shown.profiles = [{**PROFILE, "name": f"p{number}"} for number in range(profiles)]
    shown.person = Person(name="ada", hub_groups=frozenset(groups))
    return SimpleNamespace(current_user=Somebody(shown, named), log=logging.getLogger("home"))


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time stands still."""
    monkeypatch.setattr("homeroom.labs.lab_now.time.time", lambda: NOW)


def test_each_panel_has_its_template_and_the_reverse() -> None:
    """A room adds a panel by a file `panel.py` and a template of the panel's name; none is listed anywhere."""
    names = [panel.name for panel in home.known()]
    assert {"lab", "profiles", "groups"} <= set(names)
    assert sorted(names) == sorted(path.stem for path in (ROOT / "jupyterhub/templates/panels").glob("*.html"))
    assert names[:3] == ["announcements", "exams", "lab"]


VOID = {"br", "img", "input", "meta"}
"""Elements without an end."""


class Fresh(HTMLParser):
    """The parts of a panel's template that an open page replaces, and what people type into within them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.fields: list[str] = []
        self._open: list[bool] = []
        self.feed(re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("input", "textarea", "select"):
            self.fields += [tag] if any(self._open) and given.get("type") != "hidden" else []
        if tag not in VOID:
            self._open.append("data-fresh" in given)
        if "data-fresh" in given:
            self.parts.append(str(given["data-fresh"]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._open.pop()


def test_what_is_brought_up_to_date_takes_nothing_that_somebody_types() -> None:
    """A panel that an open page asks for again has parts to replace, each of a name of its own; a field is in none of
    them."""
    refreshed = [panel.name for panel in home.known() if panel.refreshed]
    assert "lab" in refreshed
    for name in refreshed:
        source = (ROOT / f"jupyterhub/templates/panels/{name}.html").read_text(encoding="utf-8")
        fresh = Fresh(source.partition("{% set lab")[2] or source)
        assert fresh.parts
        assert len(fresh.parts) == len(set(fresh.parts))
        assert fresh.fields == []


def test_a_panel_that_fails_is_left_out() -> None:
    """The others are shown all the same, and the lab can be started."""

    async def fails(_: Any) -> None:
        raise ValueError("no such thing")

    async def nothing(_: Any) -> None:
        return None

    kept = next(panel for panel in home.known() if panel.name == "lab")
    broken = home.Panel(name="broken", order=1, ask=fails)
    empty = home.Panel(name="empty", order=2, ask=nothing)
    assert [panel.name for panel, _ in asyncio.run(home.shown(handler(), (broken, empty, kept)))] == ["lab"]


def test_in_an_exam_only_what_belongs_there_is_shown() -> None:
    """No way to a lab that somebody would not get into: their own, a room, one that is shown."""
    panels = (
        home.Panel(name="other", order=1, ask=labs.lab),
        *(panel for panel in home.known() if panel.name == "lab"),
    )
    for sits_exam, names in ((False, ["other", "lab"]), (True, ["other"])):
        found = asyncio.run(home.shown(handler(lab(sits_exam=sits_exam)), panels))
        assert [panel.name for panel, _ in found] == names
    left_out = {panel.name for panel in home.known() if not panel.in_exam}
    assert left_out == {"lab", "profiles", "rooms", "showing", "copies", "handouts"}


def shown_of(now: LabNow) -> list[str]:
    """All that a lab's part of the page says."""
    return [str(said) for said in (*(use.said for use in now.uses), *now.gives, *now.ends)]


def test_what_a_running_lab_takes_is_told() -> None:
    """Its memory of the limit, its CPUs, when it stops for being idle, and when it ends whatever happens."""
    now = asyncio.run(labs.lab(handler()))["now"][""]
    assert shown_of(now) == [
        "300 MB of 1 GB memory in use",
        "2 CPUs",
        "stops in 50 min if it is not used",
        "ends in 90 min at the latest",
    ]
    assert now.uses[0].percent == 29
    assert now.can_be_longer


def test_what_is_not_known_is_left_out() -> None:
    """An engine that does not answer, a profile that is no longer the user's, a lab that does not run: the rest is
    shown all the same."""
    unknown = lab(memory_use=MemoryIs(None))
    assert shown_of(asyncio.run(labs.lab(handler(unknown)))["now"][""])[:2] == ["1 GB memory", "2 CPUs"]
    refused = asyncio.run(labs.lab(handler(lab(refused=True))))["now"][""]
    assert shown_of(refused)[1] == "stops in 50 min if it is not used"
    assert asyncio.run(labs.lab(handler(lab(ready=False))))["now"][""] == LabNow()


def test_what_comes_after_the_end_is_not_told() -> None:
    """A lab that ends in any case before it could be idle for long enough says so alone."""
    soon = SimpleNamespace(ends=Ends(idle_at=NOW + 5000, latest_at=NOW + 600), can_be_longer=False)
    assert shown_of(asyncio.run(labs.lab(handler(lab(time=soon))))["now"][""])[2:] == ["ends in 10 min at the latest"]


def test_each_lab_with_a_name_is_told_of_by_itself() -> None:
    """Several labs: each with its own figures."""
    large = lab("large", memory_use=MemoryIs(Memory(used_bytes=2**30, limit_bytes=2**31)))
    now = asyncio.run(labs.lab(handler(named=(large, lab("off", ready=False)))))["now"]
    assert [shown_of(now[name])[:1] for name in ("", "large", "off")] == [
        ["300 MB of 1 GB memory in use"],
        ["1 GB of 2 GB memory in use"],
        [],
    ]


def test_how_much_a_home_takes_of_its_limit() -> None:
    """Where a home has a limit, what it takes is shown, also while no lab runs; before a lab has told it, the limit
    alone; without a limit nothing."""
    known = lab_now.home_of(lab(ready=False), 2**30)
    assert isinstance(known, lab_now.Use)
    assert (str(known.said), known.percent) == ("1 GB of 5 GB for files in use", 20)
    assert str(lab_now.home_of(lab(), None)) == "up to 5 GB of files"
    soft = lab_now.home_of(lab(home_hard_limit=0, home_soft_limit=2**30), 2**31)
    assert isinstance(soft, lab_now.Use)
    assert soft.percent == 100
    assert lab_now.home_of(lab(home_hard_limit=0), 2**30) is None


def test_a_choice_and_groups_are_shown_where_there_are_some() -> None:
    """One profile is no choice, and who is in no group is told of none."""
    assert asyncio.run(labs.profiles(handler())) is None
    assert asyncio.run(labs.groups(handler())) is None
    several = asyncio.run(labs.profiles(handler(profiles=2)))
    assert several is not None
    assert [each["title"] for each in several["profiles"]] == ["Small", "Small"]
    assert asyncio.run(labs.groups(handler(groups=("physics",)))) == {"groups": ["physics"], "joined": []}


def test_who_joined_a_group_after_their_lab_started_is_told() -> None:
    """Of each of their labs: what the group brings comes with a restart."""
    labs_now = handler(lab(joined_later=["physics"]), named=(lab("two", joined_later=["art"]),), groups=("physics",))
    assert asyncio.run(labs.groups(labs_now)) == {"groups": ["physics"], "joined": ["art", "physics"]}
