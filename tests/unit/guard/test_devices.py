"""What the guard lets a hub do about devices: those that are listed, told by value, and a look at them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from homeroom.guard.decisions import decide
from homeroom.guard.engine_gateway import EngineGateway
from homeroom.guard.routes import Deny, EngineCall

from tests.unit.guard.test_guard import FOREIGN, LAB, Ask, Engine, run
from tests.unit.guard.test_policy import BODY, GPU, POLICY, changed, create, hosted, sent

COMMAND = "c" * 64
LOOK = {"Cmd": ["ls", "-d", "/dev/nvidia0", "/dev/nvidia-caps/nvidia-cap1"], "Container": LAB, "Privileged": False}


def podman_device(**fields: Any) -> dict[str, Any]:
    """A body with one device as docker-py sends a CDI name to Podman, changed."""
    valid = {"PathOnHost": GPU, "PathInContainer": GPU, "CgroupPermissions": "rwm"}
    return hosted(Devices=[{**valid, **fields}])


def test_podman_gets_devices_by_cdi_name() -> None:
    """A leased device passes in the form that Podman reads."""
    assert sent(create(podman_device()))["HostConfig"]["Devices"][0]["PathOnHost"] == GPU


@pytest.mark.parametrize(
    "body",
    [
        podman_device(PathOnHost="nvidia.com/gpu=2", PathInContainer=""),
        podman_device(PathInContainer="/dev/sda"),
        podman_device(PathOnHost="/dev/sda"),
        podman_device(PathOnHost=["nvidia.com/gpu=1"]),
        podman_device(Extra="x"),
    ],
)
def test_no_other_device_passes_as_one(body: dict[str, Any]) -> None:
    """Neither another GPU, nor a path of the host under the name of a listed one."""
    assert isinstance(create(body), Deny)


def test_a_path_is_no_device_even_when_listed() -> None:
    """A slip in the policy does not open the host's device nodes: only CDI names pass there."""
    policy = replace(POLICY, devices=frozenset({"/dev/sda"}))
    body = podman_device(PathOnHost="/dev/sda", PathInContainer="/dev/sda")
    assert isinstance(create(body, policy), Deny)


@pytest.mark.parametrize("env", [None, [], ["TOKEN=secret-token"]])
def test_a_lab_that_says_nothing_of_gpus_sees_none(env: list[str] | None) -> None:
    """CUDA images set the variable to `all`: what the hub leaves out, the guard fills in."""
    assert sent(create(changed(Env=env)))["Env"] == [*(env or []), "NVIDIA_VISIBLE_DEVICES=void"]


def test_what_the_hub_says_stays() -> None:
    """A variable that names leased devices goes out as it came, once."""
    env = [f"NVIDIA_VISIBLE_DEVICES={GPU}"]
    assert sent(create(changed(Env=env)))["Env"] == env


@pytest.mark.parametrize("said", ["NVIDIA_VISIBLE_DEVICES=", "NVIDIA_VISIBLE_DEVICES"])
def test_unsetting_the_variable_is_no_way_out(said: str) -> None:
    """Empty or unset means every device to older CUDA images."""
    assert isinstance(create(changed(Env=[said])), Deny)


def test_the_nvidia_runtime_passes_where_it_is_listed() -> None:
    """The runtime is named by the deployment's own policy or not at all."""
    assert isinstance(create(hosted(Runtime="nvidia")), Deny)
    policy = replace(POLICY, runtimes=frozenset({"nvidia"}))
    assert sent(create(hosted(Runtime="nvidia"), policy))["HostConfig"]["Runtime"] == "nvidia"


def asked(body: Any, path: str = f"/v1.45/containers/{LAB}/exec") -> EngineCall | Deny:
    """The verdict on a POST."""
    return decide("POST", path, "", json.dumps(body).encode(), POLICY)


def test_looking_for_devices_passes_bare() -> None:
    """The command goes out with nothing beside it, on a container that must prove to be a lab."""
    verdict = asked({**LOOK, "Tty": False, "AttachStdin": False, "User": "", "Env": None})
    assert sent(verdict) == {"Cmd": LOOK["Cmd"]}
    assert isinstance(verdict, EngineCall)
    assert verdict.container == LAB


@pytest.mark.parametrize(
    "change",
    [
        {"Cmd": ["id"]},
        {"Cmd": ["ls", "-d"]},
        {"Cmd": ["ls", "-d", "/etc/shadow"]},
        {"Cmd": ["ls", "-d", "/dev/../etc/shadow"]},
        {"Cmd": ["ls", "-d", "/dev/nvidia0", "--color=/x"]},
        {"Cmd": ["ls", "-d", "/dev/nvidia0\n"]},
        {"Cmd": "ls -d /dev/nvidia0"},
        {"Cmd": None},
        {"User": "root"},
        {"Privileged": True},
        {"Env": ["LD_PRELOAD=/home/jovyan/x.so"]},
        {"WorkingDir": "/"},
        {"AttachStdout": True},
        {"cmd": ["id"]},
        {"ConsoleSize": [1, 1]},
    ],
)
def test_no_other_command_is_run_in_a_lab(change: dict[str, Any]) -> None:
    """The hub cannot reach into a lab: no other words, no other user, no variables, nothing attached."""
    assert isinstance(asked({**LOOK, **change}), Deny)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/exec/{COMMAND}/start", {"Detach": False}),
        (f"/exec/{COMMAND}/start", {}),
        (f"/exec/{COMMAND}/start", {"Detach": True, "Tty": True}),
        ("/exec/abc/start", {"Detach": True}),
        (f"/exec/{COMMAND}/resize", {}),
    ],
)
def test_a_command_is_started_detached(path: str, body: dict[str, Any]) -> None:
    """The command that looks for devices is started detached: no connection into a lab is opened."""
    assert isinstance(asked(body, path), Deny)


def test_commands_elsewhere_are_out_of_reach(tmp_path: Path) -> None:
    """Only a command in a lab of this deployment may be started or looked at, whoever made it."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        whose = LAB
        plain = engine.answer

        async def answer(request: web.BaseRequest) -> web.Response:
            if request.path.endswith(f"/exec/{COMMAND}/json"):
                return web.json_response({"ContainerID": whose, "ExitCode": 0})
            return await plain(request)

        await engine.stop()
        engine.answer = answer  # type: ignore[method-assign]
        await engine.start()
        assert (await ask("POST", f"/exec/{COMMAND}/start", json={"Detach": True, "Tty": False}))[0] == 204
        assert engine.said("/start")[0][2] == b'{"Detach": true, "Tty": false}'
        assert (await ask("GET", f"/exec/{COMMAND}/json"))[1]["ExitCode"] == 0
        whose = FOREIGN
        assert (await ask("POST", f"/exec/{COMMAND}/start", json={"Detach": True}))[0] == 403
        assert (await ask("GET", f"/exec/{COMMAND}/json"))[0] == 403
        assert len(engine.said("/start")) == 1

    run(tmp_path, story)


def test_the_valid_body_is_the_one_tested() -> None:
    """The changes above are changes of a body that passes."""
    assert isinstance(create(BODY), EngineCall)
    assert isinstance(asked(LOOK), EngineCall)
