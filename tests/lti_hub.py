"""A hub process of its own on this machine, without an engine and without labs: sign-in as it is rendered."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from generator.core.paths import ROOT
from tests.hub_config import loaded
from tests.hub_deployment import free_port
from tests.lti_platform import LearningPlatform

START_SECONDS = 120
BASE = "/biology/"
WITHOUT_LABS = '''
from jupyterhub.proxy import Proxy
from jupyterhub.spawner import Spawner


class NoProxy(Proxy):
    """The hub is reached itself."""

    should_start = False

    async def add_route(self, routespec, target, data): ...
    async def delete_route(self, routespec): ...
    async def get_all_routes(self): return {}
    async def check_routes(self, *_): ...


class NoLab(Spawner):
    """Nothing is started."""

    async def start(self): raise RuntimeError("there are no labs here")
    async def stop(self, now=False): ...
    async def poll(self): return 0


c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.spawner_class = NoLab
'''


class LTIHub:
    """A hub whose people come from `platforms`.

    :param url: with its base path.
    """

    def __init__(self, directory: Path, site: str, *, port: int) -> None:
        self.directory = directory
        self.port = port
        self.url = f"http://localhost:{port}{BASE}"
        self.database = directory / "jupyterhub.sqlite"
        self._site = site
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the hub's process, and wait until it answers."""
        config = self._configuration()
        with (self.directory / "hub.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", f"--config={config}"],
                cwd=self.directory,
                env={**os.environ, "PYTHONPATH": str(ROOT / "jupyterhub"), "JUPYTERHUB_CRYPT_KEY": "0f" * 32},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if requests.get(f"{self.url}hub/health", timeout=5).ok:
                    return
            except requests.ConnectionError:
                pass
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.2)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    @property
    def log(self) -> str:
        """What the hub has written."""
        return (self.directory / "hub.log").read_text(encoding="utf-8")

    def _configuration(self) -> Path:
        """A configuration with sign-in as it is rendered, and the rest for a process without labs."""
        site = self.directory / "site"
        site.mkdir(exist_ok=True)
        (site / "lti.yaml").write_text(self._site, encoding="utf-8")
        rendered = loaded(
            self.directory / "rendered",
            site,
            AUTH="lti",
            HUB_HOST="localhost",
            HUB_PORT=str(self.port),
            BASE_URL=BASE,
            JUPYTERHUB_CRYPT_KEY="0f" * 32,
        )
        lines = ["c = get_config()  # noqa", WITHOUT_LABS]
        for section in ("LTIWay", "SignIn", "Authenticator"):
            lines += [f"c.{section}.{name} = {value!r}" for name, value in rendered[section].items()]
        own = {
            "authenticator_class": rendered.JupyterHub.authenticator_class,
            "public_url": self.url,
            "base_url": BASE,
            "bind_url": f"http://127.0.0.1:{self.port}{BASE}",
            "hub_bind_url": f"http://127.0.0.1:{self.port}",
            "hub_connect_url": f"http://127.0.0.1:{self.port}",
            "db_url": f"sqlite:///{self.database}",
            "cookie_secret_file": str(self.directory / "cookie_secret"),
            "template_paths": [str(ROOT / "jupyterhub" / "templates")],
            "log_level": "INFO",
        }
        lines += [f"c.JupyterHub.{name} = {value!r}" for name, value in own.items()]
        lines.append(f"c.LTIWay.key_file = {str(self.directory / 'lti_keys.json')!r}")
        lines.append("c.LTIWay.fetch_seconds = 60.0  # this machine may be busy")
        lines.append(f"c.SignIn.people_file = {str(site / 'people.yaml')!r}")
        lines.append("c.JupyterHub.template_vars = {'accounts': False, 'database_fault': lambda *_: ''}")
        path = self.directory / "jupyterhub_config.py"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path


class Browser:
    """Somebody's browser, as far as a launch needs it: it keeps cookies as they are set, and follows nothing."""

    def __init__(self, hub: LTIHub) -> None:
        self.hub = hub
        self.web = requests.Session()
        self.cookies: dict[str, str] = {}

    def begin(self, login: dict[str, str], **headers: str) -> requests.Response:
        """Send a login request."""
        return self.request("POST", "hub/lti13/oauth_login", data=login, headers=headers)

    def launch(self, form: dict[str, str]) -> requests.Response:
        """Send a launch."""
        return self.request("POST", "hub/lti13/oauth_callback", data=form)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask for a page of the hub's, with the cookies that were set."""
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**options.pop("headers", {}), **({"Cookie": sent} if sent else {})}
        self.web.cookies.clear()
        answer = self.web.request(
            method, f"{self.hub.url}{path}", headers=headers, timeout=60, allow_redirects=False, **options
        )
        for header in answer.raw.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer

    def sign_in(
        self, platform: LearningPlatform, more: Mapping[str, Any] | None = None, login: dict[str, str] | None = None
    ) -> requests.Response:
        """A whole launch, as `platform` makes it; `more` are claims."""
        begun = self.begin(login or platform.login())
        assert begun.status_code == 302, begun.text
        return self.launch(platform.launch(sent(begun), **(more or {})))

    @property
    def is_signed_in(self) -> bool:
        """Whether the hub's home page is shown, which is nobody's."""
        return self.request("GET", "hub/home").status_code == 200


def sent(answer: requests.Response) -> dict[str, str]:
    """What the hub sends a person to the platform with."""
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def site_of(*platforms: dict[str, Any], **more: Any) -> str:
    """A `site/lti.yaml` with these platforms."""
    import yaml

    listed = [{name: value for name, value in each.items() if value} for each in platforms]
    return str(yaml.safe_dump({"allow_all": True, **more, "platforms": listed}))


@contextmanager
def lti_hub(directory: Path, site: str) -> Iterator[LTIHub]:
    """A hub, for as long as it is needed."""
    hub = LTIHub(directory, site, port=free_port())
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()
