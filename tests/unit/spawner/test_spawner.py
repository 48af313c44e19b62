"""homeroom.spawner: a lab's container as the engine is asked for it, by a real JupyterHub user, without an engine."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest
import requests
from homeroom.contract import sockets
from homeroom.culling.culling import LabState, Prewarm
from homeroom.guard.decisions import decide
from homeroom.guard.policy import Policy
from homeroom.guard.routes import Deny, EngineCall
from homeroom.labs.plan import LabPlan
from homeroom.spawner import ending, readiness, retrying
from homeroom.spawner.container import reservation_labels
from homeroom.spawner.creation import LabCreation
from homeroom.spawner.lab import LabSpawner
from homeroom.spawner.readiness import LabDied
from homeroom.texts.said import NOTHING, Said, say
from hypothesis import strategies as st
from jupyterhub.objects import Hub
from jupyterhub.orm import APIToken, OAuthClient
from jupyterhub.orm import Server as StoredServer
from jupyterhub.orm import Spawner as StoredSpawner
from jupyterhub.orm import User as StoredUser
from jupyterhub.spawner import SpawnException
from jupyterhub.user import User
from sqlalchemy import event
from traitlets.config import Config

from generator.lifecycle.render import GUARD_POLICY
from generator.schema.types import USERNAME_PATTERN
from tests.hub_config import loaded
from tests.hub_database import new_database

MOUNTPOINT = "/var/lib/docker/volumes/homeroom_lab-sockets/_data"
NO_CHANGES: dict[str, Any] = {
    **dict.fromkeys(("memory_bytes", "cpus", "gpus", "max_labs")),
    "never_idle": False,
    "environment": {},
}
"""What a group changes that changes nothing."""
NAMES = st.from_regex(USERNAME_PATTERN.replace(r"\Z", ""), fullmatch=True)


def api_error(status: int, message: str = "no") -> docker.errors.APIError:
    response = requests.Response()
    response.status_code = status
    kind = docker.errors.ImageNotFound if "image" in message else docker.errors.APIError
    return kind(message, response=response, explanation=message)


class FakeEngine:
    """An engine's client that notes what it is asked; what needs no engine is docker's own code.

    `on_start` is what happens when the container starts, such as a lab that begins to listen.
    """

    def __init__(self) -> None:
        make: Any = docker.APIClient
        self._docker = make(base_url="unix:///nonexistent", version="1.45")
        self._docker.create_container_from_config = self._keep
        self.asked: list[str] = []
        self.volumes: dict[str, Any] = {}
        self.container: dict[str, Any] | None = None
        self.body: dict[str, Any] = {}
        self.running = False
        self.log = b""
        self.on_start: Callable[[], None] = lambda: None

    def _keep(self, config: Any, *_: Any) -> Any:
        self.body = dict(config)
        return {"Id": "c0ffee"}

    def create_host_config(self, **arguments: Any) -> Any:
        return self._docker.create_host_config(**arguments)

    def create_volume(self, name: str, labels: Any = None) -> Any:
        self.volumes[name] = labels

    def inspect_volume(self, name: str) -> Any:
        return {"Mountpoint": MOUNTPOINT}

    def inspect_image(self, image: str) -> Any:
        return {"Config": {"Cmd": ["/opt/jupyter/bin/jupyterhub-singleuser"]}}

    def inspect_container(self, container: str) -> Any:
        if self.container is None:
            raise api_error(404)
        state = {"Running": self.running, "ExitCode": 1, "Error": "", "FinishedAt": "", "OOMKilled": False}
        return {"Id": "c0ffee", "State": state, "HostConfig": {"Memory": 2**30}}

    def containers(self, filters: Any, **_: Any) -> list[Any]:
        own = self.container and self.container.get("left_over") and "homeroom.server=" in filters["label"]
        return [{"Id": "c0ffee"}] if own else []

    def create_container(self, **arguments: Any) -> Any:
        self.asked.append("create")
        self.container = arguments
        return self._docker.create_container(**arguments)

    def start(self, container: str) -> None:
        self.asked.append("start")
        self.running = True
        self.on_start()

    def remove_container(self, container: str, v: bool = False, force: bool = False) -> None:
        if self.container is None:
            raise api_error(404)
        self.asked.append("remove")
        self.container = None

    def logs(self, container: str, **_: Any) -> bytes:
        return self.log


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """An engine that every spawner of the test speaks to, and is asked often whether a lab has died."""
    made = FakeEngine()
    monkeypatch.setattr(readiness, "ALIVE_INTERVAL_SECONDS", 0.02)
    monkeypatch.setattr(LabSpawner, "client", made)
    monkeypatch.setattr(LabCreation, "_labs_mountpoint", None)
    return made


@pytest.fixture
def labs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in place of the labs' own."""
    folder = Path(tmp_path_factory.mktemp("l", numbered=True))
    monkeypatch.setattr(sockets, "LABS", folder)
    return folder


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The hub's configuration as `.env`'s defaults render it."""
    return loaded(tmp_path_factory.mktemp("rendered"))


def spawner(config: Config, user: str = "ada", server: str = "", **traits: Any) -> LabSpawner:
    """The spawner that the hub makes for a person's server; `traits` are what hub.d sets."""
    config = deepcopy(config)
    config.merge(Config({"LabSpawner": traits}))
    db = new_database()
    person = StoredUser(name=user)
    db.add(person)
    db.commit()
    hub = Hub(bind_url="http+unix://%2Frun%2Fhub%2Fhub.sock", base_url="/hub/")
    settings = {"spawner_class": LabSpawner, "config": config, "hub": hub, "allow_named_servers": True, "base_url": "/"}
    whole = User(person, settings, db=db)
    if server:
        whole._new_orm_spawner(server, server)
    made: LabSpawner = whole.spawners[server]
    made.oauth_client_id = "jupyterhub-user-ada"
    made.api_token = "token"
    return made


