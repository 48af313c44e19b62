"""What the package indexes have newer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from generator.core.errors import HomeroomError
from generator.topics.packages import newest
from generator.topics.packages.debian import Newer
from generator.topics.packages.inventory import Package
from tests.fake_runner import always

PYTHON = [Package("python", "tornado", "6.5"), Package("debian", "tzdata", "1", "all", "tzdata")]
NPM = [Package("npm", "@s/b", "2.1"), Package("npm", "a", "1.0")]


def test_pip_says_what_is_newer() -> None:
    """What pip lists as outdated is newer; a pip that cannot ask is an error in words, and not `nothing is newer`."""
    listed = json.dumps([{"name": "tornado", "version": "6.5", "latest_version": "6.6"}])
    assert newest.of_python(PYTHON, runner=always(0, out=listed)) == [Newer("tornado", "6.5", "6.6")]
    for silent in (always(1, err="ERROR: no network"), always(0, out="[]", err="WARNING: Retrying (Retry(total=4")):
        with pytest.raises(HomeroomError, match="Python's package index does not answer"):
            newest.of_python(PYTHON, runner=silent)


@contextmanager
def registry(answers: dict[str, str]) -> Iterator[str]:
    """A registry that knows the newest versions of some packages."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            version = answers.get(self.path)
            self.send_response(200 if version else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"version": version}).encode())

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_npms_registry_says_what_is_newer() -> None:
    """Each package is asked for where this machine's npm would, scoped ones too; one that does not answer is told."""
    with registry({"/@s%2Fb/latest": "3.0", "/a/latest": "1.0"}) as address:
        assert newest.of_npm(NPM, {"NPM_CONFIG_REGISTRY": address}) == [Newer("@s/b", "2.1", "3.0")]
        with pytest.raises(HomeroomError, match="npm's registry does not answer"):
            newest.of_npm([Package("npm", "gone", "1")], {"NPM_CONFIG_REGISTRY": address})
    with pytest.raises(HomeroomError, match="names no registry"):
        newest.of_npm(NPM, {"NPM_CONFIG_REGISTRY": "file:///srv"})
    assert newest.of_npm(PYTHON, {}) == []
