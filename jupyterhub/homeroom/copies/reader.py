"""Asks the service that reads copies, and the guard for what comes back; never on the hub's event loop."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from homeroom.contract.by_socket import BySocket
from homeroom.contract.take_back import ADDRESS, LONGEST_SECONDS, READER_SOCKET
from homeroom.copies.asking import CannotRead, post, send
from homeroom.records.outbox import SOCKET as GUARD

QUESTION_SECONDS = 50.0
"""A little longer than the service takes at most, so that it can say why."""
GRACE_SECONDS = 20.0
QUESTIONS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="copies")
TRANSFERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="copies-transfer")
"""Threads of their own: what takes long here holds up nothing else."""


async def ask(path: str, body: Mapping[str, Any], socket: str = READER_SOCKET) -> dict[str, Any]:
    """The answer to a question. :raises CannotRead: there is none."""

    def asked() -> dict[str, Any]:
        connection = BySocket(socket, "reader", timeout=QUESTION_SECONDS)
        try:
            found: dict[str, Any] = json.loads(post(connection, path, body).read())
            return found
        except (OSError, http.client.HTTPException, ValueError):
            raise CannotRead("unreadable") from None
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(QUESTIONS, asked)


async def take_back(asked: Mapping[str, str], socket: Path = GUARD) -> dict[str, Any]:
    """Have the guard bring a file back; what became of it: `where`, `files`, `left_out`, or `fault`."""

    def done() -> dict[str, Any]:
        connection = BySocket(str(socket), "guard", timeout=LONGEST_SECONDS + GRACE_SECONDS)
        try:
            answer = send(connection, ADDRESS, asked)
            found = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):  # such as a guard that ended meanwhile
            return {"fault": "unreadable"}
        finally:
            connection.close()
        if answer.status == http.HTTPStatus.FORBIDDEN:
            return {"fault": "refused"}
        return found if isinstance(found, dict) and answer.status == http.HTTPStatus.OK else {"fault": "unreadable"}

    return await asyncio.get_running_loop().run_in_executor(TRANSFERS, done)
