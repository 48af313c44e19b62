"""The guard as a service, between a hub and a fake engine: what reaches the engine, and what faults look like."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from homeroom.contract import sockets
from homeroom.contract.refusals import NO_FIREWALL
from homeroom.guard import engine_gateway
from homeroom.guard import service as guard
from homeroom.guard.engine_gateway import EngineGateway
from homeroom.guard.policy import Policy

LAB = "a" * 64
FOREIGN = "b" * 64
OWN = sockets.directory_name("ada", "")
LABELS = {"homeroom.deployment": "homeroom", "homeroom.user": "ada"}
POLICY = Policy(
    deployment="homeroom",
    images=frozenset({"lab"}),
    container_prefix="homeroom-jupyter-",
    volume_prefix="homeroom-user-",
    lab_sockets_volume="homeroom_lab-sockets",
    hub_socket_volume="homeroom_hub-socket",
    networks=frozenset({"homeroom_labs"}),
)
BODY: dict[str, Any] = {
    "Image": "lab",
    "Env": ["TOKEN=secret-token"],
    "Labels": LABELS,
    "HostConfig": {
        "Memory": 1 << 30,
        "MemorySwap": 1 << 30,
        "PidsLimit": 100,
        "NetworkMode": "none",
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Binds": ["homeroom-user-ada:/home/jovyan:rw", f"/volumes/sockets/{OWN}:/run/lab:rw"],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
        "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 1024}],
    },
}


class Engine:
    """A fake engine on a Unix socket that writes down what it is asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls: list[tuple[str, str, bytes]] = []
        self.labels: dict[str, dict[str, str]] = {LAB: LABELS, FOREIGN: {"homeroom.deployment": "homeroom"}}
        self.volumes = {"homeroom-user-ada": LABELS, "homeroom-user-bob": {**LABELS, "homeroom.user": "bob"}}
        self.log_bytes = 100
        self.firewalls: list[dict[str, str]] = [{"Id": "f"}]
        self.listed: list[dict[str, Any]] = []
        self.on_removal: Callable[[], Awaitable[Any]] = lambda: asyncio.sleep(0)
        self.runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen, in the place of an engine before."""
        self.path.unlink(missing_ok=True)
        self.runner = web.ServerRunner(web.Server(self.answer), shutdown_timeout=0.1)
        await self.runner.setup()
        await web.UnixSite(self.runner, str(self.path)).start()

    async def stop(self) -> None:
        """Be gone, connections and all."""
        assert self.runner
        await self.runner.cleanup()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """What an engine says."""
        self.calls.append((request.method, request.raw_path, await request.read()))
        parts = request.path.split("/")
        if request.path.endswith("/volumes/homeroom_lab-sockets"):
            return web.json_response({"Mountpoint": "/volumes/sockets"})
        if request.path == "/containers/json":
            return web.json_response(self.listed if "homeroom.user" in request.query_string else self.firewalls)
        if "volumes" in parts:
            found = self.volumes.get(parts[-1])
            return web.json_response({"Labels": found}, status=404 if found is None else 200)
        if parts[-1] == "json" and parts[-3] == "containers":
            found = self.labels.get(LAB if parts[-2] == "homeroom-jupyter-ada" else parts[-2])
            if found is None:
                return web.json_response({"message": "No such container"}, status=404)
            mounts = [{"Type": "bind", "Source": f"/volumes/sockets/{OWN}", "Destination": "/run/lab"}]
            return web.json_response({"Id": LAB, "Config": {"Labels": found}, "Mounts": mounts})
        if request.method == "DELETE":
            await self.on_removal()
            return web.Response(status=204)
        if parts[-1] == "logs":
            return web.Response(body=b"x" * self.log_bytes)
        if parts[-1] == "start":
            return web.Response(status=204)
        return web.json_response({"Id": LAB})

    def said(self, tail: str) -> list[tuple[str, str, bytes]]:
        """The calls whose path ends so, without its query."""
        return [call for call in self.calls if call[1].partition("?")[0].endswith(tail)]


Ask = Callable[..., Awaitable[tuple[int, Any]]]


@asynccontextmanager
async def guarded(tmp_path: Path) -> AsyncIterator[tuple[Engine, EngineGateway, Ask]]:
    """A fake engine, a guard before it, and a way to ask the guard."""
    engine = Engine(tmp_path / "docker.sock")
    await engine.start()
    labs = tmp_path / "labs"
    labs.mkdir(exist_ok=True)
    labs.chmod(0o2750)
    between = EngineGateway(POLICY, engine.path, labs)
    runner = web.ServerRunner(web.Server(between.handle, access_log=None))
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "engine.sock")).start()
    connector = aiohttp.UnixConnector(str(tmp_path / "engine.sock"))
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask(method: str, path: str, **options: Any) -> tuple[int, Any]:
            async with session.request(method, f"http://guard{path}", **options) as response:
                content = await response.read()
                try:
                    return response.status, json.loads(content)
                except ValueError:
                    return response.status, content

        try:
            yield engine, between, ask
        finally:
            await between.close()
            await runner.cleanup()
            await engine.stop()


def run(tmp_path: Path, story: Callable[[Engine, EngineGateway, Ask], Awaitable[None]]) -> None:
    """Play a story against a fresh guard."""

    async def play() -> None:
        async with guarded(tmp_path) as (engine, between, ask):
            await story(engine, between, ask)

    asyncio.run(play())


CREATE = "/v1.45/containers/create?name=homeroom-jupyter-ada"


def test_a_call_on_a_lab_goes_by_its_full_id(tmp_path: Path) -> None:
    """What was looked up is what is acted on: a name that changes hands in between hits nobody else."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        assert (await ask("POST", "/v1.45/containers/homeroom-jupyter-ada/start"))[0] == 204
        assert engine.said("/start")[0][1] == f"/v1.45/containers/{LAB}/start"
        await ask("POST", f"/v1.45/containers/{LAB}/start")
        assert len(engine.said("/json")) == 1, "a known id needs no second look"

    run(tmp_path, story)


