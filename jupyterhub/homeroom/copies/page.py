"""What people see of their own files in the copies: dates, folders, search; they take a file back, or download it.

Whose files these are follows from who is signed in; no name is taken from a request, not an administrator's either. A
path comes as the letters of base64, since files may have any name: it is looked up below that person's home alone.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import http.client
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import url_path_join
from tornado import web
from tornado.iostream import StreamClosedError

from homeroom.contract.by_socket import BySocket
from homeroom.contract.home_names import directory_name
from homeroom.contract.take_back import READER_SOCKET
from homeroom.copies import own, reader
from homeroom.copies.asking import CannotRead, post
from homeroom.copies.jobs import JOBS
from homeroom.records.events import note, note_of
from homeroom.texts.refusal import Refusal

MOST_DOWNLOADED_BYTES = 200 << 20
DOWNLOADS_AT_ONCE = 2
LONGEST_WORDS, LONGEST_PATH = 100, 4096
CHUNK_BYTES = 1 << 18
TRANSFER_SECONDS = 60.0
FIRST_SECONDS = 8.0
"""How long a page waits for a file to be back before it says that it comes."""
STATUS = {"words": 400, "missing": 404, "large": 413, "busy": 429, "removed": 403, "exam": 403, "late": 504}
COPY = re.compile(r"[0-9a-f]{8,64}")
_downloading: set[str] = set()


def encoded(path: str) -> str:
    """A path for an address: letters that no browser and no proxy changes."""
    return base64.urlsafe_b64encode(path.encode(errors="surrogatepass")).decode().rstrip("=")


def decoded(text: str) -> str:
    """The path again. :raises CannotRead: it is none, or leads out of a home."""
    try:
        path = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise CannotRead("words") from None
    if len(path) > LONGEST_PATH or "\0" in path or any(part in ("", ".", "..") for part in path.split("/") if path):
        raise CannotRead("words")
    return path


def moment(seconds: float) -> str:
    """A time as a page shows it."""
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}" if seconds else ""


class OwnCopies(BaseHandler):
    """What the pages of one's own copies have in common."""

    def home_name(self) -> str:
        """The home of who is signed in."""
        return directory_name(self.current_user.name)

    async def copies(self) -> list[Mapping[str, Any]]:
        """The copies that they may see, the newest first. :raises CannotRead: nobody knows."""
        found = await reader.ask("/copies", {})
        return own.of_person(found["copies"], self.current_user.name)

    async def chosen(self) -> tuple[Mapping[str, Any], str]:
        """The copy and the path that a request names. :raises Refusal: it is none that they may see."""
        path = decoded(self.get_query_argument("at", ""))
        name = self.get_query_argument("copy", "")
        for one in await self.copies():
            if COPY.fullmatch(name) and one["name"] == name:
                return one, path
        raise CannotRead("missing")

    def refusal(self, error: CannotRead) -> Refusal:
        """What to say where nothing can be shown."""
        return Refusal(STATUS.get(error.why, 503), f"copies.wrong.{error.why}")


class CopiesHandler(OwnCopies):
    """GET `/hub/homeroom/copies?copy=&at=&find=`: a folder of a copy, or what has a name like that."""

    @web.authenticated
    async def get(self) -> None:
        """Show it; what cannot be shown is said on the page."""
        shown: dict[str, Any] = {"copies": [], "copy": None, "entries": [], "more": False, "wrong": "", "path": ""}
        shown["waits"] = self.waits()
        find = self.get_query_argument("find", "")[:LONGEST_WORDS].strip()
        try:
            shown["path"] = path = decoded(self.get_query_argument("at", ""))
            shown["copies"] = copies = await self.copies()
            wanted = self.get_query_argument("copy", "")
            shown["copy"] = copy = next((one for one in copies if not wanted or one["name"] == wanted), None)
            if copy is None:
                raise CannotRead("missing" if wanted else "none")
            question = {"home": self.home_name(), "copy": copy["name"]}
            found = await (
                reader.ask("/search", {**question, "words": find})
                if find
                else reader.ask("/folder", {**question, "path": path})
            )
            shown["entries"], shown["more"] = entries(found["entries"], "" if find else path), found["more"]
        except CannotRead as error:
            nothing_yet = error.why == "missing" and not shown["path"] and not find
            shown["wrong"] = "none" if nothing_yet else error.why
            self.set_status(200 if shown["wrong"] == "none" else STATUS.get(error.why, 503))
        self.set_header("Cache-Control", "no-store")
        job = JOBS.of(self.current_user.name)

        def address(where: str, path: str) -> str:
            query = urlencode({"copy": shown["copy"]["name"], "at": encoded(path)})
            return str(url_path_join(self.hub.base_url, f"homeroom/copies{where}?{query}"))

        html: Any = await self.render_template(
            "copies.html",
            find=find,
            moment=moment,
            encoded=encoded,
            address=address,
            above=above(shown["path"]),
            job=job,
            **shown,
        )
        self.finish(html)

    def waits(self) -> str | None:
        """What was asked for while something else came back, and does not come; None: nothing was."""
        given = self.get_query_argument("waits", None)
        try:
            return None if given is None else decoded(given)
        except CannotRead:
            return None


