"""A lab of a few lines, for measuring what is around labs: it asks for the same sign-in, and serves one page.

It is started by its text in place of a lab's server. `STUB_CPU_SECONDS` is the CPU time that it takes to start.
"""

from __future__ import annotations

import http.client
import http.server
import json
import os
import socket
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

PREFIX = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
BASE_URL = os.environ["JUPYTERHUB_BASE_URL"]
CLIENT = os.environ["JUPYTERHUB_CLIENT_ID"]
TOKEN = os.environ["JUPYTERHUB_API_TOKEN"]
HUB = urlsplit(os.environ["JUPYTERHUB_API_URL"])
SIGNED_IN: set[str] = set()


class Hub(http.client.HTTPConnection):
    """To the hub's socket."""

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(unquote(HUB.netloc))


def ask_hub(method: str, path: str, body: str = "", **headers: str) -> dict[str, str]:
    """Call the hub's API."""
    hub = Hub("hub")
    hub.request(method, HUB.path + path, body or None, headers)
    answer: dict[str, str] = json.loads(hub.getresponse().read())
    return answer


class Stub(http.server.BaseHTTPRequestHandler):
    """A visitor is sent to the hub to sign in, comes back with a code, and sees the page."""

    def do_GET(self) -> None:
        """Answer a request."""
        cookie = self.headers.get("Cookie", "").partition("stub=")[2].partition(";")[0]
        path, _, query = self.path.partition("?")
        if path == f"{PREFIX}api":
            self.answer(200)
        elif path == f"{PREFIX}oauth_callback":
            asked = parse_qs(query)
            fields = {"client_id": CLIENT, "client_secret": TOKEN, "grant_type": "authorization_code"}
            fields |= {"code": asked["code"][0], "redirect_uri": f"{PREFIX}oauth_callback"}
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            token = ask_hub("POST", "/oauth2/token", urlencode(fields), **form)["access_token"]
            ask_hub("GET", "/user", Authorization=f"token {token}")
            SIGNED_IN.add(token)
            self.answer(302, Location=f"{PREFIX}lab", **{"Set-Cookie": f"stub={token}; Path={PREFIX}"})
        elif cookie in SIGNED_IN:
            self.answer(200)
        else:
            wanted = {"client_id": CLIENT, "redirect_uri": f"{PREFIX}oauth_callback", "response_type": "code"}
            self.answer(
                302, Location=f"{BASE_URL}hub/api/oauth2/authorize?{urlencode(wanted)}&state={quote(self.path)}"
            )

    def answer(self, status: int, **headers: str) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"started")

    def address_string(self) -> str:
        """A Unix socket's peer has no address."""
        return "socket"


class Server(http.server.ThreadingHTTPServer):
    """An HTTP server on the socket that the lab's command line names."""

    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        """Open the socket for the group that hub and proxy are in."""
        self.socket.bind(self.server_address)
        Path(str(self.server_address)).chmod(0o660)
        self.server_name, self.server_port = "stub", 0


def main() -> None:
    """Take the time of a lab's start, then serve."""
    while time.process_time() < float(os.environ.get("STUB_CPU_SECONDS", "0")):
        sum(range(10_000))
    path = next(each for each in sys.argv if each.startswith("--ServerApp.sock=")).partition("=")[2]
    Path(path).unlink(missing_ok=True)
    Server(path, Stub).serve_forever()  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
