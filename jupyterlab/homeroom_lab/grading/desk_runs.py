"""Asking the desk to run a submission: its files are sent as they lie, and what its notebooks wrote comes back."""

from __future__ import annotations

import http.client
import json
import socket
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from homeroom_lab import waits

SOCKET = "/run/lab/desk.sock"
CONNECT_SECONDS = 15.0
LONGEST_SECONDS = 4 * 3600.0
"""A run waits for its turn, and the desk says nothing until it has ended."""
AGAIN_SECONDS = (0.5, 1, 2, 4, 8, 15, 30, 30, 30, 60, 60)
"""How long it is waited before the desk is asked again: it may be restarted."""
MOST_ANSWER_BYTES = 80 << 20
LEFT_OUT = frozenset({".ipynb_checkpoints", "__pycache__"})


class NotRun(Exception):
    """It was not run; says why."""


class _Away(Exception):
    """The desk does not answer, or cannot just now."""


class _Desk(http.client.HTTPConnection):
    def __init__(self) -> None:
        super().__init__("desk", timeout=LONGEST_SECONDS)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(CONNECT_SECONDS)
        self.sock.connect(SOCKET)
        self.sock.settimeout(LONGEST_SECONDS)


class _Body:
    """Writes what a request carries, piece by piece."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk

    def write(self, data: bytes) -> int:
        if data:
            self._desk.send(b"%x\r\n%b\r\n" % (len(data), data))
        return len(data)


def at_once() -> int:
    """How many runs there are at a time, at most."""
    try:
        with closing(_Desk()) as desk:
            desk.request("GET", "/runs")
            return int(json.loads(desk.getresponse().read())["at_once"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return 1


def run(order: dict[str, Any], folder: Path, path: str = "/runs") -> dict[str, Any]:
    """What each notebook brought, by its name. A desk that is away is asked again. Meanwhile the lab is in use.

    :raises NotRun: it does not run this, or is away for minutes.
    """
    with waits.waiting():
        for seconds in (*AGAIN_SECONDS, None):
            try:
                return _run(order, folder, path)
            except (_Away, OSError, http.client.HTTPException) as error:
                if seconds is None:
                    raise NotRun(f"The desk does not answer: {error}") from None
                time.sleep(seconds)
        raise AssertionError


def _run(order: dict[str, Any], folder: Path, path: str) -> dict[str, Any]:
    with closing(_Desk()) as desk:
        desk.putrequest("POST", path)
        desk.putheader("Content-Type", "application/octet-stream")
        desk.putheader("Transfer-Encoding", "chunked")
        desk.endheaders()
        body = _Body(desk)
        try:
            body.write(json.dumps(order).encode() + b"\n")
            with tarfile.open(fileobj=body, mode="w|") as archive:  # type: ignore[call-overload]
                for file in _files(folder):
                    archive.add(file, str(file.relative_to(folder)), recursive=False)
            desk.send(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has said no already
        answer = desk.getresponse()
        if answer.status == 503:
            raise _Away(_why(answer.read(1 << 16)))
        if answer.status != 200:
            raise NotRun(_why(answer.read(1 << 16)))
        text = answer.read(MOST_ANSWER_BYTES)
    return read(text, order["notebooks"])


def read(text: bytes, notebooks: list[str]) -> dict[str, Any]:
    """What an answer says of each notebook that was asked for. Of what it says else, and of what is none, nothing."""
    head, *lines = text.splitlines()
    ended = json.loads(head)
    how = "fault" if ended["how"] == "done" else str(ended["how"])
    found: dict[str, Any] = {name: {"cells": {}, "trouble": {"why": how}} for name in notebooks}
    for line in lines:
        try:
            one = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(one, dict) and one.get("name") in notebooks:
            found[one["name"]] = one
    return found


def _why(text: bytes) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return "The desk refused it."


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if not LEFT_OUT & set(file.relative_to(folder).parts) and file.is_file() and not file.is_symlink():
            yield file
