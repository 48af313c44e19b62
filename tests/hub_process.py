"""A hub as a process on loopback, with the configuration as it is rendered, but without engine, proxy and labs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.core.paths import ROOT
from generator.lifecycle import render
from tests.hub_config import written
from tests.sample_settings import TOKEN

START_SECONDS = 300.0
OVERRIDES = """
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_connect_url = "http://127.0.0.1:{port}"
c.JupyterHub.proxy_class = "tests.no_proxy.NoProxy"
c.JupyterHub.db_url = "sqlite:///{directory}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{directory}/cookie_secret"
c.JupyterHub.template_paths = ["{root}/jupyterhub/templates"]
c.JupyterHub.spawner_class = "jupyterhub.spawner.SimpleLocalProcessSpawner"
c.JupyterHub.services = []
c.JupyterHub.load_roles = []
c.SignIn.people_file = "{site}/people.yaml"
"""


class HubProcess:
    """A hub in a directory. It can be ended and started again.

    :param env: the secrets that Compose would give it.
    """

    def __init__(self, directory: Path, port: int, env: dict[str, str]) -> None:
        self.directory = directory
        self.url = f"http://127.0.0.1:{port}"
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        path = os.pathsep.join((str(ROOT), str(ROOT / "jupyterhub")))
        env = {**os.environ, "PYTHONPATH": path, "CONFIGPROXY_AUTH_TOKEN": TOKEN, "JUPYTERHUB_CRYPT_KEY": TOKEN}
        command = [sys.executable, "-m", "jupyterhub", f"--config={self.directory / render.HUB_CONFIG}"]
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.directory, env={**env, **self._env}, stdout=log, stderr=log
            )
        ends = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"the hub did not start:\n{self.log[-4000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/hub/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self) -> None:
        """End it, as a machine that is switched off would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def _log_file(self) -> Path:
        return self.directory / "hub.log"

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log_file.read_text(errors="replace")


@contextmanager
def hub_process(directory: Path, site: Path, settings: dict[str, str], more: str = "") -> Iterator[HubProcess]:
    """A hub that runs with these settings and this `site/`.

    :param more: further lines for its configuration.
    """
    port = free_port()
    (site / "hub.d").mkdir(parents=True, exist_ok=True)
    overrides = OVERRIDES.format(port=port, directory=directory, root=ROOT, site=site) + more
    (site / "hub.d/zz-test.py").write_text(overrides)
    written(directory, site, **{**settings, "HUB_PORT": str(port)})
    secrets = {name: value for name, value in settings.items() if name.endswith(("_SECRET", "_SECRETS", "_PASSWORD"))}
    hub = HubProcess(directory, port, secrets)
    try:
        hub.start()
        yield hub
    finally:
        hub.end()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
