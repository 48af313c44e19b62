"""Robots that write an exam in a rehearsal: `python -m homeroom.courses.exams.robot BASE_URL COURSE EXAM VERB NAME
...`, run in that hub's container, where everybody signs in by name. Prints one line of JSON.

`sign-in`: they are known to the hub. `enter`: they press the button, go the way that a browser goes into the lab, and
save a file as its page does; seconds by name, or why not. `receipts`: those of the end, by name.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

from homeroom.contract import sockets
from homeroom.contract.by_socket import BySocket
from homeroom.contract.exam_labs import lab_name

TIMEOUT_SECONDS = 60.0
PATIENCE_SECONDS = 240.0
LOOK_SECONDS = 1.0
MOST_HOPS = 12
HOST = "hub"
FILE = "robot.txt"


class Answer(NamedTuple):
    """What a robot was answered, and where."""

    status: int
    address: str
    text: str


class Robot:
    """Somebody with a browser's manners: cookies go to the paths that they are for, and redirects are followed.

    :param base_url: the hub's path.
    :param server: the name of the lab that the robot enters.
    :param owner: whose lab that is; empty: the robot's own.
    """

    def __init__(
        self,
        base_url: str,
        name: str,
        server: str,
        hub: Path | None = None,
        labs: Path = sockets.LABS,
        *,
        owner: str = "",
    ) -> None:
        self.base_url, self.name, self.server, self.owner = base_url, name, server, owner or name
        self._hub = hub or sockets.HUB / "hub.sock"
        self._lab = labs / sockets.directory_name(self.owner, server) / "lab.sock"
        self._cookies: dict[tuple[str, str], str] = {}

    @property
    def lab(self) -> str:
        """Where the lab's page is."""
        server = f"{self.server}/" if self.server else ""
        return f"{self.base_url}user/{quote(self.owner)}/{server}"

    def sign_in(self) -> None:
        """Sign in by name. :raises OSError: the hub does not let them."""
        self.visit(f"{self.base_url}hub/login")
        fields = {"username": self.name, "_xsrf": self.cookie("_xsrf", f"{self.base_url}hub/")}
        self.ask("POST", f"{self.base_url}hub/login", urlencode(fields).encode(), FORM)
        token = quote(self.cookie("_xsrf", f"{self.base_url}hub/"))
        answer = self.ask("GET", f"{self.base_url}hub/api/user?_xsrf={token}")
        if answer.status != 200:
            raise OSError(f"the hub does not let {self.name} in: {answer.status}")

    def enter(self, course: str, exam: str) -> None:
        """Press the button, and go on until the lab answers; then save a file in the exam's folder.

        :raises OSError: the exam, the lab or the file is not to be had.
        """
        page = f"{self.base_url}hub/homeroom/exams/{course}/{exam}"
        self.visit(page)
        form = urlencode({"_xsrf": self.cookie("_xsrf", f"{self.base_url}hub/")}).encode()
        pressed = self.ask("POST", page, form, FORM)
        if pressed.status not in (302, 303):
            raise OSError(f"{self.name} could not enter: {pressed.status}")
        self._wait()
        body = json.dumps({"type": "file", "format": "text", "content": f"{self.name} was here\n"}).encode()
        headers = {"Content-Type": "application/json", "X-XSRFToken": self.cookie("_xsrf", self.lab)}
        saved = self.ask("PUT", f"{self.lab}api/contents/{quote(exam)}/{FILE}", body, headers)
        if saved.status not in (200, 201):
            raise OSError(f"{self.name} could not save: {saved.status} {saved.text[:200]}")

    def start(self, profile: str = "") -> None:
        """Have the lab be started, and go on until it answers.

        :param profile: which one; empty: as it is without a choice.
        :raises OSError: it is not to be had.
        """
        self.visit(f"{self.base_url}hub/home")
        headers = {
            "Content-Type": "application/json",
            "Sec-Fetch-Mode": "cors",
            "X-XSRFToken": self.cookie("_xsrf", f"{self.base_url}hub/"),
        }
        body = json.dumps({"profile": profile} if profile else {}).encode()
        asked = self.ask("POST", f"{self.base_url}hub/api/users/{quote(self.owner)}/server", body, headers)
        if asked.status not in (201, 202):
            raise OSError(f"{self.name} could not start the lab of {self.owner}: {asked.status} {asked.text[:200]}")
        self._wait()

    def _wait(self) -> None:
        """Go on until the lab answers. :raises OSError: it does not."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_in():
            if time.monotonic() > deadline:
                raise OSError(f"the lab of {self.owner} did not answer in {PATIENCE_SECONDS:.0f} seconds")
            time.sleep(LOOK_SECONDS)

    def _is_in(self) -> bool:
        try:
            return self.visit(f"{self.lab}lab").status == 200 and self.ask("GET", f"{self.lab}api/status").status == 200
        except OSError:
            return False  # it does not listen yet

    def visit(self, address: str) -> Answer:
        """Ask for a page, and go where one is led. :raises OSError: in a circle, or nothing answers."""
        for _ in range(MOST_HOPS):
            answer = self.ask("GET", address)
            if answer.status not in (301, 302, 303, 307):
                return answer
            address = answer.address
        raise OSError(f"{self.name} is led in a circle at {address}")

    def ask(
        self, method: str, address: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request; of a redirect its address is where it leads. :raises OSError: nothing answers."""
        parts = urlsplit(address)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        in_lab = parts.path.startswith(self.lab)
        sent = {"Host": HOST, "Sec-Fetch-Mode": "navigate", **(headers or {})}
        fitting = sorted((path, name) for path, name in self._cookies if parts.path.startswith(path))
        if fitting:
            sent["Cookie"] = "; ".join(f"{name}={self._cookies[path, name]}" for path, name in reversed(fitting))
        with contextlib.closing(
            BySocket(str(self._lab if in_lab else self._hub), HOST, timeout=TIMEOUT_SECONDS)
        ) as asked:
            asked.request(method, target, body, sent)
            answer = asked.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    self._cookies[morsel["path"] or "/", name] = morsel.value
            text = answer.read().decode(errors="replace")
            return Answer(answer.status, urljoin(address, answer.headers.get("Location", address)), text)

    def cookie(self, name: str, path: str) -> str:
        """What a cookie has on a path: of several, that of the longest."""
        fitting = [(of, value) for (of, known), value in self._cookies.items() if known == name and path.startswith(of)]
        return max(fitting, key=lambda each: len(each[0]))[1] if fitting else ""


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def entered(robot: Robot, course: str, exam: str) -> float | str:
    """How many seconds a robot took to get in and save, or why it did not."""
    try:
        robot.sign_in()
        began = time.monotonic()
        robot.enter(course, exam)
    except OSError as error:
        return str(error) or type(error).__name__
    return time.monotonic() - began


def signed_in(robot: Robot) -> bool:
    """Have the hub know a robot. :raises OSError: it does not let them in."""
    robot.sign_in()
    return True


def at_end(course: str, exam: str, name: str) -> list[str]:
    """The codes of what was handed in at the end for a robot."""
    from homeroom.courses import desk_client

    found = asyncio.run(desk_client.receipts(course, name))
    return [each["code"] for each in found or () if each["assignment"] == exam and each["at_end"]]


def main(base_url: str, course: str, exam: str, verb: str, *names: str) -> int:
    """Do it, all at once, and print what came of it; returns the exit code."""
    robots = [Robot(base_url, name, lab_name(course, exam)) for name in names]
    done: dict[str, Any]
    with ThreadPoolExecutor(max_workers=len(robots)) as pool:
        if verb == "sign-in":
            done = dict(zip(names, pool.map(signed_in, robots), strict=True))
        elif verb == "enter":
            done = dict(zip(names, pool.map(lambda each: entered(each, course, exam), robots), strict=True))
        else:
            done = {name: at_end(course, exam, name) for name in names}
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
