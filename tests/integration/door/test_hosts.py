"""By which name what is found: the hub by its own, labs by theirs, and neither by plain HTTP where there is HTTPS."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.door import Door, Request, open_door
from tests.faults import until
from tests.hub_deployment import HubDeployment

LAB = "/user/ada"
HUB, LABS = "https://hub.test", "https://labs.test:8443"
FORGED, KNOWN = "203.0.113.9", "198.51.100.7"
PAGE = ("Sec-Fetch-Mode: navigate",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sockets lie."""
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture(scope="module")
def door(deployment: HubDeployment, folder: Path) -> Iterator[Door]:
    """The proxy of a deployment whose labs have a name of their own."""
    hosts = {"hub": HUB, "labs": LABS, "https": False}
    with open_door(f"{deployment.project}-proxy:local", folder, [LAB], hosts=hosts) as made:
        yield made


def asked(door: Door, path: str, host: str, *headers: str) -> tuple[int, str | None]:
    """The status of an answer, and where it leads."""
    door.forget()
    answer = door.get(path, f"Host: {host}", *headers)
    return answer.status, answer.getheader("Location")


def reached(door: Door) -> list[Request]:
    """Every request that came to hub or lab."""
    return [*door.hub.requests, *door.labs[LAB].requests]


@pytest.mark.parametrize(("path", "host"), [(f"{LAB}/lab", "labs.test:8443"), ("/hub/home", "hub.test")])
def test_what_is_asked_by_its_name_is_there(door: Door, path: str, host: str) -> None:
    """A lab by the labs' name, with the port that people type, and the hub by its own."""
    assert asked(door, path, host, *PAGE) == (200, None)
    assert [each.target for each in reached(door)] == [path]


@pytest.mark.parametrize(
    ("path", "host", "found"),
    [
        (f"{LAB}/lab?a=b", "hub.test", f"{LABS}{LAB}/lab?a=b"),
        (f"{LAB}/lab", "127.0.0.1", f"{LABS}{LAB}/lab"),
        (f"{LAB}/lab", "LABS.test.", f"{LABS}{LAB}/lab"),
        ("/hub/home", "labs.test", f"{HUB}/hub/home"),
        ("/hub/home", "LABS.TEST:1", f"{HUB}/hub/home"),
        ("/", "labs.test", f"{HUB}/"),
        ("/user/gone/lab", "labs.test", f"{HUB}/user/gone/lab"),
    ],
)
def test_a_page_that_is_elsewhere_leads_there(door: Door, path: str, host: str, found: str) -> None:
    """No page of a lab is ever one of the hub's host, and none of the hub's is one of the labs'."""
    assert asked(door, path, host, *PAGE) == (302, found)
    assert reached(door) == []


@pytest.mark.parametrize(("path", "host", "status"), [
    (f"{LAB}/api/contents", "hub.test", 403),
    ("/hub/api/users", "labs.test", 403),
    ("/user/gone/api/kernels", "labs.test", 424),
])  # fmt: skip
def test_a_program_is_refused_elsewhere(door: Door, path: str, host: str, status: int) -> None:
    """A page's own requests are not sent from one host to the other; to the page of a lab that ended it is said that
    its lab does not run, as JupyterHub says it."""
    assert asked(door, path, host, "Sec-Fetch-Mode: cors") == (status, None)
    assert reached(door) == []


