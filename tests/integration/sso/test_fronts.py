"""Web servers in front as docs/sign-in/sso.md shows them: Apache and nginx, before the hub's own way to sign in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import http.server
import json
import re
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from homeroom.sign_in.way import Refused
from homeroom.sso.way import SsoWay
from tornado import httpserver, web
from traitlets.config import Config

from tests.certificates import Authority
from tests.debian_packages import provide
from tests.hub_deployment import ROOT
from tests.hub_process import free_port

SECRET = "0123456789abcdef" * 4
SIGN_IN = "/hub/sso/login"
START_SECONDS = 120.0
APACHE = """\
ServerRoot {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
DefaultRuntimeDir {folder}
Listen 127.0.0.1:{port}
User nobody
Group nogroup
{modules}
SetEnv mail ada@uni.example
SetEnv displayName "Zo\u00eb"
SetEnv isMemberOf physics;staff
"""
MODULES = ("mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "env", "headers", "proxy",
           "proxy_http", "socache_shmcb", "ssl")  # fmt: skip
NGINX = """\
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
{server}
}}
"""


@dataclass(frozen=True)
class Front:
    """A web server in front: where it is, and what its users send to sign in."""

    port: int
    signed_in: dict[str, str]

    def ask(self, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        """What the hub made of a request, or the status alone where it came to none."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        try:
            connection.request("GET", path, headers={"Host": "hub.uni.example", **headers})
            answer = connection.getresponse()
            body = answer.read()
            is_hubs = answer.headers.get("X-Answered-By") == "hub"
            return answer.status, json.loads(body) if is_hubs else {}
        finally:
            connection.close()


class Recogniser(web.RequestHandler):
    """The hub's way to sign in, asked on every page."""

    way: SsoWay

    def get(self) -> None:
        """Say who asks, or why nobody does, and what came of the headers."""
        self.set_header("X-Answered-By", "hub")
        sent = {name.lower(): value for name, value in self.request.headers.get_all() if "sso" in name.lower()}
        try:
            found = self.way.recognise(self)
        except Refused as refused:
            self.finish({"reason": refused.reason, "sent": sent})
        else:
            self.finish(
                {
                    "name": found.name,
                    "email": found.email,
                    "display_name": found.display_name,
                    "groups": sorted(found.groups or ()),
                    "sent": sent,
                }
            )


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with the hub's way to sign in."""
    words = {"email_header": "Email", "display_name_header": "Name", "groups_header": "Groups"}
    traits = {name: f"X-SSO-{word}" for name, word in words.items()}
    made = SsoWay(config=Config({"SsoWay": {"allow_all": True, **traits}}))
    made.secret = SECRET
    port, stopped, ready = free_port(), threading.Event(), threading.Event()

    async def serve() -> None:
        application = web.Application([(r"/.*", type("Here", (Recogniser,), {"way": made}))])
        server = httpserver.HTTPServer(application)
        server.listen(port, "127.0.0.1")
        ready.set()
        await asyncio.to_thread(stopped.wait)
        server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(START_SECONDS)
    yield port
    stopped.set()
    thread.join(START_SECONDS)


def shown(language: str) -> str:
    """A configuration as the page shows it."""
    text = (ROOT / "docs/sign-in/sso.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(found)


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """The same with what is another here; all of it must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def running(command: list[str], front: Front, log: Path) -> Iterator[Front]:
    """A web server, until the body ends."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert process.poll() is None, (process.stderr.read() if process.stderr else b"").decode()
            try:
                front.ask("/")
                break
            except OSError:
                assert time.monotonic() < deadline, log.read_text() if log.exists() else "it does not answer"
                time.sleep(0.05)
        yield front
    finally:
        process.terminate()
        process.wait(START_SECONDS)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of the web servers."""
    folder = tmp_path_factory.mktemp("tls")
    return Authority.made(folder).sign(folder, ["hub.uni.example"])


@pytest.fixture(scope="module")
def apache(hub: int, certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Apache, with a password file in place of Shibboleth."""
    program = provide("apache2", "apache2")
    folder, port = tmp_path_factory.mktemp("apache"), free_port()
    folder.chmod(0o755)
    (folder / "passwords").write_text(
        "ada:{SHA}" + base64.b64encode(hashlib.sha1(b"right", usedforsecurity=False).digest()).decode() + "\n"
    )
    for path in (folder, *folder.parents):
        if str(path).startswith("/tmp/pytest"):
            path.chmod(0o755)
    pem, key = certificate
    site = changed(
        shown("apache"),
        ("*:443", f"127.0.0.1:{port}"),
        ("/etc/ssl/hub.pem", str(pem)),
        ("/etc/ssl/hub.key", str(key)),
        ("<SSO_SECRET of .env>", SECRET),
        ("http://127.0.0.1:8000/", f"http://127.0.0.1:{hub}/"),
        ("AuthType shibboleth\n", f"AuthType Basic\nAuthName test\nAuthUserFile {folder}/passwords\n"),
        ("ShibRequestSetting requireSession 1\n", ""),
    )
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES)
    configuration = folder / "apache.conf"
    configuration.write_text(APACHE.format(folder=folder, port=port, modules=modules) + site, encoding="utf-8")
    front = Front(port, {"Authorization": "Basic " + base64.b64encode(b"ada:right").decode()})
    with running([program, "-f", str(configuration), "-DFOREGROUND"], front, folder / "error.log"):
        yield front


