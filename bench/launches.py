"""Launches from a course, all at once: Homeroom's hub beside a plain JupyterHub with ltiauthenticator.

Both are processes of this machine with the same platform, one after the other, without proxy, engine and labs: what is
measured is the hub alone. It needs no deployment.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from tornado.httpclient import HTTPError, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from bench import loop_watch
from bench.table import Goal, Row, percentile
from generator.lifecycle import render
from tests.hub_process import HubProcess, free_port
from tests.lti_hub import lti_hub, site_of
from tests.lti_platform import CLIENT_ID, LearningPlatform, Person, claims_of, learning_platform

PATIENCE_SECONDS = 120.0
OTHERS_PAUSE_SECONDS = 0.1
SEED = 200
OK, FOUND = 200, 302
WATCHED = f"""
from bench.loop_watch import LoopPage
c.JupyterHub.extra_handlers = [*c.JupyterHub.get("extra_handlers", []), ("/{loop_watch.PATH}", LoopPage)]
"""
PLAIN = """
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_connect_url = "http://127.0.0.1:{port}"
c.JupyterHub.proxy_class = "tests.no_proxy.NoProxy"
c.JupyterHub.db_url = "sqlite:///{directory}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{directory}/cookie_secret"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.authenticator_class = "ltiauthenticator.lti13.auth.LTI13Authenticator"
c.LTI13Authenticator.issuer = "{platform}"
c.LTI13Authenticator.authorize_url = "{platform}/auth"
c.LTI13Authenticator.jwks_endpoint = "{platform}/jwks"
c.LTI13Authenticator.client_id = {{"{client_id}"}}
c.LTI13Authenticator.username_key = "sub"
c.Authenticator.allow_all = True
"""


@dataclass(frozen=True, kw_only=True)
class Storm:
    """What came of many launches.

    :param seconds: of each, from the login request until the person is signed in.
    :param lost: those who were not.
    :param others_ms: what somebody else waited for a page meanwhile, each time.
    :param longest_ms: for which the event loop was kept at most.
    :param cpu_ms: of the hub, for each launch, others' pages included.
    """

    seconds: Sequence[float]
    lost: int
    others_ms: Sequence[float]
    longest_ms: float
    cpu_ms: float


@dataclass
class Browser:
    """Somebody's browser, as far as a launch needs it."""

    hub: str
    client: SimpleAsyncHTTPClient
    cookies: dict[str, str] = field(default_factory=dict)

    async def ask(self, path: str, form: dict[str, str] | None = None) -> HTTPResponse:
        """Ask for a page, or send a form; nothing is followed."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        answer = await self.client.fetch(
            f"{self.hub}hub/{path}",
            method="GET" if form is None else "POST",
            body=None if form is None else urlencode(form),
            headers={**headers, "Sec-Fetch-Mode": "navigate"},
            follow_redirects=False,
            raise_error=False,
            request_timeout=PATIENCE_SECONDS,
        )
        for header in answer.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return answer


class Course:
    """A course of the platform's, at a hub.

    :param hub: the address of its front page.
    """

    def __init__(self, platform: LearningPlatform, hub: str, client: SimpleAsyncHTTPClient) -> None:
        self.platform = platform
        self.hub = hub
        self.client = client
        self._key: Any = jwt.PyJWK(platform.key.export(as_dict=True)).key

    async def launch(self, name: str) -> Browser:
        """A whole launch of somebody's.

        :raises RuntimeError: they are not signed in.
        """
        browser = Browser(self.hub, self.client)
        target = f"{self.hub}hub/home"
        begun = await browser.ask("lti13/oauth_login", self.platform.login(login_hint=name, target_link_uri=target))
        sent = dict(parse_qsl(urlsplit(begun.headers.get("Location", "")).query))
        if "nonce" not in sent:
            raise RuntimeError(f"a login was answered with {begun.code}")
        person = Person(sub=name, email=f"{name}@school.example")
        claims = claims_of(self.platform.url, sent["nonce"], person)
        token = jwt.encode(claims, self._key, "RS256", headers={"kid": self.platform.key["kid"]})
        ended = await browser.ask("lti13/oauth_callback", {"state": sent["state"], "id_token": token})
        if ended.code != FOUND or "jupyterhub-hub-login" not in browser.cookies:
            raise RuntimeError(f"a launch was answered with {ended.code}")
        return browser

    async def storm(self, names: Sequence[str], within_seconds: float) -> Storm:
        """All launch, at moments spread over a time, the same ones in each run; one more looks at a page meanwhile."""
        moments = random.Random(SEED)
        other = await self.launch("other")
        await _page(other)
        before = await self._look()
        over = asyncio.Event()
        looking = asyncio.create_task(_look_until(over, other))
        coming = (self._come(name, moments.uniform(0, within_seconds)) for name in names)
        took = await asyncio.gather(*coming)
        over.set()
        waits = await looking
        after = await self._look()
        came = [each for each in took if each is not None]
        return Storm(
            seconds=came,
            lost=len(took) - len(came),
            others_ms=waits,
            longest_ms=after["longest_ms"],
            cpu_ms=(after["cpu_seconds"] - before["cpu_seconds"]) / len(names) * 1000,
        )

    async def _come(self, name: str, moment_seconds: float) -> float | None:
        """Launch at a moment; for how long it took, None where it came to nothing."""
        await asyncio.sleep(moment_seconds)
        began = time.perf_counter()
        try:
            await self.launch(name)
        except (HTTPError, OSError, RuntimeError):
            return None
        return time.perf_counter() - began

    async def _look(self) -> dict[str, float]:
        """What the hub says of itself since it was asked last."""
        answer = await Browser(self.hub, self.client).ask(loop_watch.PATH)
        found: dict[str, float] = json.loads(answer.body)
        return found


async def _look_until(over: asyncio.Event, other: Browser) -> list[float]:
    """The milliseconds that a page took each time, until it is over."""
    waits = []
    while not over.is_set():
        waits.append(await _page(other))
        await asyncio.sleep(OTHERS_PAUSE_SECONDS)
    return waits


async def _page(other: Browser) -> float:
    """Look at a page that nobody sees who is not signed in; the milliseconds that it took.

    :raises RuntimeError: it is not there.
    """
    began = time.perf_counter()
    answer = await other.ask("token")
    if answer.code != OK:
        raise RuntimeError(f"somebody who is signed in was answered with {answer.code}")
    return (time.perf_counter() - began) * 1000


@contextmanager
def homeroom_hub(directory: Path, platform: LearningPlatform) -> Iterator[str]:
    """Homeroom's hub, as `make up` configures it; its address."""
    with lti_hub(directory, site_of(platform.values()), WATCHED) as hub:
        yield hub.url