def entries(found: Sequence[Mapping[str, Any]], path: str) -> Iterator[dict[str, Any]]:
    """The entries as the page has them: `path` from the home on, and `name`."""
    for one in found:
        whole = f"{path}/{one['path']}" if path else str(one["path"])
        yield {**one, "path": whole, "name": one["path"]}


def above(path: str) -> list[tuple[str, str]]:
    """The folders that lead to a path: name and path of each."""
    parts = PurePosixPath(path).parts
    return [(part, str(PurePosixPath(*parts[: number + 1]))) for number, part in enumerate(parts)]


class TakeBackHandler(OwnCopies):
    """POST `/hub/homeroom/copies/take-back?copy=&at=`: brings a file or folder into the home, beside what is there."""

    @web.authenticated
    async def get(self) -> None:
        """Who comes by a link or a reload is shown the page; nothing is done."""
        self.redirect(url_path_join(self.hub.base_url, "homeroom/copies"))

    @web.authenticated
    async def post(self) -> None:
        """Begin; the page that follows says where it is, or that it comes."""
        name = self.current_user.name
        try:
            copy, path = await self.chosen()
        except CannotRead as error:
            raise self.refusal(error) from None
        asked = {
            "user": name,
            "copy": copy["name"],
            "path": path,
            "stamp": f"{datetime.fromtimestamp(copy['made_at']):%Y-%m-%d-%H%M}",
        }

        async def work() -> dict[str, Any]:
            said = await reader.take_back(asked)
            if "where" in said:
                note(self.db, name, "files-restore", name, why=f"{path or 'the home'}, copy {copy['name'][:8]}")
                self.db.commit()
            return said

        job = JOBS.begin(name, path, work())
        if job is not None:
            await asyncio.wait({job}, timeout=FIRST_SECONDS)
        inside = str(PurePosixPath(path).parent) if "/" in path else ""
        going = JOBS.of(name)
        is_another = job is None and going is not None and going.path != path
        waits = {"waits": encoded(path)} if is_another else {}
        query = urlencode({"copy": copy["name"], "at": encoded(inside), **waits})
        self.redirect(url_path_join(self.hub.base_url, f"homeroom/copies?{query}"), status=303)


class DownloadHandler(OwnCopies):
    """GET `/hub/homeroom/copies/download?copy=&at=`: a file as it was, or a folder as a tar; not too large, since it
    goes through the hub."""

    @web.authenticated
    async def get(self) -> None:
        """Hand it out, piece by piece as the browser takes it."""
        name = self.current_user.name
        try:
            copy, path = await self.chosen()
            if name in _downloading or len(_downloading) >= DOWNLOADS_AT_ONCE:
                raise CannotRead("busy")
            _downloading.add(name)
            try:
                await self._hand_out(copy, path)
            finally:
                _downloading.discard(name)
        except CannotRead as error:
            raise self.refusal(error) from None

    async def _hand_out(self, copy: Mapping[str, Any], path: str) -> None:
        run = asyncio.get_running_loop().run_in_executor
        connection = BySocket(READER_SOCKET, "reader", timeout=TRANSFER_SECONDS)
        asked = {"home": self.home_name(), "copy": copy["name"], "path": path, "most_bytes": MOST_DOWNLOADED_BYTES}
        try:
            answer = await run(reader.TRANSFERS, post, connection, "/content", asked)
            why = f"{path or 'the home'}, copy {copy['name'][:8]}"
            note_of(self, "files-download", self.current_user.name, why=why)
            self.db.commit()
            self._describe(PurePosixPath(path).name or "home", is_folder=answer.headers["X-Kind"] == "folder")
            while piece := await run(reader.TRANSFERS, answer.read, CHUNK_BYTES):
                self.write(piece)
                await self.flush()
        except (OSError, http.client.HTTPException):
            if not self._headers_written:
                raise CannotRead("unreadable") from None
            if self.request.connection:  # half of it is no whole: the browser is to see that it failed
                self.request.connection.stream.close()
        except StreamClosedError:
            return
        finally:
            connection.close()

    def _describe(self, name: str, *, is_folder: bool) -> None:
        """A file to keep, whatever is in it: nothing of it is shown or run as a page of the hub."""
        ending = ".tar" if is_folder else ""
        whole = os.fsencode(f"{name}{ending}").decode(errors="replace")
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(whole, safe='')}")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
