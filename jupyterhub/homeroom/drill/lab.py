"""Somebody's lab is started on what a drill brought back: `python -m homeroom.drill.lab BASE_URL HOST NAME ...`, run in
that hub's container. The first of these people who has an account, and may, gets it. Prints the name.

They need not sign in for it: a token is written into the database, which is a copy and goes with the drill.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from homeroom.contract import sockets
from homeroom.contract.by_socket import BySocket
from homeroom.contract.database import DATABASE
from jupyterhub import orm

STARTED_SECONDS = 240.0
LOOK_SECONDS = 0.5
TIMEOUT_SECONDS = 60.0


class NotStartedError(Exception):
    """A lab did not start; the message says what the hub said."""


class Hub:
    """The hub's API, asked with somebody's token."""

    def __init__(self, path: str, base_url: str, host: str, token: str) -> None:
        self.path, self.base_url, self.host, self.token = path, base_url, host, token

    def ask(self, method: str, address: str) -> tuple[int, Any]:
        """Ask for an address of the API; the status, and what was said."""
        headers = {"Host": self.host, "Authorization": f"token {self.token}"}
        with contextlib.closing(BySocket(self.path, "hub", timeout=TIMEOUT_SECONDS)) as connection:
            connection.request(method, f"{self.base_url}hub/api/{address}", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        with contextlib.suppress(ValueError):
            return answer.status, json.loads(body)
        return answer.status, None

    def start_lab(self, name: str, seconds: float = STARTED_SECONDS) -> bool:
        """Start a person's lab and wait until it is ready; whether they may have one.

        :raises NotStartedError: it does not become ready.
        """
        status, said = self.ask("POST", f"users/{name}/server")
        if 400 <= status < 500:
            return False
        deadline = time.monotonic() + seconds
        while status < 500 and time.monotonic() < deadline:
            _, found = self.ask("GET", f"users/{name}")
            server = (found or {}).get("servers", {}).get("", {})
            if server.get("ready"):
                return True
            if not server:
                raise NotStartedError("it ended before it was ready")
            time.sleep(LOOK_SECONDS)
        raise NotStartedError(f"it was not ready within {seconds:.0f} seconds ({status}, {said})")


def tokens(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """A token for each of these people who has an account."""
    session = orm.new_session_factory(f"sqlite:///{DATABASE}")()
    with contextlib.closing(session):
        for name in names:
            user = orm.User.find(session, name)
            if user is not None:
                yield name, user.new_api_token(note="drill", expires_in=3600)


def main(base_url: str, host: str, *names: str) -> int:
    """Start the first lab that may be, and return the exit code."""
    for name, token in tokens(names):
        try:
            if Hub(str(sockets.HUB / "hub.sock"), base_url, host, token).start_lab(name):
                print(name)
                return 0
        except NotStartedError as fault:
            print(f"the lab of {name} did not start: {fault}")
            return 1
    print("none of these people has an account and may start a lab")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