def test_another_container_is_not_touched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A container without a user's label is refused with a reason that docker-py shows, and a log line."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        for method, path in (("POST", f"/containers/{FOREIGN}/stop"), ("GET", f"/containers/{FOREIGN}/json")):
            status, said = await ask(method, path)
            assert status == 403
            assert "no lab of this deployment" in said["message"]
            assert "Config" not in said
        assert not engine.said("/stop")

    run(tmp_path, story)
    assert sum("no lab of this deployment" in line for line in caplog.messages) == 2


def test_a_container_that_is_gone_is_404(tmp_path: Path) -> None:
    """dockerspawner tells a lab that is gone by the engine's own 404."""

    async def story(_: Engine, __: EngineGateway, ask: Ask) -> None:
        assert (await ask("GET", "/containers/homeroom-jupyter-nobody/json")) == (404, {"message": "No such container"})

    run(tmp_path, story)


def test_a_created_lab_is_what_was_decided(tmp_path: Path) -> None:
    """The engine gets the body written anew, and finds the lab's directory made, for the lab and the sockets' group."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        own = tmp_path / "labs" / OWN
        for _again in range(2):
            assert (await ask("POST", CREATE, json=BODY))[0] == 200
            assert own.stat().st_mode & 0o7777 == 0o2770
            own.chmod(0o700)  # as a guard leaves it that is killed before it has said who may write there
        method, path, body = engine.said("/create")[0]
        assert (method, path) == ("POST", CREATE)
        host = json.loads(body)["HostConfig"]
        assert host["Binds"] == ["homeroom-user-ada:/home/jovyan:rw"]
        source = f"/volumes/sockets/{OWN}"
        assert host["Mounts"] == [{"Type": "bind", "Source": source, "Target": "/run/lab", "ReadOnly": False}]

    run(tmp_path, story)


def test_no_lab_before_its_firewall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab with a network is made when the deployment's own firewall is healthy: it is waited for, then refused. One
    without a network needs none."""
    monkeypatch.setattr(engine_gateway, "FIREWALL_GRACE_SECONDS", 0.0)
    monkeypatch.setattr(engine_gateway, "FIREWALL_INTERVAL_SECONDS", 0.0)

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        engine.firewalls = []
        lab = {**BODY, "HostConfig": {**BODY["HostConfig"], "NetworkMode": "homeroom_labs"}}
        status, said = await ask("POST", CREATE, json=lab)
        assert (status, NO_FIREWALL in said["message"]) == (403, True), said
        assert not engine.said("/create")
        (_method, question, _body), *_more = engine.said("/containers/json")
        asked = json.loads(parse_qs(question.partition("?")[2])["filters"][0])
        assert asked["health"] == ["healthy"]
        assert "com.docker.compose.project=homeroom" in asked["label"]
        assert "com.docker.compose.service=firewall" in asked["label"]
        assert (await ask("POST", CREATE, json=BODY))[0] == 200

        monkeypatch.setattr(engine_gateway, "FIREWALL_GRACE_SECONDS", 60.0)
        waiting = asyncio.ensure_future(ask("POST", CREATE, json=lab))
        before = len(engine.said("/containers/json"))
        while len(engine.said("/containers/json")) < before + 3:
            await asyncio.sleep(0)
        assert not waiting.done()
        engine.firewalls = [{"Id": "f"}]
        assert (await waiting)[0] == 200

    run(tmp_path, story)


