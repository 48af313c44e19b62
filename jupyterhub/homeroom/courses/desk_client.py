"""The hub's calls to the hand-in desk. Nothing waits for it for long: pages are shown without it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from homeroom.contract.by_socket import BySocket
from homeroom.courses.desk_address import SOCKET

SECONDS = 3.0
PERSON_SECONDS = 60.0
COURSE_SECONDS = 600.0


class DeskAway(Exception):
    """The desk does not answer, or not as it should."""


class Changed(Exception):
    """What lies at the desk is not what whoever asks was shown; nothing was done."""


def is_there() -> bool:
    """Whether this deployment has a desk."""
    return SOCKET.exists()


def ask(method: str, path: str, body: bytes | None = None, *, seconds: float = SECONDS) -> dict[str, Any]:
    """One call, which waits.

    :raises DeskAway: there is no answer, or none that is good.
    :raises Changed: it was asked for something that is there no more as it was shown.
    """
    try:
        with contextlib.closing(BySocket(str(SOCKET), "desk", timeout=seconds)) as desk:
            desk.request(method, path, body)
            answer = desk.getresponse()
            text = answer.read()
            if answer.status == 409:
                raise Changed(path)
            if answer.status != 200:
                raise DeskAway(f"{method} {path}: {answer.status} {text[:200]!r}")
            values: dict[str, Any] = json.loads(text)
            return values
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeskAway(repr(error)) from None


async def tell(values: Mapping[str, Any]) -> bool:
    """Tell the desk what there is, unless it knows it already; returns whether it did not.

    :raises DeskAway: it does not answer.
    """
    text = json.dumps(values, sort_keys=True).encode()
    known = await asyncio.to_thread(ask, "GET", "/told")
    if known["digest"] == hashlib.sha256(text).hexdigest():
        return False
    await asyncio.to_thread(ask, "PUT", "/told", text)
    return True


async def receipts(course: str, person: str = "") -> list[dict[str, Any]] | None:
    """What was handed in, the first first; None: nobody can say just now, or there is no desk."""
    if not is_there():
        return None
    query = urlencode({"course": course, "person": person})
    try:
        answer = await asyncio.to_thread(ask, "GET", f"/receipts?{query}")
    except DeskAway:
        return None
    found: list[dict[str, Any]] = answer["receipts"]
    return found


async def given_out(course: str) -> dict[str, Any] | None:
    """What is released in a course, and what waits for a teacher; None: nobody can say just now."""
    if not is_there():
        return None
    try:
        return await asyncio.to_thread(released, course)
    except DeskAway:
        return None


def released(course: str) -> dict[str, Any]:
    """What is released in a course, and what waits for a teacher. Waits.

    :raises DeskAway: the desk does not answer.
    """
    return ask("GET", f"/released?{urlencode({'course': course})}")


async def grades(course: str) -> dict[str, Any] | None:
    """The grades of a course, and when they came; None: there are none, or nobody can say just now."""
    if not is_there():
        return None
    try:
        answer = await asyncio.to_thread(ask, "GET", f"/grades?{urlencode({'course': course})}")
    except DeskAway:
        return None
    found: dict[str, Any] | None = answer["grades"]
    return found


async def click(course: str, assignment: str, what: str, shown: str, by: str) -> int:
    """Release what waits, or take an assignment back so that it is released no more, nor waits; what was handed in
    stays. Returns with how many it was done.

    :param what: `assignment`; `feedback`: all that waits for this assignment; or `back`.
    :param shown: the version of it that the teacher was shown.
    :param by: the teacher.
    :raises DeskAway: the desk does not answer.
    :raises Changed: it is another one by now.
    """
    query = urlencode({"course": course, "assignment": assignment, "what": what, "shown": shown, "by": by})
    return int((await asyncio.to_thread(ask, "POST", f"/released?{query}", seconds=PERSON_SECONDS))["done"])


def handouts_of(course: str) -> list[dict[str, Any]]:
    """What its teachers hand out on a course's page, by name. Waits.

    :raises DeskAway: the desk does not answer.
    """
    found: list[dict[str, Any]] = ask("GET", f"/handouts?{urlencode({'course': course})}")["handouts"]
    return found


async def handouts(course: str) -> list[dict[str, Any]]:
    """The same. :raises DeskAway: the desk does not answer."""
    return await asyncio.to_thread(handouts_of, course)


async def change_handout(course: str, name: str, *, to: str, visible_at: int | None) -> None:
    """Have a handout go into another folder of homes, or come at another time.

    :raises DeskAway: the desk does not answer.
    """
    query, body = urlencode({"course": course, "name": name}), json.dumps({"to": to, "visible_at": visible_at})
    await asyncio.to_thread(ask, "PUT", f"/handouts?{query}", body.encode())


async def take_handout_back(course: str, name: str) -> None:
    """Hand it out no more; what came into homes stays.

    :raises DeskAway: the desk does not answer.
    """
    query = urlencode({"course": course, "name": name})
    await asyncio.to_thread(ask, "DELETE", f"/handouts?{query}", seconds=PERSON_SECONDS)


def copy_handouts(course: str, to: str, days: int) -> int:
    """Have another course hand out the same, so many days later; returns how many came. Waits.

    :raises DeskAway: the desk does not answer.
    """
    query = urlencode({"course": course, "to": to, "days": days})
    return int(ask("POST", f"/handouts?{query}", seconds=COURSE_SECONDS)["done"])


def of_person(name: str) -> dict[str, list[dict[str, Any]]]:
    """The receipts, feedback and grades of somebody, with the names and digests of the files. Waits.

    :raises DeskAway: it does not answer.
    """
    return ask("GET", f"/people/{quote(name, safe='')}", seconds=PERSON_SECONDS)


def statistics() -> list[dict[str, Any]]:
    """How it goes in each course, in numbers. Waits.

    :raises DeskAway: it does not answer.
    """
    found: list[dict[str, Any]] = ask("GET", "/statistics", seconds=PERSON_SECONDS)["courses"]
    return found


def kept(course: str) -> dict[str, Any]:
    """How much the desk keeps of a course; with an empty name, of which courses it keeps something. Waits.

    :raises DeskAway: it does not answer.
    """
    return ask("GET", f"/kept?{urlencode({'course': course})}" if course else "/kept", seconds=PERSON_SECONDS)


def remove(course: str, by: str, *, everything: bool) -> None:
    """Remove what was handed in, the feedback and the grades of a course, or all of it. Waits.

    :raises DeskAway: it does not answer.
    """
    query = urlencode({"course": course, "what": "all" if everything else "work", "by": by})
    ask("DELETE", f"/kept?{query}", seconds=COURSE_SECONDS)


def take_in(course: str, token: str, by: str) -> dict[str, Any]:
    """Have the desk keep what lies ready for it of a course; how much that is. Waits.

    :raises DeskAway: it does not answer, or keeps something of the course already.
    """
    return ask("POST", f"/kept?{urlencode({'course': course, 'token': token, 'by': by})}", seconds=COURSE_SECONDS)


def forget(name: str) -> None:
    """Remove everything that somebody handed in. Waits.

    :raises DeskAway: it does not answer.
    """
    ask("DELETE", f"/people/{quote(name, safe='')}", seconds=PERSON_SECONDS)
