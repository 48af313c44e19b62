"""The service that speaks with learning platforms, on a thread of its own, and a platform with a gradebook."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from homeroom.lms import client, sending, service, web
from homeroom.lms.connection import Connection, Platform, hosts_of
from homeroom.lms.service import KEYS
from homeroom.lti.own_keys import OwnKey, new_key, write

from tests.faults import until
from tests.lti_platform import CLIENT_ID, DEPLOYMENT_ID, LearningPlatform, learning_platform
from tests.lti_services import AGS, NRPS


@pytest.fixture
def school() -> Iterator[LearningPlatform]:
    """A platform whose course 12 has three students and a teacher."""
    with learning_platform() as made:
        made.services.people = {"1": {}, "2": {}, "3": {}, "9": {"roles": ["Instructor"]}}
        yield made


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for seconds; how long is waited is not what is tested here."""
    monkeypatch.setattr(web, "PAUSES_SECONDS", (0.01,) * 4)
    monkeypatch.setattr(sending, "APART_SECONDS", 0.0)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.05)


@dataclass
class Service:
    """The service, as the hub sees it."""

    school: LearningPlatform
    root: Path

    def ask(self, method: str, path: str, values: Any = None) -> Any:
        """One of the hub's calls."""
        return client.ask(method, path, values)

    def connect(self, **changes: Any) -> None:
        """Have the hub tell it of the course biology, as the platform's launches say it is."""
        asyncio.run(client.tell({"courses": [connection(self.school, **changes).as_json()]}))

    def preview(self, *grades: tuple[str, str, float], **more: Any) -> Any:
        """What would change."""
        return self.ask("POST", "/courses/biology/preview", order(*grades, **more))

    def send(self, *grades: tuple[str, str, float], **more: Any) -> dict[str, Any]:
        """Preview, send, and wait; returns the record."""
        digest = self.preview(*grades, **more)["digest"]
        self.ask("POST", "/courses/biology/sends", {**order(*grades, **more), "digest": digest, "by": "ada"})
        return self.done()

    def done(self) -> dict[str, Any]:
        """The last sending, when it is over."""
        until(
            lambda: not self.ask("GET", "/courses/biology")["is_sending"],
            "the grades are sent",
            seconds=60,
            interval=0.02,
        )
        found: dict[str, Any] = self.ask("GET", "/courses/biology")["sends"][0]
        return found

    def roster(self, *, fault: bool = False) -> dict[str, Any]:
        """The course's members, once they were asked for."""

        def known() -> bool:
            found = self.ask("GET", "/rosters")["rosters"]["biology"]
            return found is not None and bool(found["fault"]) is fault

        until(known, "the members are known", seconds=60, interval=0.02)
        found: dict[str, Any] = self.ask("GET", "/rosters")["rosters"]["biology"]
        return found


@pytest.fixture
def lms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, school: LearningPlatform) -> Iterator[Service]:
    """The service."""
    monkeypatch.setattr(client, "SOCKET", tmp_path / "lms.sock")
    with running(tmp_path):
        made = Service(school=school, root=tmp_path)
        school.services.tool_keys = lambda: made.ask("GET", "/keys")
        yield made


KEY = new_key(int(time.time()))
"""Made once: it takes a moment of computing."""


def public_pem(key: OwnKey) -> str:
    """The public part of a key."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = serialization.load_pem_private_key(key.private.encode(), None).public_key()
    return public.public_bytes(serialization.Encoding.PEM, form).decode()


class running:
    """The service on a thread, for as long as it is needed."""

    def __init__(self, root: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        path = root / "lms.sock"
        self._thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(service.serve(root, path, self._ended))
        )
        self._path = path

        if not (root / KEYS).exists():
            write(root / KEYS, [KEY])

    def __enter__(self) -> None:
        self._thread.start()
        until(lambda: service.answers(self._path), "the service answers", seconds=60, interval=0.02)

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()


def connection(school: LearningPlatform, **changes: Any) -> Connection:
    """The course biology and the platform's course 12."""
    said = school.services.claims()
    endpoint, members = said[f"{AGS}claim/endpoint"], said[f"{NRPS}claim/namesroleservice"]
    platform = Platform(
        name="school",
        issuer=changes.pop("issuer", school.url),
        client_id=CLIENT_ID,
        token_url=changes.pop("token_url", f"{school.url}/token"),
        hosts=changes.pop("hosts", hosts_of([school.url])),
    )
    given: dict[str, Any] = {
        "course": "biology",
        "platform": platform,
        "deployment_id": DEPLOYMENT_ID,
        "context": "12",
        "lineitems": endpoint["lineitems"],
        "lineitem": endpoint.get("lineitem", ""),
        "scopes": frozenset(endpoint["scope"]),
        "members": members["context_memberships_url"],
        "roster": False,
    }
    return Connection(**{**given, **changes})


def order(*grades: tuple[str, str, float], maximum: float = 10) -> dict[str, Any]:
    """Grades as the hub gives them: user id, assignment, points."""
    keys = sorted({key for _, key, _ in grades})
    return {
        "title": "Biology",
        "columns": [{"key": key, "label": key.title(), "maximum": maximum} for key in keys],
        "grades": [
            {"person": f"p{who}", "user_id": who, "column": key, "points": points, "maximum": maximum}
            for who, key, points in grades
        ],
    }
