"""The test person of a rehearsal: who is signed in is known by name, and a refusal is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from urllib.parse import parse_qs, urlsplit

import pytest
from homeroom.sign_in.test_person import Browser, signed_in


class Hub(BaseHTTPRequestHandler):
    """What JupyterHub does with a sign-in, to the letter of cookies and tokens; no more."""

    def _answer(self, status: int, body: str = "", *cookies: str) -> None:
        self.send_response(status)
        for cookie in cookies:
            self.send_header("Set-Cookie", f"{cookie}; HttpOnly; Path=/room/hub/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        """The form, or who somebody is."""
        address, cookies = urlsplit(self.path), self.headers.get("Cookie", "")
        if address.path == "/room/hub/login":
            self._answer(200, "", '_xsrf="2|first"')
        elif "session=ada" in cookies and parse_qs(address.query).get("_xsrf") == ["2|second"]:
            self._answer(200, '{"name": "ada"}')
        else:
            self._answer(403)

    def do_POST(self) -> None:
        """A form that was filled in."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        right = form["_xsrf"] == ["2|first"] and form["password"] == ["the password"]
        cookies = ("session=ada", '_xsrf="2|second"') if right and "_xsrf=2|first" in self.headers["Cookie"] else ()
        self._answer(302 if cookies else 403, "", *cookies)

    def address_string(self) -> str:
        """Nobody's: it is a socket."""
        return ""

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A browser before such a hub."""
    with UnixStreamServer(str(tmp_path / "hub.sock"), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Browser(str(tmp_path / "hub.sock"), "hub.example.edu")
        server.shutdown()
        thread.join()


def test_who_signed_in_is_told_by_name(browser: Browser) -> None:
    """The form's token and the cookies go along, and the newer of two counts."""
    assert signed_in(browser, "/room/", "ada", "the password") == "ada"


def test_who_did_not_sign_in_is_nobody(browser: Browser) -> None:
    """A sign-in that is refused is not taken for one."""
    assert signed_in(browser, "/room/", "ada", "another") == ""
