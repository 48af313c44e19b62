"""Web servers of an operator's own in front: the configurations of docs/tls.md, tried with the real ones."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests

from tests.debian_packages import provide
from tests.edge_deployment import HUB, LOOPBACK, Authority, EdgeDeployment, Visitor
from tests.faults import until
from tests.hub_deployment import ROOT, engine, free_port
from tests.integration.edge.work import Work, serial, switch
from tests.probe import until_open

NGINX = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{ours}
}}
"""
MODULES = ("mpm_event", "authz_core", "ssl", "socache_shmcb", "proxy", "proxy_http", "headers")
APACHE = """\
ServerRoot {folder}
DefaultRuntimeDir {folder}
User www-data
Group www-data
PidFile {folder}/apache.pid
ErrorLog /dev/stderr
Listen {port}
{modules}
{ours}
"""


def documented(language: str) -> str:
    """The configuration that docs/tls.md shows."""
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "docs/tls.md").read_text(encoding="utf-8"), re.S)
    assert found
    return found[1]


def for_test(text: str, folder: Path, port: int, hub_port: int) -> str:
    """The same for this test's names, files and ports."""
    changed = text.replace("hub.uni.example labs.uni.example", HUB).replace("hub.uni.example", HUB)
    changed = changed.replace("/etc/ssl/hub", str(folder)).replace(f"{LOOPBACK}:8000", f"{LOOPBACK}:{hub_port}")
    return changed.replace("*:443", f"*:{port}").replace("listen 443", f"listen {port}")


@contextmanager
def nginx(folder: Path, port: int, hub_port: int, text: str = "") -> Iterator[None]:
    """A running nginx, as documented where no other text is given."""
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, ours=for_test(text or documented("nginx"), folder, port, hub_port)))
    with serving(["nginx", "-c", str(config), "-p", str(folder)], "nginx-light"):
        yield


@contextmanager
def apache(folder: Path, port: int, hub_port: int, text: str = "") -> Iterator[None]:
    """A running Apache, as documented where no other text is given."""
    config = folder / "apache.conf"
    modules = "\n".join(f"LoadModule {each}_module /usr/lib/apache2/modules/mod_{each}.so" for each in MODULES)
    ours = for_test(text or documented("apache"), folder, port, hub_port)
    config.write_text(APACHE.format(folder=folder, port=port, modules=modules, ours=ours))
    with serving(["apache2", "-f", str(config), "-D", "FOREGROUND"], "apache2"):
        yield


@contextmanager
def serving(command: list[str], package: str) -> Iterator[None]:
    """Have a web server of Debian's run."""
    running = subprocess.Popen([provide(command[0], package), *command[1:]])
    try:
        yield
        assert running.poll() is None, f"{command[0]} has ended"
    finally:
        running.terminate()
        running.wait(30)


Server = Callable[..., AbstractContextManager[None]]


@pytest.mark.parametrize("server", [nginx, apache])
def test_a_web_server_in_front(campus: EdgeDeployment, work: Work, server: Server, tmp_path: Path) -> None:
    """With TLS=behind-proxy and the documented configuration people sign in over HTTPS, a kernel answers over its
    websocket, a large upload arrives, cookies are secure and the hub knows who comes; what a request claims of that is
    not believed. There is no edge."""
    port = free_port()
    issued, authority = (made := Authority()).issue(HUB), made.pem
    issued.lay(tmp_path)
    switch(campus, authority, TLS="behind-proxy", HTTPS_PORT=str(port), TRUSTED_PROXIES=LOOPBACK)
    campus.https_port = port
    project = f"com.docker.compose.project={campus.project}"
    names = {each.labels.get("homeroom.service") for each in engine().containers.list(filters={"label": project})}
    assert names == {"guard", "firewall", "proxy", "hub"}
    with server(tmp_path, port, campus.port):
        until(lambda: serial(campus) == issued.serial, "the web server answers")
        person = Visitor(campus, "ada", tmp_path / "trusted.pem")
        person.web.headers["X-Forwarded-For"] = "203.0.113.9"
        assert person.sign_in("").status_code == 200
        assert [one.name for one in person.web.cookies if not one.secure and one.name != "_xsrf"] == []
        person.stop_lab_if_any()  # it knows the address from before
        person.start_lab()
        kernel = person.lab_api("POST", "kernels", json={"name": "python3"}).json()["id"]
        with person.websocket(f"kernels/{kernel}/channels") as channel:
            assert channel.ping().wait(60)
        content = "x" * 8 * 2**20
        model = {"type": "file", "format": "text", "content": content}
        assert person.lab_api("PUT", "contents/large.txt", json=model).json()["size"] == len(content)
    log = campus.compose("logs", "hub")
    assert f"(ada@{LOOPBACK})" in log
    assert "203.0.113.9" not in log
    assert requests.get(f"http://{LOOPBACK}:{campus.port}/hub/login", timeout=60).status_code == 200


