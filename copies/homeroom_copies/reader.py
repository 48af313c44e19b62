"""The service that reads copies for people: `python3 -m homeroom_copies.reader`.

It alone of all that runs by itself has the password of the copies. It answers on a Unix socket that the hub has, and
the container in which a file comes back; both name the home, which they have from a session and from the guard, never
from a request. Nothing here writes: copies are mounted read-only, and homes not at all.

Questions are JSON by POST: `/copies`, `/folder`, `/search`, and `/content`, whose answer is the bytes. What cannot be
answered has a status and `{"why": ...}`. It looks at no more than so many things at once.
"""

from __future__ import annotations

import argparse
import json
import os
import socketserver
import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from homeroom_copies.repository import COPY, CannotRead, Found, Repository

SOCKET = Path("/run/reader/reader.sock")
TOLD = Path("/srv/jupyterhub/reader.json")
AUTHORITIES = Path("/srv/jupyterhub/lab/ca-certificates.crt")
"""The machine's own, as labs have them, so that a server of the university's authority is known."""
AT_ONCE = 4
LONGEST_QUESTION_BYTES = 1 << 16
SILENCE_SECONDS = 60.0
REMEMBERED_SECONDS = 30.0
REMEMBERED_FOLDERS = 200
MOST_BYTES = 1 << 40
STATUS = {"words": 400, "missing": 404, "large": 413, "busy": 429, "late": 504, "none": 503, "unreadable": 503}


class Reader:
    """Answers questions: the same one about a copy, which never changes, is looked up once."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.at_once = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._copies: tuple[float, list[dict[str, Any]]] | None = None
        self._folders: OrderedDict[tuple[str, str, str], dict[str, Any]] = OrderedDict()

    def copies(self) -> list[dict[str, Any]]:
        """The copies there are, as they were within the last seconds."""
        with self._lock:
            known = self._copies
        if known is None or time.monotonic() - known[0] > REMEMBERED_SECONDS:
            known = (time.monotonic(), self.repository.copies())
            with self._lock:
                self._copies = known
        return known[1]

    def copy(self, asked: Mapping[str, Any]) -> str:
        """The copy that a question is about. :raises CannotRead: it is none of this deployment's."""
        name = text(asked, "copy")
        if not COPY.fullmatch(name):
            raise CannotRead("words")
        if all(one["name"] != name for one in self.copies()):
            raise CannotRead("missing")
        return name

    def folder(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What is in a folder."""
        key = (self.copy(asked), text(asked, "home"), text(asked, "path"))
        with self._lock:
            if key in self._folders:
                self._folders.move_to_end(key)
                return self._folders[key]
        found = self.repository.folder(*key)
        with self._lock:
            self._folders[key] = found
            while len(self._folders) > REMEMBERED_FOLDERS:
                self._folders.popitem(last=False)
        return found

    def search(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What has a name like that."""
        return self.repository.search(self.copy(asked), text(asked, "home"), text(asked, "words"))

    def find(self, asked: Mapping[str, Any]) -> Found:
        """What is to be handed out."""
        most = asked.get("most_bytes")
        if isinstance(most, bool) or not isinstance(most, int) or not 0 < most <= MOST_BYTES:
            raise CannotRead("words")
        return self.repository.find(self.copy(asked), text(asked, "home"), text(asked, "path"), most)


def text(asked: Mapping[str, Any], name: str) -> str:
    """A text of a question. :raises CannotRead: it is none."""
    value = asked.get(name)
    if not isinstance(value, str):
        raise CannotRead("words")
    return value


class Handler(BaseHTTPRequestHandler):
    """One question and its answer."""

    protocol_version = "HTTP/1.1"
    timeout = SILENCE_SECONDS
    server: Server

    def do_GET(self) -> None:
        """Whether it is there."""
        self._say(200 if self.path == "/health" else 404, {})

    def do_POST(self) -> None:
        """Answer, unless so many are being answered already."""
        reader = self.server.reader
        self.close_connection = True
        try:
            asked = self._asked()
            if not reader.at_once.acquire(blocking=False):
                self._say(STATUS["busy"], {"why": "busy"})
                return
            try:
                self._answer(reader, asked)
            finally:
                reader.at_once.release()
        except CannotRead as error:
            self._say(STATUS[error.why], {"why": error.why})

    def _asked(self) -> Mapping[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_QUESTION_BYTES:
            raise CannotRead("words")
        try:
            asked = json.loads(self.rfile.read(int(length)))
        except ValueError:
            raise CannotRead("words") from None
        if not isinstance(asked, dict):
            raise CannotRead("words")
        return asked

    def _answer(self, reader: Reader, asked: Mapping[str, Any]) -> None:
        if self.path == "/copies":
            self._say(200, {"copies": reader.copies()})
        elif self.path == "/folder":
            self._say(200, reader.folder(asked))
        elif self.path == "/search":
            self._say(200, reader.search(asked))
        elif self.path == "/content":
            self._hand_out(reader, text(asked, "copy"), reader.find(asked))
        else:
            self._say(404, {"why": "words"})

    def _hand_out(self, reader: Reader, copy: str, found: Found) -> None:
        """The bytes, in pieces, with an end: one that is cut off has none, and nobody takes it for whole."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-Kind", "folder" if found.is_folder else "file")
        self.send_header("X-Mode", f"{found.mode:o}")
        self.send_header("X-Changed-At", f"{found.changed_at:.0f}")
        self.end_headers()
        try:
            for piece in reader.repository.content(copy, found):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        except (CannotRead, OSError) as error:
            self.log_error("%s was cut off: %s", self.path, error)

    def _say(self, status: int, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Whoever has the socket."""
        return "socket"

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Nothing: who looks at which of their files is nobody's to read."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens on a socket; a thread a question."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, reader: Reader) -> None:
        self.reader = reader
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        super().__init__(str(fresh), Handler)
        fresh.chmod(0o660)
        fresh.replace(path)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hung up is no fault; anything else is, and goes on."""
        del request, client_address
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc()


def main(arguments: list[str] | None = None) -> int:
    """Answer until it is ended."""
    parser = argparse.ArgumentParser(prog="homeroom_copies.reader")
    parser.add_argument("--socket", type=Path, default=SOCKET)
    parser.add_argument("--told", type=Path, default=TOLD, help="of which deployment, and what restic is told")
    options = parser.parse_args(arguments)
    told = json.loads(options.told.read_text(encoding="utf-8"))
    known = ["--cacert", str(AUTHORITIES)] if AUTHORITIES.exists() else []
    repository = Repository(deployment=told["deployment"], options=(*told["options"], *known))
    Server(options.socket, Reader(repository)).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
