"""Web applications in a lab, through the proxy: seen by its owner, and nothing of the lab's own passes to them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from homeroom_lab.processes import LOOKED_EVERY_SECONDS

from tests.hub_deployment import HubDeployment
from tests.person import Person

APPLICATION = """
import http.server, json, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = dict(self.headers.items(), path=self.path)
        self.answer(b"x" * (96 * 2**20) if self.path == "/large" else json.dumps(told).encode())
    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 2**16)))
        self.answer(self.headers["Content-Length"].encode())
    def answer(self, body):
        self.send_response(200)
        for name, value in (("Set-Cookie", "jupyterhub-session-id=forged; Path=/"), ("Set-Cookie", "sid=1; Path=/"),
                            ("Service-Worker-Allowed", "/"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port)
"""
LARGE_BYTES = 96 * 2**20
ANOTHER_KERNEL = "from jupyter_client.manager import start_new_kernel; started, _ = start_new_kernel()"


@pytest.fixture
def application(admin: Person) -> Iterator[str]:
    """The path of an application that tells what it hears, in the administrator's lab."""
    with admin.kernel() as kernel:
        yield f"user/admin/proxy/{int(kernel.run(APPLICATION))}/"


def server_peak_bytes(admin: Person) -> int:
    """The most memory that the lab's server, the parent of its kernels, has had."""
    status = admin.run("import os; print(open(f'/proc/{os.getppid()}/status').read())")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_an_application_hears_nothing_of_the_lab(deployment: HubDeployment, admin: Person, application: str) -> None:
    """Its owner sees an application, which is told its path and its own cookies, but no cookie or token of the lab; its
    answer sets a cookie for itself alone and no wider scope for scripts."""
    admin.web.cookies.set("theirs", "1", path=f"/{application}")
    token = admin.api("POST", "users/admin/tokens", json={"note": "applications", "expires_in": 600}).json()["token"]
    for headers in ({}, {"Authorization": f"token {token}"}):
        answer = admin.get(f"{application}page?a=1", headers=headers)
        told = answer.json()
        assert told["path"] == "/page?a=1"
        assert told["X-Forwarded-Prefix"] == f"/{application}".rstrip("/")
        assert told["Cookie"].replace("sid=1; ", "").replace("; sid=1", "") == "theirs=1"
        assert token not in json.dumps(told)
        assert "Service-Worker-Allowed" not in answer.headers
        assert "forged" not in answer.headers["Set-Cookie"]
        assert f"sid=1; Path=/{application}" in answer.headers["Set-Cookie"]


def test_another_website_uses_no_application(deployment: HubDeployment, admin: Person, application: str) -> None:
    """A form or script of another website is refused, as is whoever has no account; the application's own page may."""
    address = deployment.url + application
    own = {"Origin": deployment.url.rstrip("/")}
    assert admin.web.post(address, data=b"own", headers=own).text == "3"
    for headers in ({"Origin": "https://evil.example.com"}, {**own, "Sec-Fetch-Site": "cross-site"}, {}):
        assert admin.web.post(address, data=b"theirs", headers=headers).status_code == 403, headers
    assert "login" in requests.get(address, timeout=30).url
    assert requests.post(address, data=b"x", headers=own, timeout=30, allow_redirects=False).status_code in (302, 403)


def test_what_is_large_passes_in_pieces(deployment: HubDeployment, admin: Person, application: str) -> None:
    """Neither an upload to an application nor its answer is held in the lab's memory."""
    admin.get(application)
    before = server_peak_bytes(admin)
    assert len(admin.get(f"{application}large").content) == LARGE_BYTES
    own = {"Origin": deployment.url.rstrip("/")}
    sent = admin.web.post(deployment.url + application, data=bytes(LARGE_BYTES), headers=own)
    assert sent.text == str(LARGE_BYTES)
    assert server_peak_bytes(admin) - before < LARGE_BYTES / 4


def test_what_listens_is_listed(admin: Person) -> None:
    """The page is told of an application and its path, and of no kernel's port; where nothing listens, that is said."""

    def listed() -> set[str]:
        return {one["url"] for one in admin.get("user/admin/homeroom/apps").json()}

    earlier = listed()
    with admin.kernel() as kernel:
        kernel.run("1")
        assert listed() == earlier, "a kernel's own ports are nobody's application"
        kernel.run(ANOTHER_KERNEL)
        assert listed() == earlier, "nor are those of a kernel that a program starts"
        kernel.run("started.shutdown_kernel(now=True)")
        port = int(kernel.run(APPLICATION))
        assert listed() - earlier == {f"/user/admin/proxy/{port}/"}
    nothing = admin.get("user/admin/proxy/9/")
    assert nothing.status_code == 502
    assert "No application answers on port 9 of this lab" in nothing.text


def test_applications_that_are_only_asked_keep_no_lab(admin: Person, application: str) -> None:
    """A page that is open and asks is no use of the lab."""
    asks = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
    admin.get(application, headers=asks)
    time.sleep(LOOKED_EVERY_SECONDS)  # before that it does not look again
    admin.lab_api("GET", "status")  # it has seen by now what the kernel's start took
    began = datetime.now(UTC)
    for _ in range(3):
        assert admin.get(application, headers=asks).status_code == 200
    time.sleep(LOOKED_EVERY_SECONDS)
    last = datetime.fromisoformat(admin.lab_api("GET", "status").json()["last_activity"])
    assert last < began
