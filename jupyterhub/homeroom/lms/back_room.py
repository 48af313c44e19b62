"""What the service does for the hub, on a socket that nobody else sees."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web as http

from homeroom.lms import changes, members, sending
from homeroom.lms.changes import Change
from homeroom.lms.columns import Column
from homeroom.lms.connection import Connection
from homeroom.lms.fault import LMSFault
from homeroom.lms.records import Records
from homeroom.lms.tokens import Tokens
from homeroom.lms.web import Sleep, Web
from homeroom.lti.own_keys import OwnKeys

ROSTER_SECONDS = 900.0
"""How often members are asked for."""
AGAIN_SECONDS = 300.0
"""When, after it failed."""
PRESSED_SECONDS = 10.0
"""Between two that somebody asks for."""
COURSE = re.compile(r"/courses/([a-z0-9-]{1,32})(/[a-z]+)?(?:/(\d{1,9}))?(/undo)?")
KEPT = re.compile(r"/kept/([a-z0-9-]{1,32})")
PEOPLE = "/people/"

log = logging.getLogger("homeroom.lms")


class Wrong(Exception):
    """What the hub asks cannot be done.

    :param word: why, for the page.
    """

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


@dataclass
class BackRoom:
    """Answers the hub, and sees to what goes on beside: sendings, and lists of members by the clock."""

    records: Records
    keys: OwnKeys
    sleep: Sleep = asyncio.sleep
    connections: dict[str, Connection] = field(default_factory=dict)
    digest: str = ""

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.keys.sign)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pressed: dict[str, float] = {}
        self._asked: dict[str, Connection] = {}

    async def answer(self, request: http.BaseRequest) -> http.StreamResponse:
        """Answer one request."""
        try:
            return http.json_response(await self._found(request))
        except Wrong as wrong:
            return http.json_response({"error": wrong.word}, status=wrong.status)
        except (ValueError, KeyError, TypeError) as error:
            return http.json_response({"error": repr(error)}, status=400)

    async def _found(self, request: http.BaseRequest) -> Any:
        route = (request.method, request.path)
        if route == ("GET", "/told"):
            return {"digest": self.digest}
        if route == ("PUT", "/told"):
            return self._take(await request.read())
        if route == ("GET", "/keys"):
            return await self.keys.public_set()
        if route == ("GET", "/rosters"):
            return {"rosters": {name: self._roster(name) for name, each in self.connections.items() if each.roster}}
        if request.path.startswith(PEOPLE):
            person = unquote(request.raw_path.removeprefix(PEOPLE))
            if request.method == "GET":
                return {"sent": self.records.of_person(person)}
            if request.method == "DELETE" and person:
                return {"removed": self.records.forget(person)}
        if matched := KEPT.fullmatch(request.path):
            return self._kept(request.method, matched[1])
        if matched := COURSE.fullmatch(request.path):
            return await self._course(request, matched)
        raise Wrong(404, "unknown")

    def _take(self, text: bytes) -> dict[str, str]:
        found = [Connection.from_json(each) for each in json.loads(text)["courses"]]
        self.connections = {each.course: each for each in found}
        self.records.drop_rosters([each.course for each in found if each.roster])
        self.digest = hashlib.sha256(text).hexdigest()
        return {"digest": self.digest}

    async def _course(self, request: http.BaseRequest, matched: re.Match[str]) -> Any:
        name, what, number, undo = matched.groups()
        connection = self.connections.get(name)
        if connection is None:
            raise Wrong(404, "unknown")
        route = (request.method, what, number is not None, undo is not None)
        if route == ("GET", None, False, False):
            return self._shown(connection)
        if route == ("POST", "/roster", False, False):
            return self._press(connection)
        if route == ("POST", "/preview", False, False):
            _, found = self._changes(connection, json.loads(await request.read()))
            return {"changes": [vars(each) for each in found], "digest": changes.digest(found)}
        if route == ("POST", "/sends", False, False):
            return self._send(connection, json.loads(await request.read()))
        if route == ("POST", "/sends", True, True):
            return self._undo(connection, int(number), json.loads(await request.read())["by"])
        raise Wrong(404, "unknown")

    def _kept(self, method: str, course: str) -> dict[str, Any]:
        """How often grades of a course were sent, also of one that there is no more; or the end of what is kept."""
        if method == "DELETE":
            if (task := self._tasks.get(f"send {course}")) is not None and not task.done():
                raise Wrong(409, "busy")
            self.records.forget_course(course)
        elif method != "GET":
            raise Wrong(404, "unknown")
        return {"sends": self.records.of_course(course)}

    def _shown(self, connection: Connection) -> dict[str, Any]:
        """How a course stands with its platform."""
        return {
            "platform": connection.platform.name,
            "manner": connection.manner,
            "is_sending": self._is_busy(connection, "send"),
            "roster": self._roster(connection.course) if connection.roster else None,
            "sends": self.records.sends(connection.course),
        }

    def _roster(self, name: str) -> dict[str, Any] | None:
        return self.records.roster(name, where(self.connections[name]))

    def _changes(self, connection: Connection, values: Any) -> tuple[list[Column], list[Change]]:
        columns, grades = changes.read_order(values)
        columns, grades = changes.order_of(connection.manner, values["title"], columns, grades)
        return columns, changes.changes(columns, grades, self.records.last(connection.course, where(connection)))

    def _send(self, connection: Connection, values: Any) -> dict[str, int]:
        self._require_free(connection)
        columns, found = self._changes(connection, values)
        if changes.digest(found) != values["digest"]:
            raise Wrong(409, "changed")
        if not found:
            raise Wrong(409, "nothing")
        wanted = [each for each in columns if any(change.column == each.key for change in found)]
        return self._begin(connection, str(values["by"]), wanted, found)

    def _undo(self, connection: Connection, number: int, by: str) -> dict[str, int]:
        """Send what was there before a sending, of what nobody has sent anew since."""
        self._require_free(connection)
        sent = self.records.send(connection.course, number)
        if sent is None or sent["platform"] != where(connection):
            raise Wrong(404, "unknown")
        last = self.records.last(connection.course, where(connection))
        found = [
            Change(
                person=each["person"],
                user_id=each["user_id"],
                column=each["column_key"],
                label=each["label"],
                before=each["points"],
                points=each["before"],
                maximum=each["maximum"],
            )
            for each in self.records.outcomes(number)
            if each["result"] == "sent"
            and last.get((each["column_key"], each["user_id"])) == (each["points"], each["maximum"])
        ]
        if not found:
            raise Wrong(409, "nothing")
        wanted = {each.column: Column(key=each.column, label=each.label, maximum=each.maximum) for each in found}
        return self._begin(connection, by, list(wanted.values()), found, undoes=number)

    def _begin(
        self, connection: Connection, by: str, columns: list[Column], found: list[Change], undoes: int | None = None
    ) -> dict[str, int]:
        number = self.records.begin(connection.course, where(connection), by, len(found), undoes)
        log.info("%s sends %d grades of %s to %s", by, len(found), connection.course, connection.platform.name)
        work = sending.send(number, connection, columns, found, self.tokens, self.records, self.sleep)
        self._tasks[f"send {connection.course}"] = asyncio.create_task(work)
        return {"number": number}

    def _require_free(self, connection: Connection) -> None:
        if self._is_busy(connection, "send"):
            raise Wrong(409, "busy")
        if connection.manner == "none":
            raise Wrong(409, "none")

    def _is_busy(self, connection: Connection, what: str) -> bool:
        task = self._tasks.get(f"{what} {connection.course}")
        return task is not None and not task.done()

    def _press(self, connection: Connection) -> dict[str, bool]:
        """Have the members be asked for now, where that was not done just now."""
        now = time.monotonic()
        due = now - self._pressed.get(connection.course, float("-inf")) >= PRESSED_SECONDS
        if due and connection.roster and not self._is_busy(connection, "roster"):
            self._pressed[connection.course] = now
            self._ask(connection)
        return {"asked": due}

    def look(self, now: float) -> None:
        """Have the members of each course be asked for whose time has come.

        :param now: in seconds since 1970.
        """
        for connection in self.connections.values():
            if not connection.roster or self._is_busy(connection, "roster"):
                continue
            known = self._roster(connection.course)
            pause = ROSTER_SECONDS if known is None or not known["fault"] else AGAIN_SECONDS
            is_new = self._asked.get(connection.course) != connection  # as after the first launch
            if is_new or known is None or not 0 <= now - known["tried_at"] < pause:
                self._ask(connection)

    def _ask(self, connection: Connection) -> None:
        self._asked[connection.course] = connection
        self._tasks[f"roster {connection.course}"] = asyncio.create_task(self._read_roster(connection))

    async def _read_roster(self, connection: Connection) -> None:
        try:
            async with Web(connection.platform, self.sleep) as web:
                found = await members.read(web, self.tokens, connection)
            self.records.keep_roster(connection.course, where(connection), found)
        except LMSFault as fault:
            log.warning("the members of %s: %s", connection.course, fault.detail)
            self.records.keep_fault(connection.course, where(connection), fault.detail)
        except Exception as error:
            log.exception("the members of %s", connection.course)
            self.records.keep_fault(connection.course, where(connection), repr(error))

    async def end(self) -> None:
        """End what goes on."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def where(connection: Connection) -> str:
    """Which course of which platform it is: another one has another gradebook."""
    return json.dumps([connection.platform.issuer, connection.context])
