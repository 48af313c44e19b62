"""A real OpenID Connect provider, as a process on loopback: authorization, tokens, user information, sign-out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.hub_process import free_port

START_SECONDS = 300.0


class OpenIDProcess:
    """The provider. Its people are what `set_claims` says."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. It has forgotten all that was before."""
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port)]
        env = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
        self._process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ends = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError("the OpenID provider did not start")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            self._ask("GET", "/.well-known/openid-configuration")
        except OSError:
            return False
        return True

    def end(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def set_claims(self, sub: str, **claims: Any) -> None:
        """What it says of a person from now on."""
        self._ask("PUT", f"/users/{sub}", claims)

    def revoke(self, sub: str) -> None:
        """End all that was given out for a person."""
        self._ask("POST", f"/users/{sub}/revoke-tokens")

    def _ask(self, method: str, path: str, body: Any = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}{path}", method=method, data=data, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10):
            pass


@contextmanager
def openid_process() -> Iterator[OpenIDProcess]:
    """A provider that runs."""
    provider = OpenIDProcess(free_port())
    try:
        provider.start()
        yield provider
    finally:
        provider.end()
