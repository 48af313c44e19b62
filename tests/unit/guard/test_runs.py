"""What the guard makes of a request that something which was handed in is run."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from homeroom.contract import runs as contract
from homeroom.guard import runs
from homeroom.guard.engine_gateway import EngineGateway
from homeroom.guard.policy import Policy
from homeroom.guard.run_rules import RunRule
from homeroom.guard.values import Refused

from tests.unit.guard.test_guard import POLICY, Ask, Engine, run

RUN = "0123456789abcdef01234567"
RULE = RunRule(
    profile="", image="lab", memory_bytes=512 << 20, pids=256, seconds=600, kernels_volume="homeroom_kernels"
)
RUNS = dataclasses.replace(POLICY, runs=(RULE, dataclasses.replace(RULE, profile="big")), runs_at_once=2)
AskRuns = Callable[..., Awaitable[tuple[int, Any]]]


def attempted(
    tmp_path: Path, attempt: Callable[[Engine, EngineGateway, AskRuns], Awaitable[None]], policy: Policy = RUNS
) -> None:
    """Try something with a guard that has runs made, asked at the desk's socket."""

    async def on(engine: Engine, gateway: EngineGateway, _: Ask) -> None:
        gateway.policy = policy
        runner = web.ServerRunner(web.Server(gateway.runs.handle, handler_cancellation=True, access_log=None))
        await runner.setup()
        await web.UnixSite(runner, str(tmp_path / "runs.sock")).start()
        connector = aiohttp.UnixConnector(str(tmp_path / "runs.sock"))
        async with aiohttp.ClientSession(connector=connector) as session:

            async def ask(method: str = "POST", path: str = contract.ADDRESS, **options: Any) -> tuple[int, Any]:
                async with session.request(method, f"http://guard{path}", **options) as response:
                    return response.status, await response.json()

            await attempt(engine, gateway, ask)
        await runner.cleanup()

    run(tmp_path, on)


def made(engine: Engine) -> list[dict[str, Any]]:
    """The containers that the engine was asked for."""
    return [json.loads(body) for _, _, body in engine.said("/containers/create")]


def removed(engine: Engine) -> list[str]:
    """What the engine was asked to remove."""
    return [path for method, path, _ in engine.calls if method == "DELETE"]


def test_it_reaches_nothing_and_is_bounded(tmp_path: Path) -> None:
    """A run's container has its own socket, read-only, and the kernels for everyone; no network, home, token or
    capability, and no place to write but one folder in memory; and memory, CPU, processes, files and log are limited.
    It is removed, and so is its directory."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: AskRuns) -> None:
        engine.labels["a" * 64] = {}
        status, said = await ask(json={"run": RUN, "profile": "big"})
        assert status == 200, said
        (body,) = made(engine)
        host = body["HostConfig"]
        assert [(one["Source"], one["Target"], one["ReadOnly"]) for one in host["Mounts"]] == [
            (f"/volumes/sockets/run-{RUN}", "/run/lab", True),
            ("homeroom_kernels", "/srv/kernels", True),
        ]
        assert (body["Image"], body["User"], body["Cmd"]) == ("lab", "1000:100", ["homeroom-run"])
        assert (host["NetworkMode"], body["NetworkDisabled"]) == ("none", True)
        assert (host["CapDrop"], host["SecurityOpt"], host["ReadonlyRootfs"]) == (["ALL"], ["no-new-privileges"], True)
        assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (512 << 20, 512 << 20, 256)
        assert host["NanoCpus"] == 10**9
        assert list(host["Tmpfs"]) == ["/tmp"]
        assert f"size={256 << 20}" in host["Tmpfs"]["/tmp"]
        assert host["LogConfig"]["Type"] == "none"
        assert not [each for each in body["Env"] if "TOKEN" in each or "JUPYTERHUB" in each]
        assert (
            not {"Binds", "VolumesFrom", "CapAdd", "Devices", "DeviceRequests", "Privileged", "PidMode"} & host.keys()
        )
        assert len(removed(engine)) == 1
        assert list((tmp_path / "labs").iterdir()) == []

    attempted(tmp_path, attempt)


@pytest.mark.parametrize(
    "given",
    [
        {},
        [],
        "x",
        {"run": RUN},
        {"profile": ""},
        {"run": "../../etc", "profile": ""},
        {"run": RUN.upper(), "profile": ""},
        {"run": f"{RUN}\n", "profile": ""},
        {"run": RUN, "profile": "other"},
        {"run": RUN, "profile": None},
        {"run": RUN, "profile": "", "image": "evil"},
        {"run": RUN, "profile": "", "command": ["sh"]},
        {"run": RUN, "profile": "", "binds": ["/:/host"]},
        {"run": 7, "profile": ""},
    ],
)
def test_nothing_else_is_taken_from_the_desk(given: Any) -> None:
    """A number and the name of a profile that the policy has: no image, command or mount comes from a request."""
    with pytest.raises(Refused):
        runs.checked(given, RUNS)


def test_the_socket_has_one_route(tmp_path: Path) -> None:
    """At the desk's socket no lab is made, shown or stopped, and no event is kept; without a policy nothing is run."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: AskRuns) -> None:
        for method, path in (
            ("GET", "/containers/json"),
            ("POST", "/containers/create?name=homeroom-jupyter-x"),
            ("DELETE", f"/containers/{'a' * 64}"),
            ("POST", "/homeroom/take-back"),
            ("POST", "/homeroom/records"),
            ("GET", contract.ADDRESS),
            ("POST", f"{contract.ADDRESS}/x"),
        ):
            assert (await ask(method, path, json={"run": RUN, "profile": ""}))[0] == 403
        gateway.policy = POLICY
        assert (await ask(json={"run": RUN, "profile": ""}))[0] == 403
        assert made(engine) == []

    attempted(tmp_path, attempt)