def test_a_websocket_is_refused_elsewhere(door: Door) -> None:
    """Neither a lab's by the hub's name nor the hub's by the labs'."""
    for path, host in ((f"{LAB}/api/kernels/1/channels", "hub.test"), ("/hub/homeroom/echo", "labs.test")):
        door.forget()
        lines = (f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: websocket")
        key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
        said = door.say("\r\n".join([*lines, key, "Sec-WebSocket-Version: 13", "", ""]).encode())
        assert said.startswith(b"HTTP/1.1 403 ")
        assert reached(door) == []


class OverSocket(http.client.HTTPConnection):
    """A connection over the edge's socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("edge", timeout=30)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self.path))


def test_only_the_edge_says_who_comes(door: Door, folder: Path) -> None:
    """Of what comes over its socket the address is taken, and HTTPS is known; every other claim is the visitor's own,
    and goes, in either spelling."""
    door.forget()
    connection = OverSocket(folder / "edge/proxy.sock")
    claims = {"X-Real-Ip": FORGED, "X_Real_Ip": FORGED, "Forwarded": f"for={FORGED}", "X-Scheme": "http"}
    claims |= {"Remote-User": "root", "Remote_User": "root", "X-Forwarded-Proto": "http", "X-Forwarded-Server": FORGED}
    connection.request("GET", "/hub/home", headers={"Host": "hub.test", "X-Forwarded-For": KNOWN, **claims})
    assert connection.getresponse().status == 200
    (request,) = door.hub.requests
    assert request.values("x-real-ip") == request.values("x-forwarded-for") == [KNOWN]
    assert request.values("x-forwarded-proto") == ["https"]
    assert FORGED not in str(request.headers)
    assert "root" not in str(request.headers)


def test_no_address_takes_all_connections_of_the_edge(deployment: HubDeployment, tmp_path: Path) -> None:
    """One address has a part of them, as without the edge, and others still come in."""
    with open_door(f"{deployment.project}-proxy:local", tmp_path, [LAB], files=128) as small:
        kept = []

        def status(address: str) -> int:
            connection = OverSocket(tmp_path / "edge/proxy.sock")
            kept.append(connection)
            try:
                connection.request("GET", "/hub/home", headers={"Host": "hub.test", "X-Forwarded-For": address})
                return connection.getresponse().status
            except ConnectionError:
                return 0

        most = int(small.evaluate("Math.floor(callers.mostConnections() * callers.PART_OF_ONE_ADDRESS)"))
        assert [status(FORGED) for _ in range(most + 2)] == [200] * most + [0, 0]
        assert status(KNOWN) == 200
        for each in kept:
            each.close()
        until(lambda: status(FORGED) == 200, "who left has room again")


APART = json.dumps({"hub": HUB, "labs": LABS, "apart": True, "https": False})


@pytest.fixture
def each_apart(door: Door, folder: Path) -> Iterator[None]:
    """Each user's labs have a name of their own, below the labs'; taken up while the proxy runs."""
    path = folder / "rendered/proxy.json"
    before = path.read_text()
    replace(path, APART)
    until(lambda: asked(door, f"{LAB}/lab", "ada.labs.test", *PAGE)[0] == 200, "the change is taken up")
    yield
    replace(path, before)
    until(lambda: asked(door, f"{LAB}/lab", "labs.test", *PAGE)[0] == 200, "as before")


def test_a_users_labs_are_found_by_their_own_name_alone(door: Door, each_apart: None) -> None:
    """Not by another user's, nor by that of all labs or the hub's: a page leads to the right one, a program and a
    websocket are refused; and by a user's name there is no page of the hub's."""
    own = LABS.replace("labs.test", "ada.labs.test")
    for host in ("eve.labs.test", "labs.test", "hub.test", "x.ada.labs.test", "ada.labs.test.", "ada.labs.test.evil"):
        assert asked(door, f"{LAB}/lab?x", host, *PAGE) == (302, f"{own}{LAB}/lab?x")
        assert asked(door, f"{LAB}/api/contents", host, "Sec-Fetch-Mode: cors") == (403, None)
        assert asked(door, f"{LAB}/api/kernels/1/channels", host, "Sec-Fetch-Mode: websocket") == (403, None)
    for host in ("ada.labs.test", "eve.labs.test:8443", "EVE.labs.test"):
        assert asked(door, "/hub/home", host, *PAGE) == (302, f"{HUB}/hub/home")
        assert asked(door, "/hub/api/user", host, "Sec-Fetch-Mode: cors") == (403, None)
    assert asked(door, "/user/gone/lab", "gone.labs.test", *PAGE) == (302, f"{HUB}/user/gone/lab")
    assert asked(door, "/hub/home", "hub.test", *PAGE) == (200, None)
    assert asked(door, f"{LAB}/api/contents", "ada.labs.test:8443", "Sec-Fetch-Mode: cors") == (200, None)


def test_where_there_is_https_plain_http_leads_there(door: Door, folder: Path) -> None:
    """A change is taken up while the proxy runs: then its own port serves nothing and leads to HTTPS, for programs too,
    while the edge's socket serves as before."""
    path = folder / "rendered/proxy.json"
    before = path.read_text()
    try:
        replace(path, json.dumps({"hub": HUB, "labs": "", "https": True}))
        until(lambda: asked(door, "/hub/api/", "hub.test") == (308, f"{HUB}/hub/api/"), "plain HTTP leads to HTTPS")
        assert asked(door, f"{LAB}/lab?x", "127.0.0.1", *PAGE) == (308, f"{HUB}{LAB}/lab?x")
        assert reached(door) == []
        connection = OverSocket(folder / "edge/proxy.sock")
        connection.request("GET", "/hub/home", headers={"Host": "hub.test", "X-Forwarded-For": KNOWN})
        assert connection.getresponse().status == 200
    finally:
        replace(path, before)
        until(lambda: asked(door, "/hub/home", "hub.test") == (200, None), "as before")


def replace(path: Path, text: str) -> None:
    """Write a file anew, whole, as the generator does."""
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)
