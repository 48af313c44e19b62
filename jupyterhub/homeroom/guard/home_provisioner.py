"""The guard's way to homes that are directories: a container that lives for one verb of `homeroom.storage.homes`.

The guard itself has neither the directory nor a capability. What it runs here is fixed but for the home's name, and
nothing of it comes from the hub's own request.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from homeroom.contract.home_names import ROOT, capabilities
from homeroom.contract.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from homeroom.guard.policy import Policy
from homeroom.guard.response import Response
from homeroom.guard.routes import EngineCall
from homeroom.guard.values import Refused

Send = Callable[[EngineCall], Awaitable[Response]]
MEMORY_BYTES = 128 << 20
PIDS = 16
HEADER_BYTES = 8


def container_body(
    image: str, deployment: str, homes_path: str, verb: str, arguments: list[str], hard_limit_bytes: int = 0
) -> dict[str, Any]:
    """The container that runs one verb: HOMES, no network, and the capabilities that the verb needs."""
    return {
        "Image": image,
        "Cmd": ["python", "-m", "homeroom.storage.homes", verb, *arguments],
        "User": "0:0",
        "Labels": {DEPLOYMENT_LABEL: deployment, SERVICE_LABEL: "homes"},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "Mounts": [
                {"Type": "bind", "Source": homes_path, "Target": str(ROOT), "ReadOnly": verb in ("list", "use")}
            ],
            "NetworkMode": "none",
            "CapDrop": ["ALL"],
            "CapAdd": capabilities(verb, hard_limit_bytes),
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": True,
            "Memory": MEMORY_BYTES,
            "MemorySwap": MEMORY_BYTES,
            "PidsLimit": PIDS,
        },
    }


class HomeProvisioner:
    """Makes a user's directory before a lab mounts it, where it is not there; remembers those that are."""

    def __init__(self, policy: Policy, send: Send) -> None:
        self.policy = policy
        self._send = send
        self._known: set[str] | None = None
        self._lock = asyncio.Lock()

    async def ensure(self, name: str, *, again: bool = False) -> None:
        """Have a home of this name. The homes that are there are asked for once, all together.

        :param again: do not trust what is remembered.
        :raises Refused: with the reason why it cannot be made.
        """
        async with self._lock:
            if self._known is None:
                self._known = set(await self.run("list"))
            if name in self._known and not again:
                return
            limit = self.policy.home_limit_bytes
            await self.run("ensure", name, *([f"--hard-limit={limit}"] if limit else []))
            self._known.add(name)

    async def run(self, verb: str, *arguments: str) -> Any:
        """Run one verb to its end and return what it says. :raises Refused: it failed, with its reason."""
        policy = self.policy
        body = container_body(
            policy.home_provisioner_image,
            policy.deployment,
            policy.homes_path,
            verb,
            list(arguments),
            policy.home_limit_bytes,
        )
        name = f"name={policy.deployment}-homes-{secrets.token_hex(6)}"
        call = EngineCall(method="POST", path="/containers/create", query=name, body=json.dumps(body).encode())
        made = await self._send(call)
        if made.status >= 300:
            raise Refused(f"the home cannot be made: {made.read().get('message', made.status)}")
        path = f"/containers/{made.read()['Id']}"
        try:
            started = await self._send(EngineCall(method="POST", path=f"{path}/start"))
            if started.status >= 300:
                raise Refused(f"the home cannot be made: {started.read().get('message', started.status)}")
            ended = await self._send(EngineCall(method="POST", path=f"{path}/wait"))
            said = await self._send(EngineCall(method="GET", path=f"{path}/logs", query="stdout=1&stderr=1"))
            return answer(ended.read().get("StatusCode", 1), plain(said.body))
        finally:
            await asyncio.shield(self._send(EngineCall(method="DELETE", path=path, query="force=1&v=1")))


def plain(framed: bytes) -> str:
    """A container's output without the header that the engine sets before each part of it."""
    found = bytearray()
    while len(framed) > HEADER_BYTES:
        size = int.from_bytes(framed[4:HEADER_BYTES], "big")
        found += framed[HEADER_BYTES : HEADER_BYTES + size]
        framed = framed[HEADER_BYTES + size :]
    return found.decode(errors="replace")


def answer(code: int, output: str) -> Any:
    """What a verb said. :raises Refused: it failed."""
    last = output.strip().rpartition("\n")[2]
    try:
        said = json.loads(last)
    except ValueError:
        said, code = last or "no word", code or 1
    if code:
        raise Refused(f"the home cannot be made: {said}")
    return said
