"""Hands in the home of an exam that is over: the guard makes a container that reads it and gives it to the desk."""

from __future__ import annotations

import asyncio
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from homeroom.contract.by_socket import BySocket
from homeroom.contract.exam_labs import SEAL_ADDRESS, SEAL_SECONDS
from homeroom.courses import desk_client
from homeroom.courses.exams import told
from homeroom.courses.exams.records import LONGEST_FAULT, ExamSitting
from homeroom.courses.watch import tell_desk
from homeroom.records.outbox import SOCKET as GUARD

AT_ONCE = 4
GRACE_SECONDS = 20.0
THREADS = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="exams")


class NotSealed(Exception):
    """It is not handed in yet; says why, for the log and for who invigilates."""


async def seal(hub: Any, server: str, sitting: ExamSitting) -> None:
    """Have a home be handed in, unless it was already before the hub could note it. Commits.

    :raises NotSealed: it could not be; it is tried again.
    """
    person, ends_at = sitting.person, sitting.ends_at
    receipt = await _earlier(sitting)
    left_out = 0
    if receipt is None:
        told.begin(sitting.course, sitting.exam, person, ends_at)
        try:
            await tell_desk(hub)
            said = await asyncio.get_running_loop().run_in_executor(THREADS, _ask, person, server, sitting.exam)
        except desk_client.DeskAway as error:
            raise NotSealed(f"the hand-in desk does not answer: {error}") from None
        finally:
            told.end(sitting.course, sitting.exam, person)
        receipt, left_out = said.get("receipt"), said.get("left_out", 0)
        if not isinstance(receipt, dict):
            raise NotSealed(str(said.get("fault", "nobody knows why")))
    sitting.sealed_at = max(int(receipt["at"]), ends_at)
    sitting.receipt, sitting.left_out, sitting.fault = str(receipt["code"]), int(left_out), ""
    hub.db.commit()


async def _earlier(sitting: ExamSitting) -> dict[str, Any] | None:
    """The receipt of the same end, where the hub was killed before it could note it."""
    found = await desk_client.receipts(sitting.course, sitting.person)
    own = [each for each in found or () if each["assignment"] == sitting.exam and each.get("at_end")]
    return next((each for each in reversed(own) if each["at"] >= sitting.ends_at), None)


def note_fault(hub: Any, sitting: ExamSitting, fault: str) -> None:
    """Keep why a home is not handed in yet. Commits."""
    sitting.fault = fault[:LONGEST_FAULT]
    hub.db.commit()


def _ask(person: str, server: str, folder: str) -> dict[str, Any]:
    """Ask the guard, and wait."""
    connection = BySocket(str(GUARD), "guard", timeout=SEAL_SECONDS + GRACE_SECONDS)
    body = json.dumps({"user": person, "server": server, "folder": folder})
    try:
        connection.request("POST", SEAL_ADDRESS, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return {"fault": f"the guard does not answer: {error}"}
    finally:
        connection.close()
    if not isinstance(said, dict) or answer.status != http.HTTPStatus.OK:
        return {"fault": said.get("message", "the guard refuses it") if isinstance(said, dict) else "unreadable"}
    return said
