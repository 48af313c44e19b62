"""What unit tests share: they are the same on every machine, whether it has an engine or not."""

from __future__ import annotations

import gc
import os
import re
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from homeroom_lab.lazy_imports import left_out
from homeroom_lab.start import LEFT_OUT

from generator.core import json_file
from generator.core.paths import ROOT
from generator.timers import steady
from generator.timers.steady import Known

MACHINES_OWN = ("/run/", "/var/run/")
"""Where an engine listens that is none of a test's."""

gc.disable()  # while modules are imported, of which nothing is garbage
GRAMMARS = "rfc3987_syntax"
if GRAMMARS not in sys.modules:  # as in a lab: the grammars of formats that nobody asks for take a second
    with left_out({GRAMMARS: LEFT_OUT["jsonschema"][GRAMMARS]}):
        import_module("jsonschema")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test has the same name in each of the processes that run them side by side: none holds the time."""
    now = str(int(time.time()))[:5]
    for item in items:
        if re.search(rf"{now}\d{{5}}", item.name):
            raise pytest.UsageError(f"{item.nodeid} has another name each time: name its parameters by `ids=`")


def pytest_collection_finish() -> None:
    """What all tests imported stays; the garbage collector need not look at it, and at what a test makes not often."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """Where a process ends, nobody looks once more through all that its tests imported and compiled."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """Files and databases are written as ever, and nothing waits until a disk has them: no test pulls the plug."""
    connect = sqlite3.connect

    def without_wait(*args: Any, **options: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = connect(*args, **options)
        with suppress(sqlite3.Error, UnicodeError):  # whoever has opened it finds by itself that it is damaged
            made.execute("PRAGMA synchronous = OFF")
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        for module in (sqlite3, sqlite3.dbapi2):
            patch.setattr(module, "connect", without_wait)
        yield


@pytest.fixture(scope="session", autouse=True)
def few_authorities() -> Iterator[None]:
    """Nothing outside this machine is asked, so what makes a connection need not read the machine's 140 authorities
    each time; tests that trust one name it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(ROOT / "tests/private-ca.pem"))
        yield


@pytest.fixture(scope="session", autouse=True)
def clock_that_is_believed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What removes by the clock does so, and notes its looks in no deployment's directory."""
    now = steady.moment()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steady, "FILE", tmp_path_factory.mktemp("clock") / "clock.json")
        json_file.write(steady.FILE, Known(**vars(now), since=now.at - 2 * 86400, believed=now.at))
        yield


@pytest.fixture(scope="package", autouse=True)
def no_engine() -> Iterator[None]:
    """Whoever asks this machine's engine fails."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        assert self.family != socket.AF_UNIX or not str(address).startswith(MACHINES_OWN), f"an engine? {address}"
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield
