"""The hub's pages, served by JupyterHub itself in this process: its database, cookies and handlers, without labs."""

from __future__ import annotations

import asyncio
import functools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import requests
from homeroom.spawner import retrying
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from jupyterhub.app import JupyterHub
from nativeauthenticator.orm import UserInfo
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from traitlets.config import Config

from generator.core.paths import ROOT
from jupyterhub import orm, roles
from tests import hub_database

entry_points = functools.cache(metadata.entry_points)
"""What packages offer to hubs, of which none is installed meanwhile: each look at all of them takes long."""
XSRF = re.compile(r'name="_xsrf" value="([^"]+)"')


class Compiled(BytecodeCache):
    """Templates as they were compiled, for all hubs of a process: each has environments of its own, one of them without
    asyncio."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        return super().get_bucket(environment, f"{name} {environment.is_async}", filename, source)

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class HubApp:
    """A hub that serves its pages on this machine's loopback."""

    def __init__(self, directory: Path, config: Config) -> None:
        self._database = directory / "hub.sqlite"
        config.JupyterHub.db_url = f"sqlite:///{self._database}"
        config.JupyterHub.default_url = f"{config.JupyterHub.base_url}hub/home"  # no lab is started
        config.JupyterHub.cookie_secret_file = str(directory / "cookie_secret")
        config.JupyterHub.template_paths = [str(ROOT / "jupyterhub/templates")]
        config.JupyterHub.jinja_environment_options |= {"bytecode_cache": COMPILED}
        with mock.patch("jupyterhub.traitlets.entry_points", entry_points):
            self.hub = JupyterHub(config=config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.address = ""
        self._browsers: dict[tuple[str, str], tuple[str, Browser]] = {}

    async def _start(self) -> HTTPServer:
        hub = self.hub
        with hub_database.in_file(self._database):
            for step in ("logging", "secrets", "internal_ssl", "db", "hub", "proxy", "oauth"):
                getattr(hub, f"init_{step}")()
        await hub.init_role_creation()
        await hub.init_users()
        await hub.init_groups()
        hub.init_services()
        await hub.init_api_tokens()
        await hub.init_role_assignment()
        for step in ("eventlog", "tornado_settings", "handlers", "tornado_application"):
            getattr(hub, f"init_{step}")()
        socket, port = bind_unused_port()
        server = HTTPServer(hub.tornado_application, xheaders=True)
        server.add_sockets([socket])
        self.address = f"http://127.0.0.1:{port}/hub"
        return server

    @contextmanager
    def running(self) -> Iterator[HubApp]:
        """Serve, and end with everything that was begun. There is no engine, so none is waited for."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(retrying, "PATIENCE_SECONDS", 0.0)
            self._thread.start()
            server = self.do(self._start)
            try:
                yield self
            finally:
                self.do(self._stop, server)
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()

    async def _stop(self, server: HTTPServer) -> None:
        server.stop()
        await server.close_all_connections()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        self.hub.db.close()

    def do(self, work: Callable[..., Any], *given: Any) -> Any:
        """Run something on the hub's own thread, where its database is, and give back what it comes to."""

        async def whole() -> Any:
            found = work(*given)
            return await found if asyncio.iscoroutine(found) else found

        return asyncio.run_coroutine_threadsafe(whole(), self._loop).result(30)

    def browser(self) -> Browser:
        """A new browser."""
        return Browser(self.address)

    def browser_of(self, name: str, password: str) -> Browser:
        """Somebody's browser, in which they signed in just now, or before another test if that still holds."""
        worth, first = self._browsers.get((name, password), ("", None))
        if first is None or worth != self._worth(name):
            first = signed_in(self, name, password)
            self._browsers[name, password] = self._worth(name), first
        browser = self.browser()
        browser.cookies.update(first.cookies)
        return browser

    def _worth(self, name: str) -> str:
        """What sessions of somebody are worth something by."""

        def ask() -> str:
            user = orm.User.find(self.hub.db, name)
            return f"{user.id} {user.cookie_id}" if user else "nobody"

        found: str = self.do(ask)
        return found


class Browser(requests.Session):
    """Somebody's browser on the hub's pages."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.trust_env = False
        self.address = address

    def visit(self, path: str, **options: Any) -> requests.Response:
        """Open a page."""
        return self.get(f"{self.address}/{path}", timeout=30, **options)

    def fill_in(self, page: str, form: str | None = None, /, **fields: str) -> requests.Response:
        """Open a page and send its form, to another path where one is given."""
        found = XSRF.search(self.visit(page).text)
        assert found is not None, page
        address = f"{self.address}/{form if form is not None else page}"
        return self.post(address, data={**fields, "_xsrf": found[1]}, timeout=30)

    def sign_in(self, name: str, password: str, page: str = "login", **fields: str) -> requests.Response:
        """Sign in by the form."""
        return self.fill_in(page, username=name, password=password, **fields)

    @property
    def is_signed_in(self) -> bool:
        """Whether the hub knows who this is."""
        return self.visit("home", allow_redirects=False).status_code == 200


def add_people(app: HubApp, *names: str, password: bytes = b"no hash") -> None:
    """Have people with accounts; a hub knows its administrator already."""

    def add() -> None:
        for name in names:
            known = orm.User.find(app.hub.db, name) or orm.User(name=name, admin=name == "admin")
            app.hub.db.add(known)
            app.hub.db.add(UserInfo(username=name, password=password, is_authorized=True))
            app.hub.db.commit()
            roles.assign_default_roles(app.hub.db, entity=known)

    app.do(add)


def signed_in(app: HubApp, name: str, password: str) -> Browser:
    """Somebody's browser, in which they sign in now."""
    browser = app.browser()
    assert browser.sign_in(name, password).status_code == 200
    return browser