LABS = "labs.uni.example"
OTHERS = {
    "nginx": (
        "server {{ listen {port} ssl default_server; ssl_certificate {folder}/fullchain.pem; "
        "ssl_certificate_key {folder}/privkey.pem; return 403; }}\n"
    ),
    "apache": (
        "<VirtualHost *:{port}>\nServerName other.example\nSSLEngine on\n"
        "<Location />\nRequire all denied\n</Location>\n"
        "SSLCertificateFile {folder}/fullchain.pem\nSSLCertificateKeyFile {folder}/privkey.pem\n</VirtualHost>\n"
    ),
}
"""What the web server has for all other names: it would take the only one for those too."""


class NameOfHost(BaseHTTPRequestHandler):
    """Stands for the proxy: says under which name it was asked."""

    def do_GET(self) -> None:
        """Answer."""
        name = str(self.headers["Host"]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(name)))
        self.end_headers()
        self.wfile.write(name)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def names_of_hosts() -> Iterator[int]:
    """The port of a server that says under which name it was asked."""
    with ThreadingHTTPServer((LOOPBACK, 0), NameOfHost) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def asked(port: int, name: str, authority: Path) -> HTTPResponse:
    """The answer to a browser that looks for a name here."""
    plain = socket.create_connection((LOOPBACK, port), timeout=60)
    connection = HTTPConnection(name, port)
    connection.sock = ssl.create_default_context(cafile=authority).wrap_socket(plain, server_hostname=name)
    connection.request("GET", "/")
    return connection.getresponse()


def with_wildcard(language: str) -> str:
    """The configuration that docs/tls.md shows, with the line that it names for SUBDOMAINS."""
    key = {"nginx": "server_name", "apache": "ServerAlias"}[language]
    line = re.search(rf"`({key} [^`]+)`", (ROOT / "docs/tls.md").read_text(encoding="utf-8"))
    assert line
    changed, count = re.subn(rf"{key} [^;\n]+", line[1], documented(language))
    assert count == 1
    return changed


@pytest.mark.parametrize("server", [nginx, apache])
def test_a_name_for_each_users_labs_in_front(server: Server, tmp_path: Path) -> None:
    """With the line that is documented for SUBDOMAINS the web server passes the hub's name and each lab's on, as the
    browser said it, and no other."""
    port, authority = free_port(), Authority()
    other = "other.example"
    authority.issue(HUB, f"*.{LABS}", other).lay(tmp_path)
    trusted = tmp_path / "authority.pem"
    trusted.write_text(authority.pem)
    others = OTHERS[server.__name__].format(port=port, folder=tmp_path)
    text = others + with_wildcard(server.__name__)
    with names_of_hosts() as behind, server(tmp_path, port, behind, text):
        until_open(f"{LOOPBACK}:{port}")
        for name in (HUB, f"ada.{LABS}", f"u-bob--abcdefghijklmnopqrstuvwxyz.{LABS}"):
            answer = asked(port, name, trusted)
            assert (answer.status, answer.read()) == (200, f"{name}:{port}".encode())
        assert asked(port, other, trusted).status == 403
