"""A group that ends, on a deployment that runs: people are told, leave after their last day, and their files stay."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from generator.core.lock import exclusive
from tests.faults import until
from tests.hub_deployment import HubDeployment, deployment_with_site, engine
from tests.person import Person
from tests.stub_lab import COMMAND

LIGHT = f"c.Spawner.pre_spawn_hook = lambda spawner: setattr(spawner, 'cmd', {COMMAND!r})\n"
LAST_DAY = date.today() - timedelta(days=1)
CLASS = ("ada", "bela", "busy")
NAME = "hrends"


@pytest.fixture
def school(prepared_engine: None, tmp_path: Path) -> Iterator[HubDeployment]:
    """A class whose last day was yesterday, of which nobody was told yet; one of them is in another group too."""
    groups = f"groups:\n  old:\n    ends: {LAST_DAY}\n    members: [{', '.join((*CLASS, 'stays'))}]\n"
    groups += "  staff:\n    members: [stays]\n"
    light = {"DOCKER_NOTEBOOK_IMAGE": f"{NAME}{os.getpid()}-hub:local", "LAB_MEMORY": "128M"}
    site = {"groups.yaml": groups, "hub.d/10-light.py": LIGHT}
    with deployment_with_site(
        tmp_path / "school", NAME, site, GROUP_END_NOTICE_DAYS="7,1", GROUP_END_MOST="1", RETENTION_DAYS="5", **light
    ) as made:
        yield made


def by_the_clock(school: HubDeployment) -> tuple[int, str]:
    """What the machine's clock runs each day: its exit code, and what it said."""
    done = school.verb("timers", "--run=group-ends")
    return done.returncode, " ".join(done.stdout.split())


def a_day_passes(school: HubDeployment) -> None:
    """As if all that is known of the looks had been a day earlier, and people had last been here then."""
    file = school.directory / "people/group-ends.json"
    known: dict[str, Any] = json.loads(file.read_text())
    day = timedelta(days=1)
    known["looked_on"] = (date.fromisoformat(known["looked_on"]) - day).isoformat()
    for name, words in known["since"].items():
        last, _, since = words.partition(" ")
        known["since"][name] = f"{last} {date.fromisoformat(since) - day}"
    file.write_text(json.dumps(known))
    away = "import sqlite3; d = sqlite3.connect('/srv/data/jupyterhub.sqlite', timeout=20);"
    away += "d.execute(\"UPDATE users SET last_activity = datetime(last_activity, '-1 day')\");"
    away += "d.execute(\"UPDATE spawners SET last_activity = datetime(last_activity, '-1 day')\"); d.commit()"
    school.compose("exec", "-T", "hub", "python", "-c", away)


def is_home(answer: requests.Response) -> bool:
    """Whether somebody was let in: the page that they asked for is shown, and not the one to sign in."""
    return urlsplit(answer.url).path == "/hub/home"


def homes(school: HubDeployment) -> set[str]:
    """Whose homes there are."""
    chosen = {"label": f"homeroom.deployment={school.project}"}
    labels = [volume.attrs["Labels"] or {} for volume in engine().volumes.list(filters=chosen)]
    return {each["homeroom.user"] for each in labels if "homeroom.user" in each}


def test_a_class_leaves_after_its_last_day(school: HubDeployment) -> None:
    """Everybody sees it on their page first, and nobody goes without the notice. Then by the clock not more than
    GROUP_END_MOST, nor who has a lab, nor who is in a group that goes on; typed with their number they leave by the
    same path as by `make user-remove`: locked out, the files kept, and back by one verb."""
    people = {name: Person(school, name) for name in (*CLASS, "stays")}
    for name, person in people.items():
        assert is_home(person.sign_in("")), name
        person.start_lab()
        if name != "busy":
            person.stop_lab()
    assert LAST_DAY.isoformat() in people["ada"].get("hub/home").text
    assert LAST_DAY.isoformat() not in people["stays"].get("hub/home").text
    assert homes(school) == set(people)

    assert by_the_clock(school) == (0, "Nobody's last day is over.")
    a_day_passes(school)
    people["busy"].get("user/busy/lab")
    code, said = by_the_clock(school)
    assert code != 0, said
    assert "of 2 users is over, and that is more than GROUP_END_MOST=1; nobody was removed" in said
    assert "GROUP_END_MOST=1" in school.verb("watch").stdout
    assert is_home(people["ada"].get("hub/home"))

    a_day_passes(school)
    with exclusive(school.directory / "people"):
        assert "another command has people leave" in by_the_clock(school)[1]
    shown = school.make("group-ends").stdout
    assert "PEOPLE=2 removes them now" in shown
    assert "busy" in shown
    done = " ".join(school.make("group-ends", "PEOPLE=2").stdout.split())
    keeps = date.today() + timedelta(days=5)
    assert f"The files are kept until {keeps}" in done
    for name in ("ada", "bela"):
        assert not is_home(people[name].get("hub/home")), name
        assert not is_home(Person(school, name).sign_in("")), name
    assert homes(school) == set(people)
    assert is_home(people["stays"].get("hub/home"))
    assert "lab" in people["busy"].get("user/busy/lab").url
    log = school.make("audit", "NAME=ada").stdout
    assert "user-remove" in log
    assert f"group old ended on {LAST_DAY}" in " ".join(log.split())
    assert "Removed, files kept for now: 2 homes" in school.make("status").stdout

    assert "Nothing is removed for good" in " ".join(school.make("purge-removed").stdout.split())
    assert "Nobody is due" in school.make("purge-removed", f"TODAY={date.today()}").stdout
    assert homes(school) == set(people)
    assert "is back" in school.make("user-restore", "NAME=ada").stdout
    assert is_home(Person(school, "ada").sign_in(""))

    people["busy"].stop_lab()
    until(lambda: not school.labs("busy"), "the lab is gone")
    a_day_passes(school)
    (school.directory / ".env").write_text(
        (school.directory / ".env").read_text().replace("GROUP_END_MOST=1", "GROUP_END_MOST=2")
    )
    a_day_passes(school)
    code, said = by_the_clock(school)
    assert code == 0, said
    assert not is_home(people["busy"].get("hub/home"))
    assert homes(school) == set(people)
