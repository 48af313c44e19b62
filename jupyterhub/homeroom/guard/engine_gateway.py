"""The guard's way to the engine: what the policy allows is looked up, sent on, and answered."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from yarl import URL

from homeroom.contract import sockets, take_back
from homeroom.contract.exam_labs import SEAL_ADDRESS, volume_name
from homeroom.contract.grader_labs import grader_name
from homeroom.contract.handouts import ADDRESS as HANDOUT_ADDRESS
from homeroom.contract.home_names import directory_name
from homeroom.contract.labels import DEPLOYMENT_LABEL, SERVER_LABEL, USER_LABEL
from homeroom.contract.mounts import LAB_SOCKETS_TARGET
from homeroom.contract.records import ADDRESS
from homeroom.contract.refusals import NO_FIREWALL
from homeroom.guard import errand, handouts, records, seal, socket_directories
from homeroom.guard.decisions import decide, is_lab, owner
from homeroom.guard.home_provisioner import HomeProvisioner
from homeroom.guard.policy import Policy
from homeroom.guard.records import Records
from homeroom.guard.response import Response
from homeroom.guard.routes import Deny, EngineCall
from homeroom.guard.runs import Runs
from homeroom.guard.seal import Seal
from homeroom.guard.take_back import SERVICE as TAKE_BACK
from homeroom.guard.take_back import TakeBack, checked
from homeroom.guard.values import Refused, shown

LARGEST_ANSWER_BYTES = 32 << 20
LARGEST_LOG_BYTES = 1 << 20
MOST_REMEMBERED_LABS = 10_000
ENGINE_GRACE_SECONDS = 30.0
FIREWALL_GRACE_SECONDS = 10.0  # after the engine's own start its healthcheck takes a moment
FIREWALL_INTERVAL_SECONDS = 0.25
SWEEP_SECONDS = 10.0
TIDY_SECONDS = 2.0
"""How long a call waits for the removal of what a lab left behind, which then goes on by itself."""
PASSED_HEADERS = ("Content-Type", "Api-Version", "Ostype", "Docker-Experimental", "Libpod-API-Version")

log = logging.getLogger("homeroom.guard")


@dataclass
class EngineGateway:
    """Answers the hub's calls: one policy, one engine, connections to it kept open.

    :param lab_sockets: where the guard itself sees the volume of the labs' sockets, to make their directories in.
    :param records: what was done to people, which the guard alone writes.
    :param engine_lost: set once the engine has not been there for ENGINE_GRACE_SECONDS: its socket may have been made
        anew, which a container that mounts the old file sees only after its own restart.
    """

    policy: Policy
    engine_socket: Path
    lab_sockets: Path
    records: Records = field(default_factory=Records)
    engine_lost: asyncio.Event = field(default_factory=asyncio.Event)
    _session: aiohttp.ClientSession | None = None
    _silent_since: float | None = None
    _full_policy: Policy | None = None
    # Ids, each with its directory of sockets: what never changes of a container.
    _labs: dict[str, str | None] = field(default_factory=dict)
    _holds: Counter[str] = field(default_factory=Counter)
    _tidying: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._home_provisioner = HomeProvisioner(self.policy, self._send)
        self._take_back = TakeBack(self.policy, self._send)
        self.runs = Runs(self._ask_engine, self._send, self.lab_sockets, self._tidy)
        self._seal = Seal(self._send, self.lab_sockets)
        self._hand_out = handouts.HandOut(self._send, self.lab_sockets)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one call: the engine's answer, 403 with a reason, or 503 while the engine is away."""
        path, _, query = request.raw_path.partition("?")
        try:
            if "Upgrade" in request.headers:
                raise Refused("a connection that changes its protocol")
            body = await request.read() if request.method == "POST" else b""
            if (request.method, path) == ("POST", ADDRESS):
                return await self._keep(body)
            if (request.method, path) == ("POST", take_back.ADDRESS):
                return await self._bring_back(body)
            if (request.method, path) == ("POST", SEAL_ADDRESS):
                return await self._hand_in(body)
            if (request.method, path) == ("POST", HANDOUT_ADDRESS):
                return await self._give(body)
            policy = await self._ask_engine() if path.endswith("/containers/create") else self.policy
            verdict = decide(request.method, path, query, body, policy)
            if isinstance(verdict, Deny):
                raise Refused(verdict.reason)
            answer = await self._carry_out(verdict)
        except Refused as reason:
            log.warning("refused %s %s: %s", request.method, shown(path, 240), reason)
            return say(403, f"the guard of {self.policy.deployment} refused this: {reason}")
        except web.HTTPRequestEntityTooLarge:
            log.warning("refused %s %s: the body is too large", request.method, shown(path, 240))
            return say(413, "the body is too large")
        except (aiohttp.ClientError, OSError) as error:
            return self._engine_is_away(error)
        self._silent_since = None
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _keep(self, body: bytes) -> web.Response:
        """Keep an event that the hub tells. :raises Refused: it is none."""
        try:
            event = records.checked(json.loads(body))
        except ValueError:
            raise Refused("an event is an object of JSON") from None
        try:
            await asyncio.to_thread(self.records.take, event)
        except (OSError, ValueError) as error:
            log.error("an event cannot be kept: %s", error)
            return say(507, "the records cannot be written")
        return say(201, "kept")

    async def _bring_back(self, body: bytes) -> web.Response:
        """Have a person's file come back from a copy. :raises Refused: it is not theirs to have."""
        try:
            asked = checked(json.loads(body))
        except ValueError:
            raise Refused("what comes back is an object of JSON") from None
        if not self.policy.reader_socket_volume:
            raise Refused("nobody reads copies here")
        if self.records.keeps_home(asked["user"]):
            raise Refused(f"{shown(asked['user'])} was removed, and nothing comes back")
        if not self.policy.homes_path:
            await self._check_owner(errand.home_volume(self.policy, directory_name(asked["user"])), asked["user"])
        return web.json_response(await self._take_back.run(asked))

    async def _hand_in(self, body: bytes) -> web.Response:
        """Have the home of an exam handed in. :raises Refused: it is none."""
        try:
            asked = seal.checked(json.loads(body))
        except ValueError:
            raise Refused("what is handed in is an object of JSON") from None
        policy = await self._ask_engine()
        await self._check_owner(volume_name(policy.deployment, asked["user"], asked["server"]), asked["user"])
        return web.json_response(await self._seal.run(policy, asked))

    async def _give(self, body: bytes) -> web.Response:
        """Have a folder of a grader lab, or a repository, become a handout.

        :raises Refused: it is none, or there is no such lab.
        """
        try:
            asked = handouts.checked(json.loads(body))
        except ValueError:
            raise Refused("a handout is an object of JSON") from None
        policy = await self._ask_engine()
        if volume := handouts.volume(policy, asked):
            await self._check_owner(volume, grader_name(asked["course"]))
        if handouts.is_fetched(asked) and policy.firewall:
            await self._wait_for_firewall()
        return web.json_response(await self._hand_out.run(policy, asked))

    async def close(self) -> None:
        """Close the connections to the engine."""
        for task in self._tidying:
            task.cancel()
        if self._session:
            await self._session.close()

    async def sweep(self) -> None:
        """Remove the directories of labs that are gone, such as those that ended while there was no guard, and what the
        guard before left: runs, and containers for errands."""
        filters = json.dumps({"label": [f"{DEPLOYMENT_LABEL}={self.policy.deployment}", USER_LABEL]})
        query = urlencode({"all": "1", "filters": filters})
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                answer = await self._send(EngineCall(method="GET", path="/containers/json", query=query))
            if answer.status != 200:
                return
            if self.policy.runs:
                await self.runs.sweep()
            living = {name for lab in json.loads(answer.body) for name in socket_directories.names_of(lab)}
            await self._tidy(*(path.name for path in self.lab_sockets.iterdir() if path.name not in living))
            await errand.remove_left(self._send, self.policy.deployment, (seal.SERVICE, handouts.SERVICE, TAKE_BACK))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("left-over directories stay for now: %s", error)

    async def _carry_out(self, allowed: EngineCall) -> Response:
        """Make an allowed call once its conditions hold. :raises Refused: where one does not."""
        found = None
        if allowed.container:
            found = allowed.container if allowed.container in self._labs else None
            inspects = allowed.path.endswith("/{id}/json")
            if found is None or inspects:
                answer = await self._send(EngineCall(method="GET", path=f"/containers/{allowed.container}/json"))
                if answer.status != 200:
                    return answer
                found = self._verified_lab(allowed.container, answer)
                if inspects:
                    return answer
            allowed = replace(allowed, path=allowed.path.replace("{id}", found))
        if allowed.execution:
            answer = await self._send(EngineCall(method="GET", path=f"/exec/{allowed.execution}/json"))
            if answer.status != 200:
                return answer
            name = str(answer.read().get("ContainerID", ""))
            if name not in self._labs:
                self._verified_lab(name, await self._send(EngineCall(method="GET", path=f"/containers/{name}/json")))
        if allowed.user and (allowed.homes or allowed.home) and self.records.keeps_home(allowed.user):
            raise Refused(f"{shown(allowed.user)} was removed, and their home is no lab's")
        for volume in allowed.homes:
            await self._check_owner(volume, allowed.user)
        if allowed.behind_firewall:
            await self._wait_for_firewall()
        if allowed.directory:
            socket_directories.make(self.lab_sockets, allowed.directory)
            self._holds[allowed.directory] += 1
        if allowed.home:
            await self._home_provisioner.ensure(allowed.home)
        if allowed.method == "DELETE" and found:  # to its end, also when the hub is killed meanwhile
            return await asyncio.shield(self._remove(allowed, self._labs.get(found)))
        answer = await self._send(allowed)
        if allowed.home and answer.status >= 400 and b"source path does not exist" in answer.body:
            await self._home_provisioner.ensure(allowed.home, again=True)  # it was removed since
            answer = await self._send(allowed)
        if allowed.volume and answer.status == 200 and owner(answer.read(), self.policy) is None:
            raise Refused(f"volume {allowed.volume} is not labelled as this deployment's")
        return answer

    async def _remove(self, allowed: EngineCall, directory: str | None) -> Response:
        """Remove a lab's container, then its directory of sockets, unless the next lab has that already."""
        held = self._holds[directory] if directory else 0
        answer = await self._send(allowed)
        if directory and answer.status == 204 and self._holds[directory] == held:
            await self._tidy(directory)
        return answer

    async def _tidy(self, *names: str) -> None:
        """Remove the directories of labs that are gone. Their names are free at once; where there is so much that it
        takes long, no call waits for it."""
        left = [aside for name in names if (aside := socket_directories.set_aside(self.lab_sockets, name))]
        if left:
            task = asyncio.create_task(socket_directories.remove(left))
            self._tidying.add(task)
            task.add_done_callback(self._tidying.discard)
            await asyncio.wait({task}, timeout=TIDY_SECONDS)

    def _verified_lab(self, name: str, inspected: Response) -> str:
        """The full id of a container that is a lab. :raises Refused: where it does not."""
        described = inspected.read()
        if not is_lab(described, self.policy):
            raise Refused(f"container {shown(name)} is no lab of this deployment")
        found = str(described["Id"])
        if len(self._labs) >= MOST_REMEMBERED_LABS:
            del self._labs[next(iter(self._labs))]
        mounts = described.get("Mounts") or []
        mounted = {
            Path(each.get("Source", "")).name for each in mounts if each.get("Destination") == LAB_SOCKETS_TARGET
        }
        labels = described["Config"]["Labels"]
        own = sockets.directory_name(labels[USER_LABEL], labels.get(SERVER_LABEL, ""))
        self._labs[found] = own if own in mounted else None  # what is another lab's does not go with this one
        return found

    async def _check_owner(self, name: str, user: str | None) -> None:
        """:raises Refused: unless the volume is there and belongs to the user the lab is for."""
        answer = await self._send(EngineCall(method="GET", path=f"/volumes/{name}"))
        if answer.status == 404:
            raise Refused(f"volume {name} does not exist: create it, with its labels, before the lab")
        whose = owner(answer.read(), self.policy)
        if whose is None or whose != user:
            raise Refused(f"volume {name} is labelled as that of {whose or 'nobody here'}, not of {shown(user)}")

    async def _wait_for_firewall(self) -> None:
        """Return once the service `firewall` says that its rules are in force. :raises Refused: it does not in time."""
        labels = [f"com.docker.compose.project={self.policy.deployment}", "com.docker.compose.service=firewall"]
        filters = {"label": labels, "status": ["running"], "health": ["healthy"]}
        question = EngineCall(method="GET", path="/containers/json", query=urlencode({"filters": json.dumps(filters)}))
        deadline = time.monotonic() + FIREWALL_GRACE_SECONDS
        while True:
            answer = await self._send(question)
            if answer.status == 200 and json.loads(answer.body):
                return
            if time.monotonic() > deadline:
                raise Refused(NO_FIREWALL)
            await asyncio.sleep(FIREWALL_INTERVAL_SECONDS)

    async def _ask_engine(self) -> Policy:
        """The policy with the place that only the engine knows: asked once, and again after it was away."""
        if self._full_policy is None:
            volume = await self._send(EngineCall(method="GET", path=f"/volumes/{self.policy.lab_sockets_volume}"))
            if volume.status != 200:
                raise Refused(f"volume {self.policy.lab_sockets_volume} does not exist: is the deployment up?")
            self._full_policy = replace(self.policy, lab_sockets_path=volume.read()["Mountpoint"])
        return self._full_policy

    async def _send(self, allowed: EngineCall) -> Response:
        """One call to the engine and its answer, whole; only logs are cut where they grow too long."""
        if self._session is None:
            connector = aiohttp.UnixConnector(str(self.engine_socket), limit=0, keepalive_timeout=60)
            # No limit of time: the hub has its own, and when it hangs up the call to the engine ends too.
            self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(sock_connect=5))
        url = URL(f"http://engine{allowed.path}{'?' if allowed.query else ''}{allowed.query}", encoded=True)
        headers = {"Content-Type": "application/json"} if allowed.body else {}
        async with self._session.request(
            allowed.method, url, data=allowed.body, headers=headers, allow_redirects=False
        ) as response:
            kept = {name: response.headers[name] for name in PASSED_HEADERS if name in response.headers}
            return Response(response.status, kept, await read_bounded(response, cut=allowed.path.endswith("/logs")))

    def _engine_is_away(self, error: Exception) -> web.Response:
        """Say so to the hub; after a while, give up so that the restart policy mounts the engine's socket anew."""
        now = time.monotonic()
        self._full_policy = None
        if self._silent_since is None:
            self._silent_since = now
            log.error("the engine does not answer at %s: %s", self.engine_socket, error)
        elif now - self._silent_since > ENGINE_GRACE_SECONDS:
            self.engine_lost.set()
        return say(503, "the container engine does not answer; labs that run go on, try again in a moment")


def say(status: int, message: str) -> web.Response:
    """An answer in the engine's own form, which docker-py shows as the error's explanation."""
    return web.json_response({"message": message}, status=status)


async def read_bounded(response: aiohttp.ClientResponse, *, cut: bool) -> bytes:
    """An answer's body. :raises Refused: where it is larger than any answer should be, and may not be cut."""
    most = LARGEST_LOG_BYTES if cut else LARGEST_ANSWER_BYTES
    found = bytearray()
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) > most:
            if not cut:
                raise Refused(f"the engine's answer is larger than {most} bytes")
            response.close()
            return bytes(found[:most])
    return bytes(found)
