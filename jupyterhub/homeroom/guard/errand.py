"""A container that the guard makes itself, for one errand: on no network, bounded, and gone at the end.

What runs in it, and on which mounts, is fixed by the guard's own code; a request names no more than a person or a file.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from homeroom.contract.home_names import HOME_TARGET
from homeroom.contract.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from homeroom.contract.mounts import LAB_SOCKETS_TARGET
from homeroom.guard.policy import Policy
from homeroom.guard.response import Response
from homeroom.guard.routes import EngineCall
from homeroom.guard.values import Refused

Send = Callable[[EngineCall], Awaitable[Response]]
PIDS = 16
HEADER_BYTES = 8


def container_body(
    image: str,
    command: list[str],
    *,
    user: str,
    deployment: str,
    service: str,
    mounts: list[dict[str, Any]],
    memory_bytes: int,
    **more: Any,
) -> dict[str, Any]:
    """The container: these mounts, and nothing else to reach.

    :param user: numbers of user and group, `1000:100`.
    :param more: fields of `HostConfig` beside those that all errands have.
    """
    return {
        "Image": image,
        "Cmd": command,
        "User": user,
        "Labels": {DEPLOYMENT_LABEL: deployment, SERVICE_LABEL: service},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "Mounts": mounts,
            "NetworkMode": "none",
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": True,
            "Memory": memory_bytes,
            "MemorySwap": memory_bytes,
            "PidsLimit": PIDS,
            **more,
        },
    }


def socket_mount(policy: Policy, directory: str) -> dict[str, Any]:
    """One directory of sockets, which its container sees as a lab sees its own."""
    source = f"{policy.lab_sockets_path}/{directory}"
    return {"Type": "bind", "Source": source, "Target": LAB_SOCKETS_TARGET, "ReadOnly": True}


def home_mount(policy: Policy, home: str, *, read_only: bool) -> dict[str, Any]:
    """One home, where its lab has it.

    :param home: the name of its directory.
    """
    return {
        "Type": "bind" if policy.homes_path else "volume",
        "Source": f"{policy.homes_path}/{home}" if policy.homes_path else home_volume(policy, home),
        "Target": HOME_TARGET,
        "ReadOnly": read_only,
    }


def home_volume(policy: Policy, home: str) -> str:
    """The volume that is a home."""
    return f"{policy.volume_prefix}{home}"


async def run(send: Send, body: dict[str, Any], *, streams: str, fault: str) -> tuple[int, str]:
    """Run a container to its end and remove it; its exit code, and what it wrote.

    :param streams: what is read of it, as the engine's logs are asked for: `stdout=1`.
    :param fault: what is said where the engine does not make or start it.
    :raises Refused: the engine does not.
    """
    async with container(send, body, fault=fault) as path:
        ended = await send(EngineCall(method="POST", path=f"{path}/wait"))
        said = await send(EngineCall(method="GET", path=f"{path}/logs", query=streams))
        return ended.read().get("StatusCode", 1), plain(said.body)


@asynccontextmanager
async def container(send: Send, body: dict[str, Any], *, fault: str) -> AsyncIterator[str]:
    """A container that was started, by its path in the engine's API; removed at the end, whatever happens meanwhile.

    :raises Refused: the engine does not make or start it.
    """
    labels = body["Labels"]
    name = f"name={labels[DEPLOYMENT_LABEL]}-{labels[SERVICE_LABEL]}-{secrets.token_hex(6)}"
    call = EngineCall(method="POST", path="/containers/create", query=name, body=json.dumps(body).encode())
    making = asyncio.ensure_future(send(call))
    try:
        made = await asyncio.shield(making)
        if made.status >= 300:
            raise Refused(f"{fault}: {made.read().get('message', made.status)}")
        path = f"/containers/{made.read()['Id']}"
        started = await send(EngineCall(method="POST", path=f"{path}/start"))
        if started.status >= 300:
            raise Refused(f"{fault}: {started.read().get('message', started.status)}")
        yield path
    finally:
        await asyncio.shield(_remove(send, making))


async def _remove(send: Send, making: asyncio.Future[Response]) -> None:
    """Remove a container once it is made: also where nobody waited for that any more."""
    made = await making
    if made.status < 300:
        await send(EngineCall(method="DELETE", path=f"/containers/{made.read()['Id']}", query="force=1&v=1"))


async def remove_left(send: Send, deployment: str, services: Collection[str]) -> None:
    """Remove the containers for errands of these kinds that a guard before could not remove any more."""
    labels = [f"{DEPLOYMENT_LABEL}={deployment}", SERVICE_LABEL]
    query = urlencode({"all": "1", "filters": json.dumps({"label": labels})})
    answer = await send(EngineCall(method="GET", path="/containers/json", query=query))
    for each in json.loads(answer.body) if answer.status == 200 else []:
        if (each.get("Labels") or {}).get(SERVICE_LABEL) in services:
            await send(EngineCall(method="DELETE", path=f"/containers/{each['Id']}", query="force=1&v=1"))


def plain(framed: bytes) -> str:
    """A container's output without the header that the engine sets before each part of it."""
    found = bytearray()
    while len(framed) > HEADER_BYTES:
        size = int.from_bytes(framed[4:HEADER_BYTES], "big")
        found += framed[HEADER_BYTES : HEADER_BYTES + size]
        framed = framed[HEADER_BYTES + size :]
    return found.decode(errors="replace")
