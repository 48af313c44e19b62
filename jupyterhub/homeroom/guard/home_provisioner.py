"""The guard's way to homes that are directories: a container that lives for one verb of `homeroom.storage.homes`.

The guard itself has neither the directory nor a capability. What it runs here is fixed but for the home's name, and
nothing of it comes from the hub's own request.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from homeroom.contract.home_names import ROOT, capabilities
from homeroom.guard import errand
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused

MEMORY_BYTES = 128 << 20
FAULT = "the home cannot be made"


def container_body(
    image: str, deployment: str, homes_path: str, verb: str, arguments: list[str], hard_limit_bytes: int = 0
) -> dict[str, Any]:
    """The container that runs one verb: HOMES, no network, and the capabilities that the verb needs."""
    return errand.container_body(
        image,
        ["python", "-m", "homeroom.storage.homes", verb, *arguments],
        user="0:0",
        deployment=deployment,
        service="homes",
        mounts=[{"Type": "bind", "Source": homes_path, "Target": str(ROOT), "ReadOnly": verb in ("list", "use")}],
        memory_bytes=MEMORY_BYTES,
        CapAdd=capabilities(verb, hard_limit_bytes),
    )


class HomeProvisioner:
    """Makes a user's directory before a lab mounts it, where it is not there; remembers those that are."""

    def __init__(self, policy: Policy, send: errand.Send) -> None:
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
        return answer(*await errand.run(self._send, body, streams="stdout=1&stderr=1", fault=FAULT))


def answer(code: int, output: str) -> Any:
    """What a verb said. :raises Refused: it failed."""
    last = output.strip().rpartition("\n")[2]
    try:
        said = json.loads(last)
    except ValueError:
        said, code = last or "no word", code or 1
    if code:
        raise Refused(f"{FAULT}: {said}")
    return said
