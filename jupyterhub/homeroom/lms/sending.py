"""Sending grades: one after the other, each noted when it is through; nobody's failure stops the others."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from homeroom.lms import columns, scores
from homeroom.lms.changes import Change
from homeroom.lms.columns import Column
from homeroom.lms.connection import Connection
from homeroom.lms.fault import LMSFault
from homeroom.lms.records import DONE, ENDED, Records
from homeroom.lms.scores import Score
from homeroom.lms.tokens import Tokens
from homeroom.lms.web import Sleep, Web

APART_SECONDS = 1.1
"""Between two sendings of a course: Moodle takes a grade for older that is not newer by a whole second."""
AGAIN_SECONDS = 10.0
"""Until it is tried again to note that a sending is over."""
MOST_AWAY = 3
"""So many people in a row whose grade the platform does not answer for, and the rest are not tried."""

log = logging.getLogger("homeroom.lms")


async def send(
    number: int,
    connection: Connection,
    wanted: list[Column],
    found: list[Change],
    tokens: Tokens,
    records: Records,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """Send what changed, and note what came of it. Raises nothing: what is wrong is in the record."""
    state, said = ENDED, ""
    try:
        await sleep(APART_SECONDS)
        async with Web(connection.platform, sleep) as web:
            where = await columns.find_or_make(web, tokens, connection, wanted)
            await _each(number, web, where, found, tokens, records)
        state = DONE
    except LMSFault as fault:
        said = fault.detail
    except asyncio.CancelledError:
        records.end(number, ENDED, "this service was restarted")
        raise
    except Exception as error:
        log.exception("sending %d of %s failed", number, connection.course)
        said = repr(error)
    await _end(number, state, said, records, sleep)


async def _end(number: int, state: str, said: str, records: Records, sleep: Sleep) -> None:
    """Note that it is over. While that cannot be kept, as on a full disk, it is tried again: a sending that seems to go
    on is in the way of the next."""
    while True:
        try:
            records.end(number, state, said)
            return
        except sqlite3.Error as error:
            log.error("sending %d is over, which cannot be noted: %s", number, error)
            await sleep(AGAIN_SECONDS)


async def _each(
    number: int, web: Web, where: dict[str, str], found: list[Change], tokens: Tokens, records: Records
) -> None:
    """:raises LMSFault: nobody's grade would be taken."""
    away = 0
    for place, change in enumerate(found):
        score = Score(user_id=change.user_id, points=change.points, maximum=change.maximum)
        try:
            result, said = await scores.send(web, tokens, where[change.column], score)
            away = 0
        except LMSFault as fault:
            if fault.kind != "away":
                raise
            away += 1
            records.note(number, place, change, "away", fault.detail)
            if away >= MOST_AWAY:
                raise
            continue
        records.note(number, place, change, result, said)
