"""Runs: what somebody handed in is executed, each in a container of its own that is closed to all else.

Whoever asks sends an order and a tar of the files, and is answered once it has ended. Nothing is kept here of a run:
where the desk ends meanwhile, it is asked again. Nothing of the tar is read here, and of what comes back only its size:
both are a student's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import aiohttp
from aiohttp import web

from homeroom.contract import runs
from homeroom.courses.desk.doors import Doors, Visitor
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route, Routes
from homeroom.courses.desk.turns import Turns

LARGEST_ORDER_BYTES = 64 << 10
LARGEST_FILES_BYTES = 100 << 20
LARGEST_OUTPUT_BYTES = 64 << 20
"""Of all notebooks of a run together."""
MOST_AT_ONCE = 4
"""Where it is not said how many; what the guard takes is told by the generator, which has the same."""
MOST_WAITING = 2000
PIECE_BYTES = 1 << 16
LOOK_SECONDS = 0.02
"""How often it is looked for a run's directory, which the guard makes."""
CALLER_SECONDS = 1.0
"""How often it is looked whether who asked is still there."""
UPLOAD_SECONDS = 120.0
AGAIN_SECONDS = 0.5

log = logging.getLogger("homeroom.desk")


@dataclass(frozen=True)
class Work:
    """What one run is given, and the file that takes what it brings."""

    order: bytes
    files: Path
    output: Path


class Runs:
    """Has what people handed in executed.

    :param labs: the directory of all directories of sockets; the guard makes those of runs.
    :param incoming: gives a file that is gone afterwards.
    :param at_once: how many runs there are at a time; 0: one for each CPU, and four at most.
    :param guard: the guard's socket for runs, where it is not at its usual place.
    """

    def __init__(
        self,
        labs: Path,
        incoming: Callable[[], AbstractContextManager[Path]],
        *,
        at_once: int = 0,
        guard: Path | None = None,
    ) -> None:
        self._labs = labs
        self._incoming = incoming
        self.at_once = at_once or min(MOST_AT_ONCE, os.cpu_count() or 1)
        self._turns = Turns(self.at_once)
        self._checks = Turns(max(1, self.at_once - 1))
        self._guard = guard or runs.SOCKET

    async def answer(
        self, key: str, profile: str, request: web.BaseRequest, *, check: bool = False
    ) -> web.StreamResponse:
        """Execute what a request brings: a line of JSON that is the order, then a tar.

        The answer is a line that says how it ended, then one for each notebook.

        :param key: whose turn it takes.
        :param check: whether a student has it run: of what is run at a time, one is always left to grading.
        """
        if self._turns.ahead() + self._checks.ahead() >= MOST_WAITING:
            raise Refused(429, "Too much waits to be run. Try again later.")
        with self._incoming() as files, self._incoming() as output:
            async with asyncio.timeout(UPLOAD_SECONDS):
                order = await _receive(request, files)
            output.touch(mode=0o600)
            doing = (self._check if check else self._in_turn)(key, profile, Work(order, files, output))
            ended = await _while_there(request, doing)
            return await _send(request, ended, output)

    async def _check(self, key: str, profile: str, work: Work) -> dict[str, Any]:
        async with self._checks.one(key):
            return await self._in_turn(f"{key} checks", profile, work)

    async def _in_turn(self, key: str, profile: str, work: Work) -> dict[str, Any]:
        async with self._turns.one(key):
            return await self.run(profile, work)

    async def run(self, profile: str, work: Work) -> dict[str, Any]:
        """Run one to its end, and say how that was. :raises Refused: it cannot be run now."""
        run = secrets.token_hex(12)
        async with self._door(run, work):
            while (ended := await self._ask_guard(run, profile)) is None:
                await asyncio.sleep(AGAIN_SECONDS)
        log.info("run %s of profile %r ended: %s", run, profile, ended["how"])
        return ended

    @asynccontextmanager
    async def _door(self, run: str, work: Work) -> AsyncIterator[None]:
        """A socket for the run, once the guard has made its directory."""
        name = runs.directory_name(run)
        doors = Doors(self._labs, {"run": RunCounter(work).answer})

        async def keep() -> None:
            while True:
                await doors.keep({name: Visitor("run", run)})
                await asyncio.sleep(LOOK_SECONDS)

        keeping = asyncio.create_task(keep())
        try:
            yield
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
            await doors.close()

    async def _ask_guard(self, run: str, profile: str) -> dict[str, Any] | None:
        """How a run ended; None: the guard has as many as it takes. :raises Refused: it makes none."""
        connector = aiohttp.UnixConnector(str(self._guard))
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(sock_connect=5)) as session,
                session.post(f"http://guard{runs.ADDRESS}", json={"run": run, "profile": profile}) as answer,
            ):
                said = await answer.json()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("run %s came to nothing: %r", run, error)
            raise Refused(503, "Nothing can be run just now. Ask again in a moment.") from None
        if answer.status == 429:
            return None
        if answer.status != 200:
            log.error("run %s was not made: %s", run, said)
            raise Refused(502 if answer.status == 403 else 503, f"It cannot be run: {said.get('message', '')}")
        return {"how": str(said["how"]), "code": said["code"]}


