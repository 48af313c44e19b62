"""What somebody handed in is run: in a container of the image that their labs have, on no network, without a home, a
token or anything that others have, bounded in memory, CPU, processes, files and time, and gone at the end.

The desk names a course's profile and a number that it made up. All else is fixed here and in the policy.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from homeroom.contract import runs
from homeroom.contract.home_names import GROUP, OWNER
from homeroom.contract.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from homeroom.guard import errand, socket_directories
from homeroom.guard.policy import Policy
from homeroom.guard.routes import EngineCall
from homeroom.guard.run_rules import RunRule
from homeroom.guard.values import Refused, only_keys, shown

FOLDER = "/tmp"  # noqa: S108 - the container's own
"""The one folder that can be written to."""
KERNELS = "/srv/kernels"
OPEN_FILES = 4096
CPUS = 1.0
CPU_SHARES = 512
"""Half of a lab's part where CPUs are short: people who work come before what is graded."""
FILES_PART = 2
"""Half of the memory is what may be written to files; it counts as memory."""
SHM_BYTES = 64 << 20
FAULT = "nothing can be run"

log = logging.getLogger("homeroom.guard")


def checked(given: Any, policy: Policy) -> tuple[str, RunRule]:
    """Which run, and by which rule. :raises Refused: it is neither."""
    if not only_keys(given, "run", "profile") or not all(isinstance(one, str) for one in given.values()):
        raise Refused("a run has run and profile")
    if not runs.RUN.fullmatch(given.get("run", "")):
        raise Refused("the number of a run is 24 hexadecimal digits")
    rule = next((each for each in policy.runs if each.profile == given.get("profile")), None)
    if rule is None:
        raise Refused(f"nothing is run in profile {shown(given.get('profile'))}")
    return given["run"], rule


def container_body(policy: Policy, rule: RunRule, run: str) -> dict[str, Any]:
    """The container: the run's own socket, kernels for everyone, and nothing else to reach."""
    mounts = [errand.socket_mount(policy, runs.directory_name(run))]
    if rule.kernels_volume:
        kernels = {"Type": "volume", "Source": rule.kernels_volume, "Target": KERNELS, "ReadOnly": True}
        mounts.append(kernels)
    files = f"rw,nosuid,nodev,exec,mode=1777,size={rule.memory_bytes // FILES_PART}"
    body = errand.container_body(
        rule.image,
        list(runs.COMMAND),
        user=f"{OWNER}:{GROUP}",
        deployment=policy.deployment,
        service=runs.SERVICE,
        mounts=mounts,
        memory_bytes=rule.memory_bytes,
        PidsLimit=rule.pids,
        NanoCpus=int(CPUS * 1e9),
        CpuShares=CPU_SHARES,
        ShmSize=min(SHM_BYTES, rule.memory_bytes // FILES_PART),
        Tmpfs={FOLDER: files},
        Ulimits=[
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES},
        ],
        LogConfig={"Type": "none", "Config": {}},
    )
    return {
        **body,
        "Entrypoint": [],
        "WorkingDir": FOLDER,
        "Env": [f"HOME={FOLDER}", f"TZ={rule.time_zone}", f"LANG={rule.language}", *_one_cpu()],
        "NetworkDisabled": True,
    }


def _one_cpu() -> list[str]:
    """What tells numerical libraries that there is one CPU; they would start a thread for each of the machine's."""
    return [f"{name}=1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended.

    :param how: `homeroom.contract.runs.DONE` and its like.
    :param code: the exit code of its program; -1: it was ended.
    """

    how: str
    code: int


class Runs:
    """Has runs made, a few at once, and nothing left of them.

    :param policy: asked for once the engine has said where the directories of sockets lie.
    :param directories: where the directories of sockets are made.
    :param tidy: removes one of them.
    """

    def __init__(
        self,
        policy: Callable[[], Awaitable[Policy]],
        send: errand.Send,
        directories: Path,
        tidy: Callable[[str], Awaitable[None]],
    ) -> None:
        self._policy = policy
        self._send = send
        self._directories = directories
        self._tidy = tidy
        self._going: set[str] = set()

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer the desk once a run has ended. Who hangs up ends it."""
        try:
            if (request.method, request.path) == ("GET", "/_ping"):
                return web.json_response({"going": len(self._going)})
            if (request.method, request.path) != ("POST", runs.ADDRESS):
                raise Refused(f"{request.method} {shown(request.path)} is no run")
            policy = await self._policy()
            run, rule = checked(_object(await request.read()), policy)
            if run in self._going:
                raise Refused("this run is going on already")
            if len(self._going) >= policy.runs_at_once:
                return web.json_response({"message": "as many are run as may be at once"}, status=429)
            ended = await self._run(policy, rule, run)
        except Refused as reason:
            log.warning("refused a run: %s", reason)
            return web.json_response({"message": str(reason)}, status=403)
        except (aiohttp.ClientError, OSError) as error:
            log.error("the engine does not answer: %s", error)
            return web.json_response({"message": "the container engine does not answer"}, status=503)
        return web.json_response({"how": ended.how, "code": ended.code})

    async def _run(self, policy: Policy, rule: RunRule, run: str) -> Ended:
        """Run one to its end. :raises Refused: the engine does not."""
        name = runs.directory_name(run)
        self._going.add(run)
        try:
            socket_directories.make(self._directories, name)
            async with errand.container(self._send, container_body(policy, rule, run), fault=FAULT) as path:
                try:
                    async with asyncio.timeout(rule.seconds):
                        await self._send(EngineCall(method="POST", path=f"{path}/wait"))
                except TimeoutError:
                    return Ended(how=runs.TIME, code=-1)
                state = (await self._send(EngineCall(method="GET", path=f"{path}/json"))).read().get("State") or {}
                return _ended(state)
        finally:
            self._going.discard(run)
            await asyncio.shield(self._tidy(name))

    async def sweep(self) -> None:
        """Remove the containers of runs that a guard before left behind."""
        policy = await self._policy()
        labels = [f"{DEPLOYMENT_LABEL}={policy.deployment}", f"{SERVICE_LABEL}={runs.SERVICE}"]
        query = urlencode({"all": "1", "filters": json.dumps({"label": labels})})
        answer = await self._send(EngineCall(method="GET", path="/containers/json", query=query))
        for each in json.loads(answer.body) if answer.status == 200 else []:
            await self._send(EngineCall(method="DELETE", path=f"/containers/{each['Id']}", query="force=1&v=1"))


def _ended(state: dict[str, Any]) -> Ended:
    code = state.get("ExitCode")
    if state.get("OOMKilled") and code != 0:
        return Ended(how=runs.MEMORY, code=-1)
    return Ended(how=runs.DONE if code == 0 else runs.FAULT, code=code if isinstance(code, int) else -1)


def _object(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Refused("a run is an object of JSON") from None
