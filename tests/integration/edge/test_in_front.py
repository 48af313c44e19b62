"""Web servers of an operator's own in front: the configurations of docs/tls.md, tried with the real ones."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import requests

from tests.debian_packages import provide
from tests.edge_deployment import HUB, LOOPBACK, Authority, EdgeDeployment, Visitor
from tests.faults import until
from tests.hub_deployment import ROOT, engine, free_port
from tests.integration.edge.work import Work, serial, switch

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
def nginx(folder: Path, port: int, hub_port: int) -> Iterator[None]:
    """A running nginx."""
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, ours=for_test(documented("nginx"), folder, port, hub_port)))
    with serving(["nginx", "-c", str(config), "-p", str(folder)], "nginx-light"):
        yield


@contextmanager
def apache(folder: Path, port: int, hub_port: int) -> Iterator[None]:
    """A running Apache."""
    config = folder / "apache.conf"
    modules = "\n".join(f"LoadModule {each}_module /usr/lib/apache2/modules/mod_{each}.so" for each in MODULES)
    ours = for_test(documented("apache"), folder, port, hub_port)
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


Server = Callable[[Path, int, int], AbstractContextManager[None]]


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
