"""What the page of one's own copies says of what comes back."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from homeroom.copies import own, page, reader
from homeroom.sign_in.passwords import hashed

from tests.hub_app import HubApp, add_people, signed_in
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

PASSWORD = "seven green bicycles"
COPY = {"name": "a" * 64, "made_at": 1_700_000_000.0}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubApp]:
    """A hub of a deployment that makes copies; there is one, in which nobody finds anything."""

    async def ask(path: str, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"copies": [COPY]} if path == "/copies" else {"entries": [], "more": False}

    monkeypatch.setattr(reader, "ask", ask)
    monkeypatch.setattr(own, "of_person", lambda copies, *_: copies)
    monkeypatch.setattr(page, "FIRST_SECONDS", 0.01)
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
    monkeypatch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
    made = HubApp(tmp_path, loaded(tmp_path, BACKUP_TO="/srv/copies"))
    with made.running():
        add_people(made, "ada", password=hashed(PASSWORD))
        yield made


def test_what_does_not_come_is_said(app: HubApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for something while another thing comes back reads that it does not come; who presses twice does not."""
    there = threading.Event()

    async def take_back(asked: Mapping[str, str]) -> dict[str, Any]:
        await asyncio.to_thread(there.wait, 60)
        return {"where": asked["path"], "files": 1, "left_out": 0}

    monkeypatch.setattr(reader, "take_back", take_back)
    ada = signed_in(app, "ada", PASSWORD)
    first, second = (f"homeroom/copies/take-back?copy={COPY['name']}&at={page.encoded(name)}" for name in ("a", "<b>"))
    words = "was not taken back: one thing comes back at a time"
    try:
        for _ in range(2):
            text = ada.fill_in("homeroom/copies", first).text
            assert ("<strong>a</strong> is on its way back" in text, words in text) == (True, False)
        text = ada.fill_in("homeroom/copies", second).text
        assert ("<strong>a</strong> is on its way back" in text, f"<strong>&lt;b&gt;</strong> {words}" in text) == (
            True,
            True,
        )
    finally:
        there.set()
    assert words not in ada.visit("homeroom/copies?waits=%25").text, "an address that is none says nothing"


@contextmanager
def answering(path: Path, status: int, body: str) -> Iterator[None]:
    """A guard that answers once; 0: it hangs up, as one that is killed."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            caller, _ = listener.accept()
            with caller:
                while not caller.recv(1 << 16).endswith(b"}"):
                    """All of the question."""
                if status:
                    caller.sendall(f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

        thread = threading.Thread(target=answer)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, {"where": "x"}, None),
        (403, {"message": "no"}, "refused"),
        (503, {"message": "away"}, "unreadable"),
        (0, {}, "unreadable"),
    ],
)
def test_a_guard_that_ends_is_no_refusal(tmp_path: Path, status: int, body: dict[str, str], fault: str | None) -> None:
    """Only who may not have it is told that."""
    with answering(tmp_path / "guard.sock", status, json.dumps(body)):
        said = asyncio.run(reader.take_back({"user": "ada"}, tmp_path / "guard.sock"))
    assert said.get("fault") == fault
