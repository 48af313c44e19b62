"""The desk's sockets: one in each lab's own directory, which no other lab sees."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

NAME = "desk.sock"
WAITING_CALLERS = 16
END_SECONDS = 5.0
"""For how long a caller may go on whose socket is another's now, or gone."""
MOST_CALLERS = 64
"""Of one lab at a time. One that opens more, and says nothing, takes nobody else's: what a desk may open is for all."""

log = logging.getLogger("homeroom.desk")


class Visitor(NamedTuple):
    """Who asks at a socket.

    :param kind: which counter answers: `student`, `grader`, `exam`, `ending` for the home of an exam that is over, or
        `bringing` for a handout.
    :param name: the person, the course that is graded in this lab, who sits which exam, or which handout it is.
    """

    kind: str
    name: str


Answer = Callable[[str, web.BaseRequest], Awaitable[web.StreamResponse]]


class DoorServer(web.Server):
    """Hangs up on callers where there are too many already."""

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Take a caller in."""
        super().connection_made(handler, transport)
        if len(self.connections) > MOST_CALLERS:
            asyncio.get_running_loop().call_soon(transport.abort)  # once aiohttp has begun with it


class Doors:
    """Has a socket where a lab runs, and none where none does.

    A lab may write into its directory: what it puts in the socket's place is replaced, and only its own person is
    without the desk until then. Nothing there is followed, and nothing there is changed but by its name.

    :param labs: the directory of all labs' directories.
    :param answers: what answers a visitor of each kind: told their name, and the request.
    """

    def __init__(self, labs: Path, answers: Mapping[str, Answer]) -> None:
        self.labs = labs
        self._answers = answers
        self._open: dict[str, tuple[Visitor, tuple[int, int], web.ServerRunner]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def keep(self, wanted: Mapping[str, Visitor]) -> None:
        """Have a socket for each of these.

        :param wanted: by the names of their labs' directories.
        """
        for name, (visitor, mark, _) in list(self._open.items()):
            if wanted.get(name) != visitor or _mark(self.labs / name / NAME) != mark:
                await self._shut(name)
        for name, visitor in wanted.items():
            if name not in self._open:
                await self._open_one(name, visitor)

    async def _open_one(self, name: str, visitor: Visitor) -> None:
        path = self.labs / name / NAME
        try:
            listener = _listen(path)
        except OSError as error:  # the directory is not there yet, or a folder has the socket's name
            log.debug("no socket for %s at %s: %s", visitor.name, path, error)
            return
        answer = partial(self._answers[visitor.kind], visitor.name)
        server = DoorServer(answer, access_log=None, lingering_time=0.0)
        runner = web.ServerRunner(server, shutdown_timeout=END_SECONDS)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        self._open[name] = (visitor, _mark(path) or (0, 0), runner)

    async def _shut(self, name: str) -> None:
        """Let nobody in any more. Who is in has a while to end; nobody else waits for that."""
        _, _, runner = self._open.pop(name)
        for site in list(runner.sites):
            await site.stop()
        ending = asyncio.create_task(runner.cleanup())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Close all of them."""
        for name in list(self._open):
            await self._shut(name)
        await asyncio.gather(*self._ending)


def _mark(path: Path) -> tuple[int, int] | None:
    """Which file it is; None: there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _listen(path: Path) -> socket.socket:
    """A socket in the place of whatever has its name. :raises OSError: there cannot be one."""
    if path.parent.is_symlink():
        raise OSError(f"{path.parent} is a link")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(os.fspath(path))  # its mode is the umask's: by its name it could be a link by then
        listener.listen(WAITING_CALLERS)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
