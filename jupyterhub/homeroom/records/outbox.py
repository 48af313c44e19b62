"""Hands events on to the guard, which alone writes the records."""

from __future__ import annotations

import asyncio
import http.client
import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from homeroom.contract.by_socket import BySocket
from homeroom.contract.records import ADDRESS
from homeroom.records import events

SOCKET = Path("/run/guard/engine.sock")
ANSWER_SECONDS = 10.0
KEPT, REFUSED = 201, 403


def tell(path: Path, told: Sequence[str]) -> int:
    """Tell the guard events, in their order; returns how many it has, or will never take.

    :raises OSError: it does not answer.
    """
    guard = BySocket(str(path), "guard", timeout=ANSWER_SECONDS)
    try:
        for count, event in enumerate(told):
            guard.request("POST", ADDRESS, event.encode(), {"Content-Type": "application/json"})
            answer = guard.getresponse()
            answer.read()
            if answer.status not in (KEPT, REFUSED):
                return count
    except http.client.HTTPException as error:
        raise OSError(str(error)) from None
    finally:
        guard.close()
    return len(told)


async def send(db: Session, log: logging.Logger, path: Path = SOCKET) -> None:
    """Hand on what waits. What the guard does not take now waits on."""
    found = events.waiting(db)
    if not found:
        return
    told = [(one.id, one.event) for one in found]
    try:
        done = await asyncio.to_thread(tell, path, [event for _, event in told])
    except OSError as error:
        log.warning("The guard does not take events now, and is told later: %s", error)
        return
    names = [number for number, _ in told[:done]]
    db.query(events.WaitingEvent).filter(events.WaitingEvent.id.in_(names)).delete(synchronize_session=False)
    db.commit()
