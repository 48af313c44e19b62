"""A hand-in desk that runs on a thread of its own, with real sockets, as hub and labs see it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import socket
import tarfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from homeroom.contract.by_socket import BySocket
from homeroom.courses import desk_client
from homeroom.courses.course import ROLES
from homeroom.courses.desk import service

from tests.faults import until

PEOPLE = {"lab-1": "b+ob", "lab-2": "a.b@x.org", "lab-3": "ada", "lab-4": "olga"}
GRADERS = {"lab-5": "biology"}
MEMBERS = {"biology": {"b+ob": "students", "a.b@x.org": "students", "ada": "teachers"}}
HOUR = 3600
wait = partial(until, seconds=60, interval=0.01)


def assignment(name: str = "week-1", **changes: Any) -> dict[str, Any]:
    """One that is open for an hour."""
    now = int(time.time())
    times: dict[str, Any] = {"opens": now - HOUR, "due": now + HOUR, "closes": None, "late": "mark"}
    times["extra_seconds"] = {}
    return {"name": name, "title": name, **times, **changes}


def told(*assignments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What the hub tells of one course."""
    course = {
        "name": "biology",
        "title": "Biology",
        "notice": "",
        "profile": "",
        "first_day": "",
        "last_day": "",
        "roles": {role: {"people": [], "hub_groups": []} for role in ROLES},
        "assignments": assignments or (assignment(),),
    }
    labs = {"labs": PEOPLE, "graders": GRADERS}
    return {"courses": [course], "members": MEMBERS, **labs, "zone": "Europe/Vienna", **changes}


@dataclass
class Desk:
    """A desk that runs, with the labs' directories of sockets."""

    root: Path
    end: Callable[[], None]
    visitors: dict[str, Any] = field(default_factory=dict)

    def socket(self, name: str) -> str:
        """A lab's socket, as the lab sees it."""
        return str(self.root / "labs" / name / "desk.sock")

    def tell(self, values: dict[str, Any]) -> None:
        """Have the hub tell it something, and wait until every lab has its socket, and one that is another's now has
        another one."""
        graders = {name: ("grader", course) for name, course in values["graders"].items()}
        now = {**values["labs"], **graders, **values.get("exams", {})}
        changed = [name for name, visitor in now.items() if self.visitors.get(name, visitor) != visitor]
        before = {name: self._mark(name) for name in changed}
        self.visitors = now
        asyncio.run(desk_client.tell(values))
        wait(lambda: all(self._mark(name) not in (None, mark) for name, mark in before.items()), "sockets are new")
        wait(lambda: all(connects(self.socket(name)) for name in now), "every lab has its socket")

    def _mark(self, name: str) -> tuple[int, int] | None:
        try:
            found = Path(self.socket(name)).lstat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_ctime_ns

    def sent(self, name: str, body: bytes, path: str = "/hand-ins/biology/week-1", **headers: str) -> tuple[int, Any]:
        """What a lab is answered that sends this by itself, and not by our command."""
        with contextlib.closing(BySocket(self.socket(name), "desk", timeout=30)) as desk:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                desk.request("POST", path, body, headers)
            answer = desk.getresponse()
            return answer.status, json.loads(answer.read())

    def asked(self, name: str, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """What a lab is answered."""
        with contextlib.closing(BySocket(self.socket(name), "desk", timeout=30)) as desk:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                desk.request(method, path, body)
            answer = desk.getresponse()
            return answer.status, answer.read()

    def listed(self, name: str, path: str) -> list[dict[str, Any]]:
        """The one list of what a lab is answered."""
        status, text = self.asked(name, "GET", path)
        assert status == 200, text
        (found,) = json.loads(text).values()
        assert isinstance(found, list)
        return found

    @property
    def kept(self) -> list[str]:
        """Every file in its volume."""
        return sorted(
            str(path.relative_to(self.root / "store")) for path in (self.root / "store").rglob("*") if path.is_file()
        )


def connects(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as tried:
        return tried.connect_ex(path) == 0


def begun(root: Path) -> Desk:
    """A desk on a thread of its own."""
    (root / "store").mkdir(exist_ok=True)
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    path = root / "desk.sock"
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(service.serve(root / "store", root / "labs", path, ended))
    )
    thread.start()
    wait(lambda: service.answers(path), "the desk answers")

    def end() -> None:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()

    return Desk(root=root, end=end)


def folder(root: Path, **files: str) -> Path:
    """A folder with these files; a notebook where none is named."""
    own = root / "home" / "week-1"
    for name, text in (files or {"week.ipynb": '{"cells": []}'}).items():
        path = own / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return own


def untarred(body: bytes) -> dict[str, bytes]:
    """The files of a tar, by their names."""
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        return {each.name: found.read() for each in archive if (found := archive.extractfile(each))}


def tar(*members: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    """A tar of these files, or of entries as somebody made them up."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return made.getvalue()
