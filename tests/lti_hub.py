"""A hub process of its own on this machine, without an engine and without labs: sign-in as it is rendered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.hub_process import HubProcess, hub_process
from tests.lti_platform import LearningPlatform

BASE = "/"
CRYPT_KEY = "0f" * 32


class LTIHub:
    """A hub whose people come from learning platforms.

    :param url: with its base path.
    """

    def __init__(self, process: HubProcess) -> None:
        self.process = process
        self.url = process.url.replace("127.0.0.1", "localhost") + BASE
        self.database = process.directory / "hub.sqlite"

    def restart(self) -> None:
        """Kill the process and start another one."""
        self.process.end()
        self.process.start()


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
        """Whether a page is shown that nobody sees who is not."""
        return self.request("GET", "hub/token").status_code == 200


def sent(answer: requests.Response) -> dict[str, str]:
    """What the hub sends a person to the platform with."""
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def refusals(hub: LTIHub) -> list[str]:
    """The reasons of all sign-ins that the hub refused and kept, the last at the end."""
    with closing(sqlite3.connect(hub.database)) as database:
        return [
            reason for (reason,) in database.execute("SELECT reason FROM homeroom_refusals ORDER BY last_at, first_at")
        ]


def site_of(*platforms: dict[str, Any], **more: Any) -> str:
    """A `site/lti.yaml` with these platforms."""
    import yaml

    listed = [{name: value for name, value in each.items() if value} for each in platforms]
    return str(yaml.safe_dump({"allow_all": True, **more, "platforms": listed}))


@contextmanager
def lti_hub(directory: Path, text: str, more: str = "", **values: str) -> Iterator[LTIHub]:
    """A hub, for as long as it is needed.

    :param text: of its `site/lti.yaml`.
    :param more: further lines for its configuration.
    :param values: further settings.
    """
    site = directory / "site"
    site.mkdir()
    (site / "lti.yaml").write_text(text, encoding="utf-8")
    settings = {"AUTH": "lti", "HUB_HOST": "localhost", "JUPYTERHUB_CRYPT_KEY": CRYPT_KEY, **values}
    more += f"""
c.LTIWay.key_file = "{directory}/lti_keys.json"
c.LTIWay.fetch_seconds = 60.0  # this machine may be busy
"""
    with hub_process(directory, site, settings, more) as process:
        yield LTIHub(process)