def test_a_refused_lab_leaves_no_directory(tmp_path: Path) -> None:
    """What is refused changes nothing, neither at the engine nor among the sockets."""

    async def story(_: Engine, __: EngineGateway, ask: Ask) -> None:
        assert (await ask("POST", CREATE, json={**BODY, "Image": "other"}))[0] == 403
        binds = ["homeroom-user-bob:/home/jovyan:rw", f"/volumes/sockets/{OWN}:/run/lab:rw"]
        host = {**BODY["HostConfig"], "Binds": binds}
        assert (await ask("POST", CREATE, json={**BODY, "HostConfig": host}))[0] == 403
        assert list((tmp_path / "labs").iterdir()) == []

    run(tmp_path, story)


@pytest.mark.parametrize(("volume", "reason"), [("bob", "that of bob"), ("eve", "does not exist")])
def test_anothers_home_is_not_mounted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, volume: str, reason: str
) -> None:
    """A lab gets the volume labelled with its own user's name and no other; the log says why and holds no secret."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        binds = [f"homeroom-user-{volume}:/home/jovyan:rw"]
        status, said = await ask("POST", CREATE, json={**BODY, "HostConfig": {**BODY["HostConfig"], "Binds": binds}})
        assert (status, reason in said["message"]) == (403, True), said
        assert not engine.said("/create")

    run(tmp_path, story)
    assert reason in caplog.text
    assert "secret-token" not in caplog.text


def test_a_labs_directory_goes_with_its_container(tmp_path: Path) -> None:
    """A removed lab leaves no directory, not even one full of what its person laid there."""

    async def story(_: Engine, __: EngineGateway, ask: Ask) -> None:
        await ask("POST", CREATE, json=BODY)
        own = tmp_path / "labs" / OWN
        (own / "deep" / "er").mkdir(parents=True)
        (own / "lab.sock").touch()
        (own / "link").symlink_to(tmp_path)
        assert (await ask("DELETE", f"/containers/{LAB}?v=True&force=True"))[0] == 204
        assert list((tmp_path / "labs").iterdir()) == []
        assert tmp_path.exists()

    run(tmp_path, story)


def test_what_a_person_laid_there_does_not_stop_the_guard(tmp_path: Path) -> None:
    """Deeper than the guard may open files, what a person left by the lab's socket is removed all the same; so is what
    lies beside it."""

    async def story(engine: Engine, between: EngineGateway, _: Ask) -> None:
        deep = tmp_path / "labs" / "gone"
        deep.joinpath(*["d"] * 400).mkdir(parents=True)
        (tmp_path / "labs" / "gone too").mkdir()
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())  # of this process, not only its own
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 200, before[1]))
        try:
            await between.sweep()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert list((tmp_path / "labs").iterdir()) == []

    run(tmp_path, story)


def test_the_next_labs_directory_stays(tmp_path: Path) -> None:
    """A lab that is made while the engine still answers the removal of the one before keeps its directory."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        await ask("POST", CREATE, json=BODY)
        engine.on_removal = lambda: ask("POST", CREATE, json=BODY)
        assert (await ask("DELETE", f"/containers/{LAB}"))[0] == 204
        assert [each.name for each in (tmp_path / "labs").iterdir()] == [OWN]

    run(tmp_path, story)


