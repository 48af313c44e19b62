"""What the guard makes of a request that the home of an exam is handed in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from homeroom.contract.exam_labs import SEAL_ADDRESS, lab_name, seal_directory, volume_name
from homeroom.guard import seal
from homeroom.guard.engine_gateway import EngineGateway
from homeroom.guard.values import Refused

from tests.unit.guard.test_guard import LABELS, Ask, Engine, run

SERVER = lab_name("biology", "final")
ASKED = {"user": "ada", "server": SERVER, "folder": "final"}
HOME = volume_name("homeroom", "ada", SERVER)


def test_it_reads_one_home_and_can_do_nothing(tmp_path: Path) -> None:
    """The container has the home of this exam, read-only, and one socket; no network, no capability, and it is
    removed, as is the socket's directory."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        engine.volumes[HOME] = LABELS
        status, said = await ask("POST", SEAL_ADDRESS, json=ASKED)
        assert (status, said) == (200, {"fault": "unreadable"})  # the engine's log is none of ours here
        ((_, _, text),) = engine.said("/containers/create")
        body: dict[str, Any] = json.loads(text)
        assert (body["User"], body["Cmd"][-1]) == ("1000:100", "final")
        host = body["HostConfig"]
        assert (host["NetworkMode"], host["CapDrop"], host["ReadonlyRootfs"]) == ("none", ["ALL"], True)
        directory = seal_directory("ada", SERVER)
        assert [(one["Source"], one["ReadOnly"]) for one in host["Mounts"]] == [
            (HOME, True),
            (f"/volumes/sockets/{directory}", True),
        ]
        assert [call for call in engine.calls if call[0] == "DELETE"]
        assert not (gateway.lab_sockets / directory).exists()

    run(tmp_path, attempt)


def test_nobody_elses_home(tmp_path: Path) -> None:
    """A volume that is not labelled as that person's, or is not there, is handed in for nobody."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        assert (await ask("POST", SEAL_ADDRESS, json=ASKED))[0] == 403
        engine.volumes[HOME] = {**LABELS, "homeroom.user": "bob"}
        assert (await ask("POST", SEAL_ADDRESS, json=ASKED))[0] == 403
        assert not engine.said("/containers/create")

    run(tmp_path, attempt)


@pytest.mark.parametrize(
    "change",
    [
        {"server": ""},
        {"server": "lab"},
        {"folder": "../.."},
        {"folder": ""},
        {"user": ""},
        {"user": "a" * 300},
        {"x": "y"},
    ],
)
def test_only_the_home_of_an_exam(change: dict[str, str]) -> None:
    """Nothing else is handed in so, such as a person's own home."""
    with pytest.raises(Refused):
        seal.checked({**ASKED, **change})


def test_what_a_killed_guard_left_is_removed(tmp_path: Path) -> None:
    """The next guard removes the containers of the one before, and no others."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        found: list[Any] = [
            {"Id": "left", "Labels": {"homeroom.deployment": "homeroom", "homeroom.service": "seal"}},
            {"Id": "handout", "Labels": {"homeroom.deployment": "homeroom", "homeroom.service": "handout"}},
            {"Id": "file", "Labels": {"homeroom.deployment": "homeroom", "homeroom.service": "take-back"}},
            {"Id": "other", "Labels": {"homeroom.deployment": "homeroom", "homeroom.service": "homes"}},
        ]
        engine.firewalls = found
        await gateway.sweep()
        removed = [path.partition("?")[0] for method, path, _ in engine.calls if method == "DELETE"]
        assert removed == ["/containers/left", "/containers/handout", "/containers/file"]

    run(tmp_path, attempt)
