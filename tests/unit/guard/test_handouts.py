"""What the guard makes of a request that a folder of a grader lab becomes a handout."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from homeroom.contract.handouts import ADDRESS, directory
from homeroom.guard import handouts
from homeroom.guard.engine_gateway import EngineGateway
from homeroom.guard.run_rules import RunRule
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


WHERE = {"url": "https://x.org/a.git", "branch": "", "inner": "", "most_bytes": "9"}
FETCHED = {"course": "biology", "name": "week1", **WHERE}


def test_a_repository_is_fetched_as_labs_would(tmp_path: Path) -> None:
    """In the labs' image and on their network, once the firewall is in force, with no home and no capability."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        rule = RunRule(profile="", image="lab:local", memory_bytes=1, pids=1, seconds=1)
        gateway.policy = replace(gateway.policy, runs=(rule,), fetch_environment=frozenset({"https_proxy=http://p:1"}))
        status, _ = await ask("POST", ADDRESS, json=FETCHED)
        assert status == 200
        ((_, _, text),) = engine.said("/containers/create")
        body: dict[str, Any] = json.loads(text)
        assert (body["Image"], body["User"], body["Entrypoint"]) == ("lab:local", "1000:100", [])
        assert json.loads(body["Cmd"][-1]) == WHERE
        assert "https_proxy=http://p:1" in body["Env"]
        host = body["HostConfig"]
        assert (host["NetworkMode"], host["CapDrop"]) == (next(iter(gateway.policy.networks)), ["ALL"])
        own = directory("biology", "week1")
        assert [one["Source"] for one in host["Mounts"]] == [f"/volumes/sockets/{own}"]
        assert [path for _, path, _ in engine.calls if "com.docker.compose.service%3Dfirewall" in path]

    run(tmp_path, attempt)


def test_a_folder_waits_for_no_repository(tmp_path: Path) -> None:
    """As many repositories as may be at once, whose hosts do not answer, are in no folder's way."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        engine.volumes[HOME] = {**LABELS, "homeroom.user": "grader-biology"}
        hand_out = gateway._hand_out
        waiting = {f"repository-{number}" for number in range(handouts.AT_ONCE)}
        hand_out._repositories._busy |= waiting
        assert await ask("POST", ADDRESS, json=ASKED) == (200, {"fault": "unreadable"}), "it ran"
        rule = RunRule(profile="", image="lab:local", memory_bytes=1, pids=1, seconds=1)
        gateway.policy = replace(gateway.policy, runs=(rule,))
        assert await ask("POST", ADDRESS, json=FETCHED) == (200, {"fault": "busy"})

    run(tmp_path, attempt)


@pytest.mark.parametrize(
    "change",
    [
        {"url": "file:///etc"},
        {"url": "https://me:word@x.org/a"},
        {"url": "https://x.org/a b"},
        {"url": "https://-x/a"},
        {"url": "https://x.org/" + "a" * 1000},
        {"branch": "--upload-pack=id"},
        {"branch": "a..b"},
        {"inner": ".."},
        {"inner": "a/../b"},
        {"inner": "/etc"},
        {"folder": "week1"},
    ],
)
def test_only_a_repository_of_the_network(change: dict[str, str]) -> None:
    """No address of another kind, and nothing that git would take for something else."""
    assert handouts.checked(FETCHED) == FETCHED
    with pytest.raises(Refused):
        handouts.checked({**FETCHED, **change})