def test_a_new_guard_sweeps(tmp_path: Path) -> None:
    """Directories of labs that are gone go; those of labs that are there, running or not, stay. An engine that is
    away changes nothing."""

    async def story(engine: Engine, between: EngineGateway, _: Ask) -> None:
        labs = tmp_path / "labs"
        by_label = sockets.directory_name("ada", "")
        for name in ("3f2a", by_label, "gone", ".left-gone-1"):
            (labs / name / "deep").mkdir(parents=True)
        mounts = [{"Source": "/volumes/sockets/3f2a", "Destination": "/run/lab"}]
        engine.listed = [{"Id": LAB, "Labels": LABELS}, {"Id": FOREIGN, "Labels": LABELS, "Mounts": mounts}]
        await engine.stop()
        await between.sweep()
        assert len(list(labs.iterdir())) == 4
        await engine.start()
        await between.sweep()
        assert sorted(each.name for each in labs.iterdir()) == sorted(["3f2a", by_label])

    run(tmp_path, story)


def test_what_is_another_labs_does_not_go_with_a_container(tmp_path: Path) -> None:
    """A container that has another lab's directory, however it came by it, leaves that alone when it is removed."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        (tmp_path / "labs" / OWN).mkdir()
        engine.labels[LAB] = {**LABELS, "homeroom.user": "bob"}
        assert (await ask("DELETE", f"/containers/{LAB}?v=True&force=True"))[0] == 204
        assert [each.name for each in (tmp_path / "labs").iterdir()] == [OWN]

    run(tmp_path, story)


def plant_a_link(labs: Path) -> None:
    """A link to the host's root in the place of a lab's directory."""
    (labs / OWN).symlink_to("/")


def plant_a_dangling_link(labs: Path) -> None:
    """A link to what may come to be."""
    (labs / OWN).symlink_to("/nowhere")


def plant_a_link_beside(labs: Path) -> None:
    """A link to a directory that is there and would do."""
    (labs / "other").mkdir()
    (labs / OWN).symlink_to("other")


def plant_a_file(labs: Path) -> None:
    """A file in the place of a lab's directory."""
    (labs / OWN).touch()


def open_to_the_group(labs: Path) -> None:
    """A volume's root in which the hub, by its group, can make what it likes."""
    labs.chmod(0o2770)


def open_to_all(labs: Path) -> None:
    """A volume's root in which everybody can make what they like."""
    labs.chmod(0o2757)


def give_away(labs: Path) -> None:
    """A volume's root of the hub's own, which can open it to itself at any time."""
    os.chown(labs, 990, -1)


