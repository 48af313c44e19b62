"""A test person signs in, on the copy of a database that an update is rehearsed on: `python -m
homeroom.sign_in.test_person BASE_URL HOST`, run in that hub's container. Prints the name by which the hub knows them.

Standard library only, as `homeroom.sign_in.accounts`, which makes the account.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
import urllib.parse
from http.cookies import SimpleCookie

from homeroom.contract import sockets
from homeroom.contract.by_socket import BySocket
from homeroom.contract.database import DATABASE
from homeroom.sign_in import accounts

TIMEOUT_SECONDS = 60


class Browser:
    """A browser's manners: a form's token and cookies go along."""

    def __init__(self, path: str, host: str) -> None:
        self.path = path
        self.host = host
        self.cookies: dict[str, str] = {}

    def ask(self, address: str, form: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Ask for a page, or send a form."""
        body = urllib.parse.urlencode(form) if form else None
        headers = {"Host": self.host, "Sec-Fetch-Mode": "navigate"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(BySocket(self.path, "hub", timeout=TIMEOUT_SECONDS)) as connection:
            connection.request("POST" if form else "GET", address, body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or []:
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            return answer.status, answer.read()


def signed_in(browser: Browser, base_url: str, name: str, password: str) -> str:
    """Sign somebody in by the form, and return who the hub takes them for; empty for nobody."""
    browser.ask(f"{base_url}hub/login")
    form = {"username": name, "password": password, "_xsrf": browser.cookies.get("_xsrf", "")}
    browser.ask(f"{base_url}hub/login", form)
    token = urllib.parse.quote(browser.cookies.get("_xsrf", ""))
    status, body = browser.ask(f"{base_url}hub/api/user?_xsrf={token}")
    return str(json.loads(body)["name"]) if status == 200 else ""


def main(base_url: str, host: str) -> int:
    """Make an account of a name that nobody has, sign in, and return the exit code."""
    name, password = f"rehearsal-{secrets.token_hex(8)}", secrets.token_urlsafe(24)
    with contextlib.closing(accounts.open_database(DATABASE)) as database:
        accounts.add(database, {name: password})
    found = signed_in(Browser(str(sockets.HUB / "hub.sock"), host), base_url, name, password)
    print(found or "nobody")
    return 0 if found == name else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
