"""The hub's calls to the service that speaks with learning platforms. Nothing waits for it for long."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from homeroom.contract.by_socket import BySocket
from homeroom.lms.address import SOCKET

SECONDS = 5.0
PERSON_SECONDS = 60.0


class ServiceAway(Exception):
    """The service does not answer, or not as it should."""


class Refused(Exception):
    """What was asked of it cannot be done.

    :param word: why: `unknown`, `changed`, `nothing`, `busy` or `none`.
    """

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def is_there() -> bool:
    """Whether this deployment has the service."""
    return SOCKET.exists()


def ask(method: str, path: str, values: Any = None, *, seconds: float = SECONDS) -> dict[str, Any]:
    """One call, which waits.

    :raises ServiceAway: there is no answer, or none that is good.
    :raises Refused: it says why not.
    """
    body = values if isinstance(values, bytes) else None if values is None else json.dumps(values).encode()
    try:
        with contextlib.closing(BySocket(str(SOCKET), "lms", timeout=seconds)) as service:
            service.request(method, path, body)
            answer = service.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServiceAway(repr(error)) from None
    if answer.status in (404, 409):
        raise Refused(str(found.get("error", "")))
    if answer.status != 200:
        raise ServiceAway(f"{method} {path}: {answer.status} {found}")
    return found


async def asked(method: str, path: str, values: Any = None) -> dict[str, Any]:
    """As `ask`, beside the event loop."""
    return await asyncio.to_thread(ask, method, path, values)


async def tell(values: Mapping[str, Any]) -> None:
    """Tell it which courses are connected, unless it knows it already.

    :raises ServiceAway: it does not answer.
    """
    text = json.dumps(values, sort_keys=True).encode()
    known = await asked("GET", "/told")
    if known["digest"] != hashlib.sha256(text).hexdigest():
        await asked("PUT", "/told", text)


def of_person(name: str) -> list[dict[str, Any]]:
    """What was sent of somebody. Waits.

    :raises ServiceAway: it does not answer.
    """
    found: list[dict[str, Any]] = ask("GET", f"/people/{quote(name, safe='')}", seconds=PERSON_SECONDS)["sent"]
    return found


def forget(name: str) -> None:
    """Remove what was sent of somebody. Waits.

    :raises ServiceAway: it does not answer.
    """
    ask("DELETE", f"/people/{quote(name, safe='')}", seconds=PERSON_SECONDS)