def take_away(labs: Path) -> None:
    """No volume at all."""
    labs.rmdir()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (plant_a_link, "no directory"),
        (plant_a_dangling_link, "no directory"),
        (plant_a_link_beside, "no directory"),
        (plant_a_file, "no directory"),
        (open_to_the_group, "guard alone"),
        (open_to_all, "guard alone"),
        pytest.param(
            give_away, "guard alone", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root gives away")
        ),
        (take_away, "cannot be made"),
    ],
)
def test_a_place_that_others_could_redirect_is_not_mounted(
    tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    """A lab whose directory somebody else could have made into a link is refused, and the engine never hears of it.

    It is a refusal also where the directory cannot be made: 503 would say that the engine is away, and end the guard.
    """

    async def story(engine: Engine, between: EngineGateway, ask: Ask) -> None:
        labs = tmp_path / "labs"
        damage(labs)
        before = sorted(labs.iterdir()) if labs.exists() else None
        status, said = await ask("POST", CREATE, json=BODY)
        assert (status, reason in said["message"]) == (403, True), said
        assert not engine.said("/create")
        assert between._silent_since is None
        assert (sorted(labs.iterdir()) if labs.exists() else None) == before

    run(tmp_path, story)


def test_large_bodies_and_upgrades_are_refused(tmp_path: Path) -> None:
    """Neither a body without measure nor a connection that turns into another protocol gets through."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        assert (await ask("POST", CREATE, data=b"x" * (2 << 20)))[0] == 413
        upgrade = {"Upgrade": "tcp", "Connection": "Upgrade"}
        assert (await ask("POST", f"/containers/{LAB}/start", headers=upgrade))[0] == 403
        assert not engine.calls

    run(tmp_path, story)


def test_a_long_log_is_cut(tmp_path: Path) -> None:
    """A lab that talks without end cannot fill the hub's memory."""

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        engine.log_bytes = 5 << 20
        status, content = await ask("GET", f"/containers/{LAB}/logs?stdout=1&tail=all")
        assert (status, len(content)) == (200, 1 << 20)
        assert "tail=1000" in engine.said("/logs")[0][1]

    run(tmp_path, story)


def test_an_engine_that_restarts_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the engine is away the hub gets 503 and a sentence; then everything works again, without a restart."""

    async def story(engine: Engine, between: EngineGateway, ask: Ask) -> None:
        assert (await ask("GET", "/_ping"))[0] == 200
        await engine.stop()
        for _ in range(2):
            status, said = await ask("POST", f"/containers/{LAB}/start")
            assert (status, "does not answer" in said["message"]) == (503, True)
        assert not between.engine_lost.is_set()
        await engine.start()
        assert (await ask("POST", f"/containers/{LAB}/start"))[0] == 204
        await engine.stop()
        monkeypatch.setattr(engine_gateway, "ENGINE_GRACE_SECONDS", 0.0)
        assert (await ask("GET", "/_ping"))[0] == 503
        assert not between.engine_lost.is_set(), "each absence counts from its own beginning"
        assert (await ask("GET", "/_ping"))[0] == 503
        assert between.engine_lost.is_set(), "an engine that stays away ends the guard, so that its mount is made anew"
        await engine.start()

    run(tmp_path, story)


def test_an_engine_that_dies_in_the_middle_of_an_answer_is_away(tmp_path: Path) -> None:
    """Half an answer is none: the hub is told 503, at which it asks again, and not that the engine said no."""

    async def tear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()

    async def story(engine: Engine, _: EngineGateway, ask: Ask) -> None:
        await engine.stop()
        engine.path.unlink(missing_ok=True)
        async with await asyncio.start_unix_server(tear, engine.path):
            status, said = await ask("GET", "/version")
        assert status == 503
        assert "does not answer" in said["message"]
        await engine.start()

    run(tmp_path, story)


def test_a_new_guard_takes_the_socket_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket left by a killed guard is replaced in one step, for the sockets' group alone."""
    monkeypatch.setattr(guard, "SOCKET_GROUP", os.getegid())
    path = tmp_path / "engine.sock"
    with guard.listen(path):
        pass
    assert not guard.answers(path)
    with guard.listen(path) as second, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        assert path.stat().st_mode & 0o777 == 0o660
        assert [each.name for each in tmp_path.iterdir()] == ["engine.sock"]
        second.close()


def test_the_check_is_quick_and_true(tmp_path: Path) -> None:
    """The health check says whether the socket answers, and never loads an HTTP library for it."""

    async def story(_: Engine, __: EngineGateway, ask: Ask) -> None:
        command = [sys.executable, "-X", "importtime", "-m", "homeroom.guard.service", "--check", "--socket"]
        for path, code in ((tmp_path / "engine.sock", 0), (tmp_path / "nothing.sock", 1)):
            check = await asyncio.to_thread(
                subprocess.run, [*command, str(path)], capture_output=True, text=True, check=False, env=ENVIRONMENT
            )
            assert check.returncode == code, check.stderr[-500:]
            assert "aiohttp" not in check.stderr
            assert "asyncio" not in check.stderr

    run(tmp_path, story)


def test_a_broken_policy_file_stops_the_guard(tmp_path: Path) -> None:
    """The guard names the file and the field and leaves with code 2: it never runs without its policy."""
    policy = tmp_path / "guard.json"
    policy.write_text('{"image": []}')
    command = [sys.executable, "-m", "homeroom.guard.service", "--policy", str(policy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 2
    assert "guard.json: unknown fields ['image']" in done.stderr
    assert "Traceback" not in done.stderr


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(guard.__file__).parents[2])}
