"""homeroom.proxy: routes to Unix sockets, through the hub's own code against a fake of the proxy's API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse

import pytest
from homeroom.contract import sockets
from homeroom.hub.labs_host import LabsHost, label
from homeroom.hub.proxy import SocketProxy
from jupyterhub.objects import Server
from jupyterhub.orm import Server as StoredServer

LAB = sockets.url(Path("/run/labs/0123456789abcdef01234567/lab.sock")).lower()  # as the hub keeps it
HUB = sockets.url(Path("/run/hub/hub.sock"))


class FakeProxy(SocketProxy):
    """Keeps what would be sent to the proxy, and gives it back as the proxy does."""

    routes: dict[str, dict[str, Any]]

    async def api_request(self, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> Any:
        """Stand in for the proxy's API."""
        if method == "POST":
            self.routes[path] = dict(body or {})
        kept = {path: dict(data) for path, data in self.routes.items()}

        async def answer() -> dict[str, dict[str, Any]]:
            return kept

        return SimpleNamespace(json=answer)


@pytest.fixture
def proxy() -> FakeProxy:
    made = FakeProxy(should_start=True, auth_token="x")
    made.routes = {}
    return made


def round_trip(proxy: FakeProxy, routespec: str, target: str, data: dict[str, str]) -> tuple[str, str]:
    """Add a route; returns the target as the proxy was told it, and as the hub is told it again."""

    async def talk() -> dict[str, Any]:
        await proxy.add_route(routespec, target, data)
        found: dict[str, Any] = await proxy.get_all_routes()
        return found

    back = asyncio.run(talk())
    (told,) = proxy.routes.values()
    return told["target"], back[routespec]["target"]


def test_a_labs_route_goes_without_a_port_and_comes_back_with_it(proxy: FakeProxy) -> None:
    """The proxy is told a socket's path and nothing behind it; the hub sees what it keeps itself, so no route is
    ever taken for stale."""
    parts = urlparse(LAB)  # what the hub keeps of the address that a spawner returns
    stored = StoredServer(
        proto=parts.scheme, ip=parts.hostname, port=parts.port or 80, base_url="/user/ada/", cookie_name=""
    )
    kept = Server(orm_server=stored).host
    assert kept == f"{LAB}:80"
    assert round_trip(proxy, "/user/ada/", kept, {"user": "ada", "server_name": ""}) == (LAB, kept)


def test_the_hubs_route_is_its_socket(proxy: FakeProxy) -> None:
    """The hub's own route has no port on either side."""
    assert round_trip(proxy, "/", HUB, {"hub": "true"}) == (HUB, HUB)


@pytest.mark.parametrize("target", ["http://10.0.0.1:80", "http://10.0.0.1:8888"])
def test_another_target_is_left_alone(proxy: FakeProxy, target: str) -> None:
    """A route to a network address, such as a service's, keeps its port, 80 included."""
    assert round_trip(proxy, "/user/ada/", target, {"user": "ada"}) == (target, target)


def test_what_a_route_is_for_comes_back(proxy: FakeProxy) -> None:
    """Whose route it is survives the way there and back: the hub finds its users' routes by it."""
    asyncio.run(proxy.add_route("/user/ada/", f"{LAB}:80", {"user": "ada", "server_name": "b"}))
    (route,) = asyncio.run(proxy.get_all_routes()).values()
    assert route["data"] == {"user": "ada", "server_name": "b"}
    assert route["routespec"] == "/user/ada/"


def test_the_proxys_count_keeps_no_lab(proxy: FakeProxy) -> None:
    """The hub is not told when a lab's route was last used: an open page uses it for as long as it is open. What is
    known of other routes stays."""
    asyncio.run(proxy.add_route("/user/ada/", f"{LAB}:80", {"user": "ada", "server_name": ""}))
    asyncio.run(proxy.add_route("/", HUB, {"hub": "true"}))
    for route in proxy.routes.values():
        route["last_activity"] = "2026-01-01T00:00:00.000Z"
    found = {spec: route["data"] for spec, route in asyncio.run(proxy.get_all_routes()).items()}
    assert "last_activity" not in found["/user/ada/"]
    assert "last_activity" in found["/"]


