"""The service that reads copies, at a socket, as those who ask it see it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from homeroom_copies import reader


@contextmanager
def listening(service: reader.Reader, folder: Path) -> Iterator[Path]:
    """A service, at a socket."""
    path = folder / "r.sock"
    server = reader.Server(path, service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield path
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