def created(made: LabSpawner, engine: FakeEngine) -> dict[str, Any]:
    """The arguments with which the lab's container is created."""
    asyncio.run(made.create_object())
    assert engine.container is not None
    return engine.container


# --- the container ---


def test_a_lab_is_limited(engine: FakeEngine, rendered: Config) -> None:
    """Memory (without a byte of swap), CPUs, processes and log are bounded as `.env` says."""
    host = created(spawner(rendered), engine)["host_config"]
    assert host["Memory"] == host["MemorySwap"] == 2**30
    assert host["CpuQuota"] / host["CpuPeriod"] == 1.0
    assert host["PidsLimit"] == 1024
    assert host["LogConfig"]["Config"].keys() == {"max-size", "max-file"}
    assert {"Name": "core", "Soft": 0, "Hard": 0} in host["Ulimits"]


def test_a_lab_is_hardened(engine: FakeEngine, rendered: Config) -> None:
    """No capability, no new privilege, never privileged, on the labs' network alone, without a published port."""
    asked = created(spawner(rendered), engine)
    host = asked["host_config"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["NetworkMode"] == "homeroom_labs"
    assert host["Init"] is True
    assert not host.get("Privileged")
    assert not host.get("CapAdd")
    assert not host.get("PortBindings")
    assert "ports" not in asked


def test_a_lab_sees_nothing_else_of_the_machine(engine: FakeEngine, rendered: Config) -> None:
    """The person's home, the hub's socket and the kernels to read, and of the labs' directories only its own."""
    host = created(spawner(rendered), engine)["host_config"]
    own = sockets.directory_name("ada", "")
    assert sorted(host["Binds"]) == sorted(
        [
            "homeroom_hub-socket:/run/hub:ro",
            "homeroom_kernels:/srv/kernels:ro",
            f"{MOUNTPOINT}/{own}:/run/lab:rw",
        ]
    )
    assert host["Mounts"] == [
        {"Type": "volume", "Source": "homeroom-user-ada", "Target": "/home/jovyan", "ReadOnly": False}
    ]


def test_a_lab_tells_whose_it_is(engine: FakeEngine, rendered: Config) -> None:
    """Container and home carry deployment and person; the container its server, too: the truth for everything else."""
    named = created(spawner(rendered, "ada.l", "thesis"), engine)
    assert named["labels"] == {
        "homeroom.deployment": "homeroom",
        "homeroom.user": "ada.l",
        "homeroom.server": "thesis",
        "homeroom.profile": "default",
        "homeroom.memory": str(2**30),
        "homeroom.cpus": "1",
        "homeroom.idle": "3600",
        "homeroom.longest": "0",
    }
    assert created(spawner(rendered), engine)["labels"]["homeroom.server"] == ""


def test_a_labs_latest_end_counts_what_its_user_may_add() -> None:
    """Who waits in the queue is told when a lab ends at the latest: with all the time that its user may ask for."""
    plan = LabPlan(profile="p", image="i", memory_bytes=1, cpus=1, max_age_seconds=3600, more_time_seconds=600)
    assert reservation_labels(plan, "", None)["homeroom.longest"] == "4200"
    assert reservation_labels(replace(plan, max_age_seconds=0), "", None)["homeroom.longest"] == "0"


def test_a_lab_listens_on_its_socket_alone(engine: FakeEngine, rendered: Config) -> None:
    """The server is told its socket, for its group and nobody else."""
    command = created(spawner(rendered), engine)["command"]
    assert command[:2] == ["/bin/sh", "-c"]
    assert command[3:5] == ["lab", "/opt/jupyter/bin/jupyterhub-singleuser"]
    assert "--ServerApp.sock=/run/lab/lab.sock" in command
    assert "/" not in command[5], "Jupyter would look for a program of that name in the home"
    assert "--ServerApp.sock_mode=0660" in command
    assert not [argument for argument in command[3:] if "port" in argument or argument.startswith("--ip")]


def test_a_reset_comes_before_all_else(engine: FakeEngine, rendered: Config) -> None:
    """The environment is set aside before the home is readied, so that the skeleton's settings are laid anew."""
    made = spawner(rendered)
    made.reset_at_start(True)
    command = created(made, engine)["command"]
    assert "set-aside" in command[2]
    assert "HOMEROOM_SKELETON" in command[6]
    assert command[7:9] == ["lab", "/opt/jupyter/bin/jupyterhub-singleuser"]


def test_a_reset_that_was_asked_for_outlives_the_hub(engine: FakeEngine, rendered: Config) -> None:
    """A user who waits in the queue for the lab that starts again gets the reset also when the hub is restarted
    meanwhile."""
    made = spawner(rendered)
    made.reset_at_start(True)
    after_restart = made.user._new_spawner("")
    after_restart.clear_state()  # as the hub does before each start
    assert "set-aside" in created(after_restart, engine)["command"][2]
    after_restart.reset_at_start(False)
    assert "set-aside" not in created(made.user._new_spawner(""), engine)["command"][2]


def test_a_group_brings_mounts_and_an_ephemeral_profile_no_home(engine: FakeEngine, rendered: Config) -> None:
    """What a group shares its members mount, also through an included group; a lab that keeps nothing has no home."""
    share = {"source": "homeroom-share-x", "target": "/srv/x", "mount_target": "/srv/x", "groups": ["science"]}
    group = {**NO_CHANGES, "members": ["ada"], "hub_groups": ["science", "biology"]}
    profiles = [{**rendered.LabSpawner.profiles[0], "ephemeral": True}]
    traits: dict[str, Any] = {"shares": [{"name": "x", **share}], "groups": {"science": group}, "profiles": profiles}
    mounts = created(spawner(rendered, "ada", **traits), engine)["host_config"]["Mounts"]
    assert mounts == [{"Type": "volume", "Source": "homeroom-share-x", "Target": "/srv/x", "ReadOnly": True}]
    assert created(spawner(rendered, "bela", **traits), engine)["host_config"].get("Mounts", []) == []


def test_who_joins_a_group_after_the_start_lacks_what_it_brings(engine: FakeEngine, rendered: Config) -> None:
    """Mounts are fixed when a lab starts: which groups' it was started without is known, also to the next hub, until
    the next start. Of a lab that was started by an earlier version nothing is said."""
    place = {"target": "/srv/handouts/g", "mount_target": "/srv/handouts/g", "groups": ["science"]}
    group = {**NO_CHANGES, "members": [], "hub_groups": ["science"]}
    traits: dict[str, Any] = {
        "handouts": [{"name": "handouts:g", "source": "/x", **place}],
        "groups": {"science": group},
    }
    made = spawner(rendered, **traits)
    made._spawn_pending = True  # it starts
    made.kept.shares = tuple(share.name for share in made.own_shares)
    assert (made.kept.shares, made.joined_later) == ((), [])
    group["members"] = ["ada"]
    made.groups = {"science": group}
    assert made.joined_later == ["science"]
    after = spawner(rendered, **traits)
    after._spawn_pending = True
    after.load_state(made.get_state())
    assert after.joined_later == ["science"]
    mounts = created(made, engine)["host_config"]["Mounts"]
    assert {"Type": "bind", "Source": "/x", "Target": "/srv/handouts/g", "ReadOnly": True} in mounts
    after.load_state({})
    assert after.joined_later == []
    made._spawn_pending = False
    assert made.joined_later == []


def test_what_comes_while_the_hub_runs_is_mounted_too(engine: FakeEngine, rendered: Config) -> None:
    """By the members of its groups alone, from the next start on."""
    group = {**NO_CHANGES, "members": ["ada"], "hub_groups": []}
    where = {"source": "/c", "target": "/srv/handouts/c", "mount_target": "/srv/handouts/c"}
    place = {"name": "handouts:c", **where, "groups": ["science"]}
    found: list[dict[str, Any]] = []
    traits: dict[str, Any] = {"more_shares": lambda _: found, "groups": {"science": group}}
    made, other = spawner(rendered, **traits), spawner(rendered, "bela", **traits)
    assert made.own_shares == []
    found.append(place)
    assert [share.name for share in made.own_shares] == ["handouts:c"]
    assert other.own_shares == []


def test_a_lab_knows_the_hub_by_its_socket(engine: FakeEngine, rendered: Config) -> None:
    """A lab asks the hub over the socket that is mounted, and nobody's code runs before the person's own."""
    environment = created(spawner(rendered), engine)["environment"]
    assert environment["JUPYTERHUB_API_URL"].startswith("http+unix://%2Frun%2Fhub%2Fhub.sock")
    assert environment["JUPYTERHUB_DISABLE_USER_CONFIG"] == "1"


def test_the_hubs_own_environment_stays_there(
    engine: FakeEngine, rendered: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable of the hub, its secrets first, reaches a lab."""
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", "the-hubs-secret")
    environment = created(spawner(rendered), engine)["environment"]
    assert "the-hubs-secret" not in environment.values()
    assert "PATH" not in environment


def test_the_images_own_healthcheck_is_off(engine: FakeEngine, rendered: Config) -> None:
    """Labs are watched by the hub; a healthcheck of the image every few seconds would cost 300 labs dearly."""
    assert created(spawner(rendered), engine)["healthcheck"] == {"test": ["NONE"]}


def test_hub_d_adds_mounts_and_limits(engine: FakeEngine, rendered: Config) -> None:
    """What the operator configures is added to the hardened container, with the person's name filled in."""
    made = spawner(
        rendered,
        volumes={"/srv/share": "/share"},
        read_only_volumes={"homeroom_data-{username}": "/data"},
        extra_host_config={"shm_size": "1g", "pids_limit": 7},
        extra_create_kwargs={"hostname": "lab-{username}"},
        nofile_limit=4096,
    )
    asked = created(made, engine)
    host = asked["host_config"]
    assert {"/srv/share:/share:rw", "homeroom_data-ada:/data:ro"} <= set(host["Binds"])
    assert [mount["Source"] for mount in host["Mounts"]] == ["homeroom-user-ada"]
    assert (host["ShmSize"], host["PidsLimit"], host["CapDrop"]) == (2**30, 7, ["ALL"])
    assert asked["hostname"] == "lab-ada"
    assert {"Name": "nofile", "Soft": 4096, "Hard": 4096} in host["Ulimits"]


def test_hub_d_may_decide_with_a_function(engine: FakeEngine, rendered: Config) -> None:
    """`extra_host_config` may be a function of the spawner, even one that waits for something."""

    async def by_person(made: LabSpawner) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"shm_size": len(made.user.name)}

    assert created(spawner(rendered, extra_host_config=by_person), engine)["host_config"]["ShmSize"] == 3


@pytest.mark.parametrize(
    ("user", "server"), [("ada", ""), ("a.b_c@d+e-f", ""), ("ada", "thesis"), ("a" + "+" * 63, "")]
)
def test_the_guard_lets_a_lab_through(engine: FakeEngine, tmp_path: Path, user: str, server: str) -> None:
    """The very bytes that a spawner sends pass the guard with the policy that is rendered beside its configuration;
    the same for another deployment's guard do not."""
    made = spawner(loaded(tmp_path), user, server)
    created(made, engine)
    policy = Policy.from_json((tmp_path / GUARD_POLICY).read_text())
    policy = replace(policy, lab_sockets_path=MOUNTPOINT)

    def asked(policy: Policy) -> EngineCall | Deny:
        query = f"name={made.container_name}"
        return decide("POST", "/v1.45/containers/create", query, json.dumps(engine.body).encode(), policy)

    verdict = asked(policy)
    assert isinstance(verdict, EngineCall), verdict
    assert isinstance(asked(replace(policy, deployment="biology")), Deny)


# --- names ---


@pytest.mark.parametrize(
    ("user", "volume"),
    [
        ("ada", "homeroom-user-ada"),
        ("ada-thesis", "homeroom-user-ada-2dthesis"),
        ("a.b_c@d+e", "homeroom-user-a-2eb-5fc-40d-2be"),
    ],
)
def test_names_are_escaped(rendered: Config, user: str, volume: str) -> None:
    """A name that the engine would not take, or that could be read as another's, is escaped."""
    assert spawner(rendered, user).home_volume == volume


def test_a_containers_name_tells_nothing(engine: FakeEngine, rendered: Config) -> None:
    """Other labs can ask the engine's resolver for a container's name: it tells neither person nor server, is another
    one with each start, and a hub that was killed meanwhile finds the container by it."""
    made = spawner(rendered, "ada", "thesis")
    first = made.container_name
    assert re.fullmatch("homeroom-jupyter-[0-9a-f]{16}", first)
    assert created(made, engine)["name"] == first
    made.save_state()
    assert made.user._new_spawner("thesis").container_name == first
    made.clear_state()  # as the hub does before each start
    assert made.container_name != first
    made.image = "another"
    assert made.container_name == created(made, engine)["name"]


def test_the_longest_names_fit(tmp_path: Path) -> None:
    """The longest deployment, person and server name that are allowed still make a socket that can be bound."""
    made = spawner(loaded(tmp_path, COMPOSE_PROJECT_NAME="d" * 31), "a" + "+" * 63, "s" * 255)
    assert len(bytes(made.socket_directory / "lab.sock")) <= 107
    assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", made.home_volume)
    assert len(made.home_volume) <= 255


# --- starting ---


def start(made: LabSpawner) -> str:
    """Start a lab as the hub does, with a bound of its own."""

    async def bounded() -> str:
        return await asyncio.wait_for(made.start(), 20)

    return asyncio.run(bounded())


@pytest.fixture
def listening(engine: FakeEngine, labs: Path) -> Iterator[None]:
    """A lab that listens when its container starts."""
    listener = socket.socket(socket.AF_UNIX)

    def listen() -> None:
        folder = labs / sockets.directory_name("ada", "")
        folder.mkdir()
        listener.bind(str(folder / "lab.sock"))
        listener.listen()

    engine.on_start = listen
    with listener:
        yield


@pytest.mark.usefixtures("listening")
def test_a_start_ends_when_the_lab_answers(engine: FakeEngine, labs: Path, rendered: Config) -> None:
    """`start` makes the home with its labels, creates and starts the container and gives the socket's address."""
    address = start(spawner(rendered))
    assert address == sockets.url(labs / sockets.directory_name("ada", "") / "lab.sock")
    assert engine.asked == ["create", "start"]
    assert engine.volumes == {"homeroom-user-ada": {"homeroom.deployment": "homeroom", "homeroom.user": "ada"}}


@pytest.mark.usefixtures("listening")
def test_a_left_over_container_is_removed_first(engine: FakeEngine, labs: Path, rendered: Config) -> None:
    """A container of an earlier start is never used again: its image and limits may be old."""
    engine.container = {"left_over": True}
    start(spawner(rendered))
    assert engine.asked == ["remove", "create", "start"]


@pytest.mark.usefixtures("labs")
def test_a_start_that_was_given_up_is_not_in_the_way_of_the_next(
    engine: FakeEngine, rendered: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gives up and asks again at once has another spawner by then: what the engine still makes for the first start
    is removed before the hub has done with it, never from under the second."""
    made, answer, create = spawner(rendered), threading.Event(), engine.create_container

    def slowly(**arguments: Any) -> Any:
        assert answer.wait(10)
        return create(**arguments)

    monkeypatch.setattr(engine, "create_container", slowly)

    async def give_up() -> None:
        begun = asyncio.create_task(made.start())
        while made.gpus.creating is None:
            await asyncio.sleep(0.01)
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        asyncio.get_running_loop().call_later(0.1, answer.set)
        await made.run_post_stop_hook()
        assert engine.asked == ["create", "remove"]

    asyncio.run(give_up())


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("profile", [["default"], {"default": 1}, 1])
def test_a_profile_that_is_no_name_is_refused(rendered: Config, profile: Any) -> None:
    """Whatever a hand-made request asks for in the place of a profile's name, it is refused in words."""
    made = spawner(rendered)
    made.user_options = {"profile": profile}
    with pytest.raises(SpawnException, match="cannot start this profile"):
        start(made)


@pytest.mark.usefixtures("engine")
def test_who_comes_to_the_queue_late_is_told_so(rendered: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is open before its lab waits in the queue, as with a slow engine, shows the queue all the same; and
    that it is over."""
    where, sleep = [0], asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: sleep(0))
    monkeypatch.setattr(LabSpawner, "queue_position", property(lambda _: where[0]))
    monkeypatch.setattr(LabSpawner, "queue_message", property(lambda _: f"number {where[0]} in the queue"))

    async def look() -> list[str]:
        told: list[str] = []
        shown = spawner(rendered).progress()
        for position in (0, 2, 2, 1, 0):
            where[0] = position
            told.append((await anext(shown)).get("message", ""))
        return told

    told = asyncio.run(look())
    assert told[0] == "It takes a few seconds."
    assert "number 2 in the queue" in told
    assert told[-1] == "It is your turn. Your lab is starting."


@pytest.mark.usefixtures("engine")
def test_who_runs_is_one_question_however_many_there_ever_were(rendered: Config) -> None:
    """The hub asks its database who has a lab each second while a lab waits in the queue: people of years ago, none of
    whom is in memory, are no more work."""
    made = spawner(rendered)
    db = made.user.db
    for number in range(50):
        db.add(StoredSpawner(user=StoredUser(name=f"former{number}"), name=""))
    made.orm_spawner.server = StoredServer()
    made.save_state()
    db.expunge_all()
    asked: list[str] = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert [lab.key for lab in made._recorded()] == [("ada", "")]
    assert len(asked) == 1, asked


@pytest.mark.usefixtures("engine")
def test_an_opened_lab_stays_opened(engine: FakeEngine, rendered: Config) -> None:
    """Who opens the lab that was started for their lesson and signs out has been in it, also for the next hub: it is
    not given to somebody else."""
    made = spawner(rendered)
    made.kept.lab_state = LabState.of(made.plan, Prewarm(lesson_at=1.0, keep_until=2.0))
    engine.container, engine.running = {}, True
    assert made.prewarm.prewarmed
    token = APIToken(oauth_client=OAuthClient(identifier=made.oauth_client_id), user=made.user.orm_user)
    made.user.db.add(token)
    made.user.db.commit()
    assert asyncio.run(made.poll()) is None
    made.user.db.delete(token)
    made.user.db.commit()
    assert not made.prewarm.prewarmed
    assert not made.user._new_spawner("").prewarm.prewarmed


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("before", "ended"), [("", NOTHING), ("/chemistry", ending.MOVED)])
def test_a_lab_of_another_address_is_over(engine: FakeEngine, rendered: Config, before: str, ended: Said) -> None:
    """Where BASE_URL has changed, none of the pages of a lab that knows the old one is found: it is over, and its owner
    reads why. Under the same address it goes on."""
    made = spawner(rendered, server="a-b")
    engine.container, engine.running = {}, True
    base = f"{before}{made.user.base_url}a-b/"
    stored = StoredServer(proto=sockets.SCHEME, ip="%2Frun%2Flabs", port=80, base_url=base, cookie_name="")
    made.orm_spawner.server = stored
    assert asyncio.run(made.poll()) == (0 if ended else None)
    assert made.ended == ended


@pytest.mark.usefixtures("engine", "labs")
def test_labs_start_a_few_at_a_time(rendered: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that comes at once has its labs in order, and a start that fails keeps nobody waiting."""
    monkeypatch.setattr(LabSpawner, "_start_queue", None)
    monkeypatch.setattr(LabSpawner, "_start_slots", None)
    starting: list[str] = []
    most = 0

    async def start_in_place(self: LabSpawner) -> str:
        nonlocal most
        starting.append(self.user.name)
        most = max(most, len(starting))
        await asyncio.sleep(0.01)
        starting.remove(self.user.name)
        if self.user.name == "p1":
            raise LabDied(say("ended.interrupted"), reason="died", status_code=500)
        return str(self.user.name)

    async def come_at_once() -> list[Any]:
        people = [spawner(rendered, f"p{number}", start_slot_count=2) for number in range(7)]
        return await asyncio.gather(*(each.start() for each in people), return_exceptions=True)

    monkeypatch.setattr(LabSpawner, "_start_container", start_in_place)
    ended = asyncio.run(come_at_once())
    assert most == 2
    assert isinstance(ended[1], LabDied)
    assert [each for each in ended if isinstance(each, str)] == ["p0", "p2", "p3", "p4", "p5", "p6"]


def died(engine: FakeEngine, rendered: Config, log: bytes, hubs_log: io.StringIO | None = None) -> LabDied:
    """What is said of a lab whose container ends at once with this log."""
    made = spawner(rendered)
    made.log = logging.Logger("spawner")
    made.log.addHandler(logging.StreamHandler(hubs_log or io.StringIO()))

    def end() -> None:
        engine.running = False
        engine.log = log

    engine.on_start = end
    with pytest.raises(LabDied) as caught:
        start(made)
    return caught.value


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (b"starting\nTraceback ...\nOSError: disk quota exceeded\n", ": OSError: disk quota exceeded"),
        (b"100% broken %s\n", ": 100% broken %s"),
        (b"caf\xe9\n", ": caf\N{REPLACEMENT CHARACTER}"),
        (b"", ", and left no message."),
        (b"\x1b]0;owned\x07\x9b2J\n", r": \x1b]0;owned\x07" + "\N{REPLACEMENT CHARACTER}2J"),
        (b"x" * 10_000, ": " + "x" * 500),
    ],
)
@pytest.mark.usefixtures("labs")
def test_a_lab_that_dies_says_why(engine: FakeEngine, rendered: Config, log: bytes, said: str) -> None:
    """When the container ends before it answers, the person is shown the end of its log at once, not a time-out."""
    error = died(engine, rendered, log)
    assert error.get_message() == f"The lab ended before it answered{said}"
    assert error.reason == "died"
    assert said in str(error)


@pytest.mark.usefixtures("labs")
def test_a_lab_writes_no_line_of_the_hubs_log(engine: FakeEngine, rendered: Config) -> None:
    """What somebody wrote in their lab is told from what the hub says: each line of it is marked."""
    forged = "[I 2026-11-21 10:00:00.000 JupyterHub base:1033] User logged in: admin"
    heard = io.StringIO()
    died(engine, rendered, f"\n{forged}\r{forged}\x85{forged}\n".encode(), heard)
    assert [line for line in heard.getvalue().splitlines() if forged in line] == [f"  | {forged}"] * 3


def test_a_labs_own_token_opens_no_lab(rendered: Config) -> None:
    """It tells the hub what goes on, and nothing else: whoever was in a lab once can have read it there."""
    assert spawner(rendered).server_token_scopes == ["users:activity!user"]


@pytest.mark.usefixtures("labs")
def test_a_missing_image_says_what_to_do(engine: FakeEngine, rendered: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that is not there is not pulled while somebody waits: the person is told whom to ask."""

    def missing(**_: Any) -> Any:
        raise api_error(404, "no such image")

    monkeypatch.setattr(engine, "create_container", missing)
    made = spawner(rendered)
    assert made.pull_policy == "skip"
    with pytest.raises(SpawnException, match="homeroom-lab:local is not on this machine") as caught:
        start(made)
    assert caught.value.reason == "image-missing"


HOME_REFUSED = "the guard of homeroom refused this: the home cannot be made: HOMES must be root's"
NO_SHARE = 'invalid mount config for type "bind": bind source path does not exist: /srv/pool'
REFUSALS = [
    (api_error(403, HOME_REFUSED), "home", "Your home directory could not be made ready"),
    (api_error(400, NO_SHARE), "share-missing", "The shared directory pool is not there"),
    (api_error(500, "statfs /srv/pool: no such file or directory"), "share-missing", "The shared directory pool is"),
    (api_error(400, NO_SHARE + "2"), "engine", "The container engine could not make this lab"),
    (api_error(403, "the guard of homeroom refused this: mount '/etc'"), "guard", "does not allow this lab"),
    (api_error(500, "CDI device injection failed: unresolvable CDI devices x=0"), "gpus-missing", "make check"),
    (api_error(500, "mkdir /var/lib: no space left on device"), "disk-full", "The disk of this machine is full"),
    (api_error(503, "the container engine does not answer"), "engine-away", "try again in a few minutes"),
    (requests.ConnectionError("guard.sock"), "engine-away", "try again in a few minutes"),
]


@pytest.mark.parametrize(("refusal", "reason", "said"), REFUSALS)
@pytest.mark.usefixtures("labs")
def test_a_refusal_is_told_and_logged(
    engine: FakeEngine,
    rendered: Config,
    monkeypatch: pytest.MonkeyPatch,
    refusal: Exception,
    reason: str,
    said: str,
) -> None:
    """Whose lab guard or engine refuse reads what that means for them and nothing of the machine; the log has all."""

    def refuse(**_: Any) -> Any:
        raise refusal

    monkeypatch.setattr(engine, "create_container", refuse)
    monkeypatch.setattr(retrying, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(retrying, "RETRY_SECONDS", 0.01)
    share = {"name": "pool", "source": "/srv/pool", "target": "/data/pool", "mount_target": "/data/pool"}
    made = spawner(rendered, shares=[share])
    log = io.StringIO()
    made.log = logging.Logger("spawner")
    made.log.addHandler(logging.StreamHandler(log))
    with pytest.raises(SpawnException) as caught:
        start(made)
    assert caught.value.reason == reason
    assert said in caught.value.get_message()
    assert "/srv" not in caught.value.get_message()
    assert str(refusal) in log.getvalue()


@pytest.mark.usefixtures("engine")
def test_a_link_is_not_a_lab(labs: Path, rendered: Config) -> None:
    """A link that a lab's owner lays to another's socket is not taken for an answer."""
    made = spawner(rendered)
    made.socket_directory.mkdir()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(labs / "other.sock"))
        other.listen()
        (made.socket_directory / "lab.sock").symlink_to(labs / "other.sock")
        assert not asyncio.run(readiness.accepts(made.socket_directory / "lab.sock"))


@pytest.mark.usefixtures("engine")
def test_a_socket_that_nobody_listens_on_is_no_answer(labs: Path, rendered: Config) -> None:
    """The socket that a killed lab left behind does not make its successor ready."""
    made = spawner(rendered)
    made.socket_directory.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(made.socket_directory / "lab.sock"))
    assert not asyncio.run(readiness.accepts(made.socket_directory / "lab.sock"))


@pytest.mark.usefixtures("engine")
def test_engine_calls_do_not_wait_for_each_other(rendered: Config) -> None:
    """All spawners share threads, several of them: one slow call of the engine does not stop everybody."""
    one, other = spawner(rendered, "ada"), spawner(rendered, "bob")
    assert one.executor is other.executor
    assert isinstance(one.executor, ThreadPoolExecutor)
    assert one.executor._max_workers > 1