class RunCounter:
    """What the desk does for the container of one run: it gives the work, and takes what came of it."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._left = LARGEST_OUTPUT_BYTES
        self._writing = asyncio.Lock()
        routes = (
            Route("GET", re.compile("/order"), self._order),
            Route("GET", re.compile("/files"), self._files),
            Route("POST", re.compile("/notebooks"), self._notebook),
        )
        self._routes = Routes(routes, "A run has an order and files, and brings notebooks.")

    async def answer(self, run: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        return await self._routes.answer(run, f"run {run}", request)

    async def _order(self, _: str, __: web.BaseRequest) -> web.Response:
        return web.Response(body=self._work.order, content_type="application/json")

    async def _files(self, _: str, request: web.BaseRequest) -> web.StreamResponse:
        return await _send_file(request, self._work.files)

    async def _notebook(self, _: str, request: web.BaseRequest) -> web.Response:
        async with self._writing:
            with self._work.output.open("ab") as output:
                before = output.tell()
                try:
                    await self._write(request, output)
                except BaseException:
                    output.truncate(before)
                    raise
        return web.json_response({}, status=201)

    async def _write(self, request: web.BaseRequest, output: IO[bytes]) -> None:
        """Write down what comes, as it comes: several runs at once would fill the desk's memory."""
        async for piece in request.content.iter_chunked(PIECE_BYTES):
            self._left -= len(piece)
            if self._left < 0 or b"\n" in piece:
                raise Refused(413, "That is too much, or not in one line.")
            output.write(piece)
        output.write(b"\n")


async def _receive(request: web.BaseRequest, files: Path) -> bytes:
    """Write the files down, and return the order before them. :raises Refused: one is too large."""
    order, left = b"", LARGEST_FILES_BYTES
    with files.open("xb") as file:
        whole = False
        async for piece in request.content.iter_chunked(PIECE_BYTES):
            if not whole:
                order += piece
                head, end, piece = order.partition(b"\n")
                if len(head) > LARGEST_ORDER_BYTES:
                    raise Refused(413, "The order is too long.")
                if not end:
                    continue
                order, whole = head, True
            left -= len(piece)
            if left < 0:
                raise Refused(413, f"The files are larger than {LARGEST_FILES_BYTES >> 20} MiB.")
            file.write(piece)
    try:
        if not isinstance(json.loads(order), dict):
            raise ValueError
    except ValueError:
        raise Refused(422, "An order is an object of JSON, in a line.") from None
    return order


async def _while_there(request: web.BaseRequest, doing: Any) -> dict[str, Any]:
    """Do something while who asked is there. :raises ConnectionResetError: they hung up."""
    task: asyncio.Task[dict[str, Any]] = asyncio.ensure_future(doing)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=CALLER_SECONDS)
            if request.transport is None or request.transport.is_closing():
                raise ConnectionResetError("who asked is gone")
        return await task
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _send(request: web.BaseRequest, ended: dict[str, Any], output: Path) -> web.StreamResponse:
    head = json.dumps(ended).encode() + b"\n"
    return await _send_file(request, output, head)


async def _send_file(request: web.BaseRequest, path: Path, head: bytes = b"") -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = len(head) + path.stat().st_size
    await response.prepare(request)
    await response.write(head)
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            await response.write(piece)
    await response.write_eof()
    return response
