"""A websocket that says back what it is told, so that `make up` and `make check` can check the way to the hub."""

from __future__ import annotations

from typing import Any

from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketHandler

MAX_BYTES = 256
PATIENCE_SECONDS = 10
"""For the message: a client needs no account, and must not hold a connection for nothing."""


class EchoHandler(WebSocketHandler):
    """`<base>/hub/homeroom/echo`: answers one short message and closes. It needs no sign-in and gives nothing away."""

    max_message_size = MAX_BYTES  # larger ones are not even read

    def check_origin(self, origin: str) -> bool:
        """Accept every origin: there is nothing here to steal, and the check comes from the server's own address."""
        return True

    def open(self, *_: str, **__: str) -> None:
        """Have the connection closed after PATIENCE_SECONDS without a message."""
        self._patience: Any = IOLoop.current().call_later(PATIENCE_SECONDS, self.close)

    def on_close(self) -> None:
        """Drop the time-out that `open` has set."""
        IOLoop.current().remove_timeout(self._patience)

    async def on_message(self, message: str | bytes) -> None:
        """Say a short message back and close."""
        await self.write_message(message)
        self.close()


handlers = [(r"/homeroom/echo", EchoHandler)]
