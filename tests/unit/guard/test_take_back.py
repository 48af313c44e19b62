"""What the guard makes of a request that a file comes back from a copy."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from homeroom.contract.take_back import ADDRESS
from homeroom.guard import take_back
from homeroom.guard.engine_gateway import EngineGateway
from homeroom.guard.records import Records
from homeroom.guard.take_back import TakeBack
from homeroom.guard.values import Refused

from tests.unit.guard.test_guard import POLICY, Ask, Engine, run

ASKED = {"user": "ada", "copy": "a" * 64, "path": "notes/essay.ipynb", "stamp": "2026-11-26-0230"}
READS = dataclasses.replace(POLICY, reader_socket_volume="homeroom_reader-socket", take_back_image="hub")


def reading(gateway: EngineGateway, folder: Path) -> Records:
    """Have the guard know of copies, and of records of its own."""
    gateway.policy = READS
    gateway._take_back = TakeBack(READS, gateway._send)
    gateway.records = Records(folder)
    return gateway.records


def made(engine: Engine) -> list[dict[str, Any]]:
    """The containers that the engine was asked for."""
    return [json.loads(body) for _, _, body in engine.said("/containers/create")]


def test_it_sees_one_home_and_can_do_nothing(tmp_path: Path) -> None:
    """The container has the home of the person who is named, and asks for files of no other; it is the home's owner,
    without a capability or a network, and it is removed."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        reading(gateway, tmp_path)
        status, said = await ask("POST", ADDRESS, json=ASKED)
        assert (status, said) == (200, {"fault": "unreadable"})  # the engine's log is none of ours here
        (body,) = made(engine)
        assert body["User"] == "1000:100"
        assert json.loads(body["Cmd"][-1]) == {"home": "ada", **{k: v for k, v in ASKED.items() if k != "user"}}
        host = body["HostConfig"]
        assert (host["NetworkMode"], host["CapDrop"], host["ReadonlyRootfs"]) == ("none", ["ALL"], True)
        assert "CapAdd" not in host
        assert [(one["Source"], one["ReadOnly"]) for one in host["Mounts"]] == [
            ("homeroom-user-ada", False),
            ("homeroom_reader-socket", True),
        ]
        assert [call for call in engine.calls if call[0] == "DELETE"]

    run(tmp_path, attempt)


@pytest.mark.parametrize(
    "change",
    [
        {"user": ""},
        {"user": "x" * 256},
        {"user": 7},
        {"copy": "latest"},
        {"copy": "--repo=/x"},
        {"stamp": "../../x"},
        {"path": "a\0b"},
        {"path": "x" * 5000},
        {"home": "bob"},
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    """And no other field is taken, such as one that names another home."""
    with pytest.raises(Refused):
        take_back.checked({**ASKED, **change})


def test_a_home_that_is_another_ones_is_no_ones(tmp_path: Path) -> None:
    """A volume that is labelled as somebody else's, one that is not there, and the home of somebody who was removed;
    without copies nothing comes back."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        assert (await ask("POST", ADDRESS, json=ASKED))[0] == 403
        kept = reading(gateway, tmp_path)
        engine.volumes["homeroom-user-eve"] = engine.volumes["homeroom-user-ada"]
        for user in ("eve", "nobody"):
            assert (await ask("POST", ADDRESS, json={**ASKED, "user": user}))[0] == 403
        kept.take({"id": "1", "who": "head", "what": "user-remove", "whom": "ada", "why": "", "result": "done"})
        status, said = await ask("POST", ADDRESS, json=ASKED)
        assert (status, "was removed" in said["message"]) == (403, True)
        assert made(engine) == []

    run(tmp_path, attempt)


def test_only_so_many_come_back_at_once(tmp_path: Path) -> None:
    """Of one person one at a time, and of all a few; the engine is not asked for more."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: Ask) -> None:
        reading(gateway, tmp_path)
        for busy in ({"ada"}, {"x", "y"}):
            gateway._take_back._errands._busy = set(busy)
            assert await ask("POST", ADDRESS, json=ASKED) == (200, {"fault": "busy"})
        assert made(engine) == []

    run(tmp_path, attempt)


def test_homes_that_are_directories_are_mounted_by_their_names() -> None:
    """A name with other letters than a home's has them written out, and leads nowhere else."""
    policy = dataclasses.replace(READS, homes_path="/srv/homes")
    body = take_back.container_body(policy, {**ASKED, "user": "../eve"})
    assert body["HostConfig"]["Mounts"][0]["Source"] == "/srv/homes/-2e-2e-2feve"
    assert json.loads(body["Cmd"][-1])["home"] == "-2e-2e-2feve"
