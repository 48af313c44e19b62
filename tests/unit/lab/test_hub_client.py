"""A lab's calls to the hub, against a real server on a Unix socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from homeroom_lab.hub_client import HubSaysNo, fetch
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler


class Echo(RequestHandler):
    """Says what it was asked."""

    def _echo(self) -> None:
        self.set_header("X-JupyterHub-Version", "6.1.1")
        self.set_status(int(self.get_query_argument("status", "200")))
        self.write({"method": self.request.method, "uri": self.request.uri, "body": self.request.body.decode()})

    get = post = _echo


def asked(tmp_path: Path, path: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """An answer and its body, from a server that runs for as long as it is asked."""
    listening = tmp_path / "hub 1.sock"

    async def call() -> tuple[Any, dict[str, Any]]:
        server = HTTPServer(Application([(".*", Echo)]))
        server.add_socket(bind_unix_socket(str(listening)))
        try:
            answer = await fetch(f"http+unix://{quote(str(listening), safe='')}{path}", **options)
            return answer, json.loads(await answer.text())
        finally:
            server.stop()

    return asyncio.run(call())


def test_an_answer_is_read(tmp_path: Path) -> None:
    """Path, query and body arrive; status, headers and text come back, as with the hub's own client."""
    answer, said = asked(tmp_path, "/hub/api/user?a=1%202", method="POST", data="gr\u00fc\u00df", headers={"X": "y"})
    assert (answer.status, answer.ok, answer.headers["x-jupyterhub-version"]) == (200, True, "6.1.1")
    assert said == {"method": "POST", "uri": "/hub/api/user?a=1%202", "body": "gr\u00fc\u00df"}


def test_an_error_is_returned_or_raised_as_asked(tmp_path: Path) -> None:
    """With `raise_for_status`, as is the default, an answer of 400 and more raises."""
    answer, _ = asked(tmp_path, "/hub/api?status=403", raise_for_status=False)
    assert (answer.status, answer.ok) == (403, False)
    with pytest.raises(HubSaysNo, match="GET /hub/api: 403"):
        asked(tmp_path, "/hub/api?status=403")


def test_nobody_there_is_an_error(tmp_path: Path) -> None:
    """A hub that is away raises, and the caller tries again as it likes."""
    with pytest.raises(OSError, match="No such file"):
        asyncio.run(fetch(f"http+unix://{quote(str(tmp_path / 'nobody.sock'), safe='')}/hub/api"))
