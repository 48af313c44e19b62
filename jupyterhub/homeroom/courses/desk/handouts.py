"""What teachers hand out on their course's page: `<course>/handouts/<name>/`, sealed, with where it goes and when."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from homeroom.courses.desk import sealed
from homeroom.courses.desk.receipt import File
from homeroom.courses.desk.receive import receive
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route, Routes
from homeroom.courses.desk.send import send
from homeroom.courses.desk.store import FILES, Store
from homeroom.courses.desk.told import Bringing, Told
from homeroom.courses.desk.unpack import unpack
from homeroom.courses.made.next_term import moved

HANDOUTS, NOW, LIST = "handouts", "now.json", "files.json"
FOLDER = "[0-9a-f]{24}"
"""What the folder with the files of one is called."""
MOST_HANDOUTS = 100
"""Of a course."""
MOST_ENTRIES = 20_000
HEADERS_BYTES = 64 << 20
"""How much more than its files a tar of one is."""

log = logging.getLogger("homeroom.desk")


@dataclass(frozen=True, kw_only=True)
class Handout:
    """One of them.

    :param to: the folder in each home.
    :param visible_at: from when on members have it, in seconds since 1970; None: at once.
    :param source: where it came from, as its teachers said it.
    :param at: when it came, in seconds since 1970.
    :param revision: another one whenever its files are others.
    :param folder: what the folder with its files is called.
    """

    course: str
    name: str
    to: str
    visible_at: int | None
    source: Mapping[str, str]
    at: float
    revision: str
    folder: str
    files: int
    size_bytes: int

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Handout:
        """:raises TypeError: it is none of ours."""
        return cls(**values)

    def is_visible(self, now: float) -> bool:
        """Whether members have it."""
        return self.visible_at is None or now >= self.visible_at


class Handouts:
    """Holds them, in the desk's volume.

    :param incoming: a folder for what is on its way in, which the desk empties at its start.
    """

    def __init__(self, root: Path, incoming: Path) -> None:
        self.root = root
        self._incoming = incoming
        self._known: dict[tuple[str, str], Handout] = {}
        self._changes = threading.RLock()

    def open(self) -> None:
        """Read what is there, and remove what no `now.json` names: any more, or yet, where the desk ended before."""
        for place in self.root.glob(f"*/{HANDOUTS}/*"):
            if not (place / NOW).exists():
                sealed.remove(place)
        self.read("*")

    def read(self, course: str) -> None:
        """Read those of a course; `*`: of all."""
        for now in self.root.glob(f"{course}/{HANDOUTS}/*/{NOW}"):
            one = Handout.from_json(json.loads(now.read_text(encoding="utf-8")))
            for folder in now.parent.iterdir():
                if folder.is_dir() and folder.name != one.folder:
                    sealed.remove(folder)
            self._known[one.course, one.name] = one

    def of_course(self, course: str) -> list[Handout]:
        """Those of a course, by name."""
        return sorted((each for each in self._known.values() if each.course == course), key=lambda each: each.name)

    def one(self, course: str, name: str) -> Handout | None:
        """The one of a name; None: there is none."""
        return self._known.get((course, name))

    def content(self, one: Handout) -> tuple[Path, list[File]]:
        """Where its files are, and which."""
        folder = self._place(one) / one.folder
        listed = json.loads((folder / LIST).read_text(encoding="utf-8"))
        return folder / FILES, [File(**each) for each in listed]

    def put(self, brought: Bringing, archive: Path, at: float) -> Handout:
        """Keep what came, in place of what was there.

        :param archive: a tar.
        :raises Refused: it is not to be kept as it is, or there is too much already.
        """
        self._require_room(brought.course, brought.name)
        growing = self._incoming / f"{secrets.token_hex(12)}.d"
        growing.mkdir(mode=0o700)
        try:
            (growing / FILES).mkdir(mode=0o700)
            files = unpack(archive, growing / FILES, brought.most_bytes, most_entries=MOST_ENTRIES)
            sealed.write_whole(growing / LIST, json.dumps([asdict(each) for each in files]))
            one = Handout(
                course=brought.course,
                name=brought.name,
                to=brought.to,
                visible_at=brought.visible_at,
                source=dict(brought.source),
                at=at,
                revision=revision_of(files),
                folder=secrets.token_hex(12),
                files=len(files),
                size_bytes=sum(each.size_bytes for each in files),
            )
            self._place(one).mkdir(mode=0o700, parents=True, exist_ok=True)
            growing.rename(self._place(one) / one.folder)
        except BaseException:
            sealed.remove(growing)
            raise
        sealed.close(self._place(one) / one.folder)
        self._say(one)
        return one

    def _require_room(self, course: str, name: str) -> None:
        if (course, name) not in self._known and len(self.of_course(course)) >= MOST_HANDOUTS:
            raise Refused(429, f"{course} has {MOST_HANDOUTS} handouts already. Take one back first.")

    def change(self, course: str, name: str, *, to: str, visible_at: int | None) -> bool:
        """Have one go elsewhere, or come at another time; whether there is one."""
        with self._changes:  # or a newer one that came meanwhile would be replaced by what it was before
            found = self.one(course, name)
            if found is not None:
                self._say(replace(found, to=to, visible_at=visible_at))
        return found is not None

    def take_back(self, course: str, name: str) -> bool:
        """Remove one; what came into homes stays. Returns whether there was one."""
        with self._changes:
            found = self._known.pop((course, name), None)
            if found is not None:
                going = self._incoming / f"{secrets.token_hex(12)}.gone"
                self._place(found).rename(going)
                sealed.to_disk(self._place(found).parent)
                sealed.remove(going)
        return found is not None

    def copy(self, course: str, to: str, move: Callable[[int], int]) -> int:
        """Have another course have the same, with their dates moved; those that it has stay. Returns how many came."""
        came = 0
        for one in self.of_course(course):
            if self.one(to, one.name) is not None:
                continue
            at = None if one.visible_at is None else move(one.visible_at)
            again = replace(one, course=to, visible_at=at, folder=secrets.token_hex(12))
            growing = self._incoming / f"{secrets.token_hex(12)}.d"
            shutil.copytree(self._place(one) / one.folder, growing)
            growing.chmod(0o700)
            self._place(again).mkdir(mode=0o700, parents=True, exist_ok=True)
            growing.rename(self._place(again) / again.folder)
            sealed.close(self._place(again) / again.folder)
            self._say(again)
            came += 1
        return came

    def drop(self, course: str) -> None:
        """Know of none of a course any more; the caller removes them."""
        with self._changes:
            for key in [key for key in self._known if key[0] == course]:
                del self._known[key]

    def _place(self, one: Handout) -> Path:
        return self.root / one.course / HANDOUTS / one.name

    def _say(self, one: Handout) -> None:
        """Have a handout be this, and remove what it was."""
        place = self._place(one)
        with self._changes:
            before = self._known.get((one.course, one.name))
            growing = place / f".{NOW}"
            growing.unlink(missing_ok=True)
            try:
                sealed.write_whole(growing, json.dumps(asdict(one)))
            except BaseException:
                if before is None or before.folder != one.folder:
                    sealed.remove(place / one.folder)  # on a full disk, too, nothing stays that nobody names
                raise
            os.replace(growing, place / NOW)
            sealed.to_disk(place)
            self._known[one.course, one.name] = one
            if before is not None and before.folder != one.folder:
                sealed.remove(place / before.folder)


def revision_of(files: Sequence[File]) -> str:
    """The same for the same names and contents."""
    seen = sorted((each.path, each.sha256) for each in files)
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]


class HandoutCounter:
    """Takes what is handed out, and gives it to the labs of members.

    :param told: gives what the hub has told last.
    :param clock: the desk's own.
    """

    def __init__(
        self,
        store: Store,
        handouts: Handouts,
        told: Callable[[], Told],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.handouts = handouts
        self._told = told
        self._clock = clock
        self._bringing = Routes((Route("POST", re.compile("/handout"), self._take),), "The desk takes a handout here.")

    @property
    def routes(self) -> Sequence[Route]:
        """What a member's lab can ask for."""
        return (
            Route("GET", re.compile("/handouts"), self._list),
            Route("GET", re.compile("/handouts/([^/]+)/([^/]+)/([0-9a-f]+)"), self._fetch),
        )

    @property
    def none(self) -> Route:
        """For labs that ask as all do, and get no handouts: of graders, and of exams."""
        return Route("GET", re.compile("/handouts"), _none)

    async def answer_bringing(self, visitor: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer what brings the files of one."""
        brought = Bringing.from_text(visitor)
        return await self._bringing.answer(brought, f"the handout {brought.name} of {brought.course}", request)

    async def _take(self, brought: Bringing, request: web.BaseRequest) -> web.Response:
        with self.store.incoming() as archive:
            await receive(request, archive, brought.most_bytes + HEADERS_BYTES)
            one = await asyncio.to_thread(self.handouts.put, brought, archive, self._clock())
        log.info("%s of %s is kept to be handed out: %d files", one.name, one.course, one.files)
        return web.json_response(asdict(one), status=201)

    async def _list(self, person: str, _: web.BaseRequest) -> web.Response:
        return web.json_response({"handouts": [_shown(each) for each in self._of(person)]})

    def _of(self, person: str) -> Iterator[Handout]:
        now = self._clock()
        for course in self._told().courses_of(person):
            yield from (each for each in self.handouts.of_course(course.name) if each.is_visible(now))

    async def _fetch(
        self, person: str, request: web.BaseRequest, course: str, name: str, revision: str
    ) -> web.StreamResponse:
        found = (
            each for each in self._of(person) if (each.course, each.name, each.revision) == (course, name, revision)
        )
        one = next(found, None)
        if one is None:
            raise Refused(404, "There is no such handout, or another form of it.")
        folder, files = await asyncio.to_thread(self.handouts.content, one)
        return await send(request, folder, files, one.at)


async def _none(_asker: Any, _: web.BaseRequest) -> web.Response:
    return web.json_response({"handouts": []})


def _shown(one: Handout) -> dict[str, str]:
    return {"course": one.course, "name": one.name, "to": one.to, "revision": one.revision}


class HandoutShelf:
    """What the hub asks and says of them."""

    def __init__(self, handouts: Handouts, told: Callable[[], Told]) -> None:
        self.handouts = handouts
        self._told = told

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request."""
        course, name, to = (request.query.get(key, "") for key in ("course", "name", "to"))
        if request.method == "GET":
            return web.json_response({"handouts": [asdict(each) for each in self.handouts.of_course(course)]})
        if request.method == "PUT":
            given = await request.json()
            done = await asyncio.to_thread(functools.partial(self.handouts.change, course, name, **given))
        elif request.method == "DELETE":
            done = await asyncio.to_thread(self.handouts.take_back, course, name)
        else:
            zone, days = self._told().zone, int(request.query.get("days", "0"))
            move = functools.partial(moved, days=days, zone=zone)
            return web.json_response({"done": await asyncio.to_thread(self.handouts.copy, course, to, move)})
        return web.json_response({"done": int(done)})
