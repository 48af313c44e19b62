"""What the guard makes of a request that a folder of a grader lab becomes a handout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from homeroom.contract.handouts import ADDRESS, directory
from homeroom.guard import handouts
from homeroom.guard.engine_gateway import EngineGateway
from homeroom.guard.values import Refused

from tests.unit.guard.test_guard import LABELS, Ask, Engine, run

ASKED = {"course": "biology", "name": "week1", "folder": "week-1", "most_bytes": "1000"}
HOME = "homeroom-user-grader-2dbiology"


def test_it_reads_one_home_and_can_do_nothing(tmp_path: Path) -> None:
    """The container has the home of this course's grader lab, read-only, and one socket; no network, no capability, and
    it is removed, as is the socket's directory."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        engine.volumes[HOME] = {**LABELS, "homeroom.user": "grader-biology"}
        status, said = await ask("POST", ADDRESS, json=ASKED)
        assert (status, said) == (200, {"fault": "unreadable"})  # the engine's log is none of ours here
        ((_, _, text),) = engine.said("/containers/create")
        body: dict[str, Any] = json.loads(text)
        assert (body["User"], body["Cmd"][-2:]) == ("1000:100", ["week-1", "1000"])
        host = body["HostConfig"]
        assert (host["NetworkMode"], host["CapDrop"], host["ReadonlyRootfs"]) == ("none", ["ALL"], True)
        own = directory("biology", "week1")
        assert [(one["Source"], one["ReadOnly"]) for one in host["Mounts"]] == [
            (HOME, True),
            (f"/volumes/sockets/{own}", True),
        ]
        assert [call for call in engine.calls if call[0] == "DELETE"]
        assert not (gateway.lab_sockets / own).exists()

    run(tmp_path, attempt)


def test_nobody_elses_home(tmp_path: Path) -> None:
    """A volume that is not labelled as that grader lab's, or is not there, is read for nobody."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        assert (await ask("POST", ADDRESS, json=ASKED))[0] == 403
        engine.volumes[HOME] = {**LABELS, "homeroom.user": "bob"}
        assert (await ask("POST", ADDRESS, json=ASKED))[0] == 403
        assert not engine.said("/containers/create")

    run(tmp_path, attempt)


@pytest.mark.parametrize(
    "change",
    [
        {"course": "../x"},
        {"course": ""},
        {"name": "Week 1"},
        {"folder": "../.."},
        {"folder": "a/b"},
        {"folder": "--help"},
        {"most_bytes": "-1"},
        {"most_bytes": "many"},
        {"user": "ada"},
    ],
)
def test_only_a_folder_of_a_grader_lab(change: dict[str, str]) -> None:
    """Nothing else is read so: no home of a person's, and no other place in that home."""
    with pytest.raises(Refused):
        handouts.checked({**ASKED, **change})
