"""What unit tests share: they are the same on every machine, whether it has an engine or not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

MACHINES_OWN = ("/run/", "/var/run/")
"""Where an engine listens that is none of a test's."""


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