class WhoIsIt(http.server.BaseHTTPRequestHandler):
    """Answers nginx as oauth2-proxy does: by a cookie."""

    def do_GET(self) -> None:  # the library's name
        """Say who it is."""
        known = "session=ada" in self.headers.get("Cookie", "")
        self.send_response(202 if known else 401)
        if known:
            self.send_header("X-Auth-Request-User", "ada")
            self.send_header("X-Auth-Request-Email", "ada@uni.example")
            self.send_header("X-Auth-Request-Groups", "physics;staff")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def nginx(hub: int, certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """nginx, with a program beside it that answers as oauth2-proxy does."""
    program = provide("nginx", "nginx")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    pem, key = certificate
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), WhoIsIt) as beside:
        threading.Thread(target=beside.serve_forever, daemon=True).start()
        server = changed(
            shown("nginx"),
            ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
            ("/etc/ssl/hub.pem", str(pem)),
            ("/etc/ssl/hub.key", str(key)),
            ("<SSO_SECRET of .env>", SECRET),
            ("http://127.0.0.1:8000", f"http://127.0.0.1:{hub}"),
            ("http://127.0.0.1:4180", f"http://127.0.0.1:{beside.server_port}"),
        )
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder, server=server))
        command = [program, "-p", str(folder), "-c", str(configuration), "-g", "daemon off; user root;"]
        with running(command, Front(port, {"Cookie": "session=ada"}), folder / "error.log") as front:
            yield front
        beside.shutdown()


@pytest.fixture(params=["apache", "nginx"])
def front(request: pytest.FixtureRequest) -> Front:
    """Each of them."""
    found: Front = request.getfixturevalue(request.param)
    return found


FORGED: tuple[dict[str, str], ...] = (
    {"X-SSO-User": "admin"},
    {"x-sso-user": "admin", "X-SSO-Secret": SECRET},
    {"X_SSO_User": "admin"},
    {"X-SSO-Secret": "guess", "X-SSO-Groups": "wheel"},
    {"X-SSO-Email": "admin@uni.example", "X-SSO-Role": "staff"},
)
SPELLINGS = (
    "/hub/",
    "/hub/sso/login/",
    "//hub/sso/login",
    "/hub/sso/./login",
    "/hub/sso/lo%67in",
    "/hub/x/../sso/login",
)


def test_who_signed_in_there_is_known(front: Front) -> None:
    """The page that the web server protects is reached by who has signed in there, with name, e-mail and groups."""
    status, found = front.ask(SIGN_IN, **front.signed_in)
    assert status == 200
    assert (found["name"], found["email"]) == ("ada", "ada@uni.example")
    assert found["groups"] == ["sso-physics", "sso-staff"]


def test_names_keep_their_accents(apache: Front) -> None:
    """Apache passes on what the institution says, byte by byte."""
    assert apache.ask(SIGN_IN, **apache.signed_in)[1]["display_name"] == "Zo\u00eb"


def test_who_has_not_signed_in_does_not_reach_it(front: Front) -> None:
    """Without a sign-in the hub is not asked at all, whatever is sent."""
    for forged in ({}, *FORGED):
        status, found = front.ask(SIGN_IN, **forged)
        assert status in (401, 404) or found.get("reason") == "not-by-the-front", forged


@pytest.mark.parametrize("forged", FORGED)
def test_nobody_is_somebody_else(front: Front, forged: dict[str, str]) -> None:
    """Who has signed in and sends the headers of somebody else is still who they are, or is refused."""
    plain = front.ask(SIGN_IN, **front.signed_in)[1]
    _, found = front.ask(SIGN_IN, **front.signed_in, **forged)
    kept = {name: value for name, value in found.items() if name != "sent"}
    assert kept in ({name: value for name, value in plain.items() if name != "sent"}, {"reason": "two-headers"})


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("path", SPELLINGS)
def test_on_other_pages_nobody_is_told(front: Front, path: str, forged: dict[str, str]) -> None:
    """Where nobody has signed in, no header of a browser's reaches the hub as the web server's, however the path is
    spelled."""
    _, found = front.ask(path, **forged)
    assert "name" not in found
    assert "x-sso-secret" not in found.get("sent", {})
    assert "x-sso-user" not in found.get("sent", {})