def test_a_new_proxy_is_told_the_routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that was killed makes its socket anew; the routes are compared then, and until that has worked."""
    monkeypatch.setattr("homeroom.hub.proxy.WATCH_SECONDS", 0.01)
    socket = tmp_path / "api.sock"
    socket.touch()
    checks: list[str] = []

    async def check(*_: Any) -> None:
        checks.append("check")
        if len(checks) == 2:
            raise OSError("not yet")

    monkeypatch.setattr("jupyterhub.proxy.Proxy.check_routes", check)
    watched = FakeProxy(should_start=False, auth_token="x", api_url=sockets.url(socket))
    looks: list[object] = []
    look = watched._socket

    def noted() -> object:
        looks.append(look())
        return looks[-1]

    monkeypatch.setattr(watched, "_socket", noted)

    async def some_looks() -> None:
        before = len(looks)
        async with asyncio.timeout(20):
            while len(looks) < before + 5:
                await asyncio.sleep(0.01)

    async def story() -> None:
        await watched.check_routes({}, {})
        await some_looks()
        assert len(checks) == 1, "nothing has changed"
        socket.unlink()
        await some_looks()
        assert len(checks) == 1, "nobody is there to be told"
        socket.touch()
        await some_looks()
        assert len(checks) == 3, "told, until it has worked, and then no more"
        assert watched._watch is not None
        watched._watch.cancel()

    asyncio.run(story())


@pytest.mark.parametrize("base_url", ["/", "/biology/"])
@pytest.mark.parametrize(("apart", "host"), [(False, "labs.test"), (True, f"{label('a@b')}.labs.test")])
def test_labs_with_hosts_of_their_own_are_routed_by_path(
    proxy: FakeProxy, base_url: str, apart: bool, host: str
) -> None:
    """The hub writes a lab's route with the host of the lab, and the proxy is told the path, and the host beside it;
    the hub sees its own spelling again, so no route is taken for stale. The hub's own route has no host."""
    proxy.app = SimpleNamespace(base_url=base_url)
    proxy.labs_host, proxy.host_routing = LabsHost("labs.test", apart), True
    path = f"{base_url}user/a@b/"
    assert round_trip(proxy, f"{host}{path}", f"{LAB}:80", {"user": "a@b"}) == (LAB, f"{LAB}:80")
    assert {path: data["host"] for path, data in proxy.routes.items()} == {path.rstrip("/"): host}
    proxy.routes.clear()
    assert round_trip(proxy, "/", HUB, {"hub": "true"}) == (HUB, HUB)
    assert list(proxy.routes) == ["/"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, LabsHost("labs.test")),
        (LabsHost("labs.test"), LabsHost("hub.test", True)),
        (LabsHost("hub.test", True), None),
    ],
)
def test_a_lab_of_other_settings_is_routed_anew(
    proxy: FakeProxy, before: LabsHost | None, after: LabsHost | None
) -> None:
    """The proxy keeps its routes while the hub restarts with other hosts for labs: the hub finds each under its new
    name, with a target that is none of a lab's, and so tells it anew; then it is at peace."""
    proxy.app = SimpleNamespace(base_url="/")

    def route(labs: LabsHost | None) -> str:
        return f"{labs('ada') if labs else ''}/user/ada/"

    proxy.labs_host = before
    asyncio.run(proxy.add_route(route(before), f"{LAB}:80", {"user": "ada", "server_name": ""}))
    proxy.labs_host = after
    assert asyncio.run(proxy.get_all_routes())[route(after)]["target"] != f"{LAB}:80"
    assert round_trip(proxy, route(after), f"{LAB}:80", {"user": "ada", "server_name": ""}) == (LAB, f"{LAB}:80")


def test_there_is_no_way_to_a_lab_that_is_closed(proxy: FakeProxy) -> None:
    """To the lab of an exam that has not begun, or is over, the proxy is told no route, whoever asks for it."""

    def user(**lab: Any) -> Any:
        server = SimpleNamespace(host=f"{HUB}:80")
        spawner = SimpleNamespace(proxy_spec="/user/ada/x/", server=server, pending=None, **lab)
        return SimpleNamespace(name="ada", spawners={"x": spawner})

    asyncio.run(proxy.add_user(user(is_closed=True), "x"))
    assert proxy.routes == {}
    asyncio.run(proxy.add_user(user(is_closed=False), "x"))
    assert len(proxy.routes) == 1