@pytest.mark.parametrize(
    ("state", "how"),
    [
        ({"ExitCode": 0}, "done"),
        ({"ExitCode": 0, "OOMKilled": True}, "done"),
        ({"ExitCode": 137, "OOMKilled": True}, "memory"),
        ({"ExitCode": 1}, "fault"),
        ({}, "fault"),
    ],
)
def test_how_a_run_ended_is_told_apart(state: dict[str, Any], how: str) -> None:
    """By itself, for want of memory, or otherwise; a program that was not ended for memory was done."""
    assert runs._ended(state).how == how


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """After its time the container is removed, and the desk is told why."""
    short = dataclasses.replace(RUNS, runs=(dataclasses.replace(RULE, seconds=0),))

    async def attempt(engine: Engine, gateway: EngineGateway, ask: AskRuns) -> None:
        assert await ask(json={"run": RUN, "profile": ""}) == (200, {"how": "time", "code": -1})
        assert len(removed(engine)) == 1

    attempted(tmp_path, attempt, short)


def test_who_hangs_up_leaves_nothing(tmp_path: Path) -> None:
    """A desk that is gone, at any moment, leaves no container and no directory; and a run of the same number is not
    made twice at a time."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: AskRuns) -> None:
        waits = asyncio.Event()
        send = gateway.runs._send

        async def slow(call: Any) -> Any:
            if call.path.endswith("/wait"):
                await waits.wait()
            return await send(call)

        gateway.runs._send = slow
        asking = asyncio.ensure_future(ask(json={"run": RUN, "profile": ""}))
        while not made(engine):
            await asyncio.sleep(0.01)
        assert (await ask(json={"run": RUN, "profile": ""}))[0] == 403
        asking.cancel()
        async with asyncio.timeout(10):
            while not removed(engine) or gateway.runs._going:
                await asyncio.sleep(0.01)
            while list((tmp_path / "labs").iterdir()):
                await asyncio.sleep(0.01)

    attempted(tmp_path, attempt)


def test_only_so_many_run_at_once(tmp_path: Path) -> None:
    """Whatever the desk asks for: the machine is the labs'."""

    async def attempt(engine: Engine, gateway: EngineGateway, ask: AskRuns) -> None:
        gateway.runs._going = {"a", "b"}
        assert (await ask(json={"run": RUN, "profile": ""}))[0] == 429
        assert made(engine) == []

    attempted(tmp_path, attempt)


def test_what_a_guard_before_left_is_removed(tmp_path: Path) -> None:
    """A guard that was killed while something ran: the next one removes its containers and directories at its start,
    and none of another deployment's."""

    async def attempt(engine: Engine, gateway: EngineGateway, _: AskRuns) -> None:
        (tmp_path / "labs" / f"run-{RUN}").mkdir()
        engine.firewalls = [{"Id": "c" * 64}]  # what any other listing finds
        await gateway.sweep()
        assert f"/containers/{'c' * 64}?force=1&v=1" in removed(engine)
        (listing,) = [path for _, path, _ in engine.said("/containers/json") if "homeroom.service%3Drun%22" in path]
        assert "homeroom.deployment%3Dhomeroom" in listing
        assert list((tmp_path / "labs").iterdir()) == []

    attempted(tmp_path, attempt)


@pytest.mark.parametrize(
    "change", [{"memory_bytes": 0}, {"pids": True}, {"seconds": "9"}, {"image": ""}, {"image": 1}, {"mounts": []}]
)
def test_a_policy_without_a_limit_is_refused(change: dict[str, Any]) -> None:
    """Each rule has an image and all limits, and nothing that the guard does not know."""
    whole = {"profile": "", "image": "lab", "memory_bytes": 1, "pids": 1, "seconds": 1}
    assert RunRule.from_json(whole).pids == 1
    with pytest.raises(ValueError, match="a run has"):
        RunRule.from_json({**whole, **change})