@contextmanager
def plain_hub(directory: Path, platform: LearningPlatform) -> Iterator[str]:
    """A plain JupyterHub with ltiauthenticator; its address."""
    port = free_port()
    values = {"port": port, "directory": directory, "platform": platform.url, "client_id": CLIENT_ID}
    (directory / render.HUB_CONFIG).write_text(PLAIN.format(**values) + WATCHED)
    hub = HubProcess(directory, port, {})
    try:
        hub.start()
        yield f"http://127.0.0.1:{port}/"
    finally:
        hub.end()


HUBS = {"stock": plain_hub, "Homeroom": homeroom_hub}


def storms(people: int, within_seconds: float) -> dict[str, tuple[Storm, Storm]]:
    """For each hub: as many newcomers launch within a time, and then the same ones again."""
    found = {}
    names = [f"student{number:03}" for number in range(people)]
    for name, hub in HUBS.items():
        with (
            tempfile.TemporaryDirectory(prefix="homeroom-bench-") as folder,
            learning_platform() as platform,
            hub(Path(folder), platform) as address,
        ):
            found[name] = asyncio.run(_twice(platform, address, names, within_seconds))
    return found


def rows(people: int, within_seconds: float) -> list[Row]:
    """What came of the storms, as lines of the table."""
    found = storms(people, within_seconds)

    def row(again: int, what: str, unit: str, value: Callable[[Storm], float], goal: Goal | None = None) -> Row:
        who = "the same again" if again else f"{people} newcomers launch from a course within {within_seconds:g} s"
        ours, stock = ([value(found[name][again])] for name in ("Homeroom", "stock"))
        return Row(name="launches", what=f"{who}: {what}", unit=unit, homeroom=ours, reference=stock, goal=goal)

    def each(again: int) -> list[Row]:
        return [
            row(again, "until one is signed in, p50", "s", lambda one: percentile(one.seconds, 50)),
            row(again, "until one is signed in, p95", "s", lambda one: percentile(one.seconds, 95), Goal(value=1)),
            row(again, "lost", "launches", lambda one: one.lost, Goal(value=0)),
            row(again, "the event loop is kept at most", "ms", lambda one: one.longest_ms, Goal(value=100)),
            row(
                again,
                "somebody else's page, p99",
                "ms",
                lambda one: percentile(one.others_ms, 99),
                Goal(value=200),
            ),
            row(again, "CPU of the hub for each", "ms", lambda one: one.cpu_ms),
        ]

    return [*each(0), *each(1)]


async def _twice(
    platform: LearningPlatform, hub: str, names: Sequence[str], within_seconds: float
) -> tuple[Storm, Storm]:
    course = Course(platform, hub, SimpleAsyncHTTPClient(force_instance=True, max_clients=2 * len(names) + 2))
    return await course.storm(names, within_seconds), await course.storm(names, within_seconds)
