"""A websocket that says back what it is told, so that `make up` and `make check` can prove the way to the hub."""

from __future__ import annotations

from tornado.websocket import WebSocketHandler

MAX_BYTES = 256


class EchoHandler(WebSocketHandler):
    """`<base>/hub/homeroom/echo`: answers one short message and closes. It needs no sign-in and knows nothing."""

    max_message_size = MAX_BYTES  # larger ones are not even read

    def check_origin(self, origin: str) -> bool:
        """Take anyone: there is nothing here to steal, and the check comes from the server's own address."""
        return True

    async def on_message(self, message: str | bytes) -> None:
        """Say a short message back and close."""
        await self.write_message(message)
        self.close()


handlers = [(r"/homeroom/echo", EchoHandler)]
