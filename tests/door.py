"""The real proxy alone, before a hub and labs that record what reaches them and answer as a test tells them to."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker

from tests.faults import until
from tests.hub_deployment import engine

TOKEN = "a-token-of-this-test"
PATIENCE_SECONDS = 30
RUN = ("hub", "labs", "proxy", "edge")
"""The directories of sockets that the proxy has."""


@dataclass
class Seen:
    """What came over one connection: the requests that a strict reader finds in it, and what is left over."""

    requests: list[Request] = field(default_factory=list)
    rest: bytes = b""


@dataclass(frozen=True)
class Request:
    """One whole request.

    :param headers: each with its name in small letters, as often as it came.
    """

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def target(self) -> str:
        """The address that is asked for."""
        return self.line.split(" ")[1]

    def values(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]


Answerer = Callable[[Request], bytes]
HANG_UP = b"<and hang up>"
"""At the end of an answer: its sender closes the connection behind it."""


def answer(body: str, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer, as a server writes it."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *headers, "", body]
    return "\r\n".join(lines).encode()


def name_target(request: Request) -> bytes:
    """Answer with what was asked for."""
    empty = request.line.startswith("HEAD ")
    said = answer(f"<{request.line.partition(' HTTP')[0]}>", f"X-Target: {request.target}")
    return said.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if empty else said


def split(data: bytes) -> tuple[Request, bytes] | None:
    """The first request of what came, and the rest; None where it is not whole.

    Strict, and by RFC 9112 alone, so that it knows nothing of the proxy's own parser.

    :raises ValueError: what is framed in two ways, or in none that there is.
    """
    head, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        return None
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = tuple((name.lower(), value.strip(" ")) for name, _, value in (each.partition(":") for each in lines))
    framing = [(name, value) for name, value in headers if name in ("content-length", "transfer-encoding")]
    match framing:
        case []:
            return Request(line, headers, b""), rest
        case [("content-length", length)] if length.isdecimal():
            size = int(length)
            return (Request(line, headers, rest[:size]), rest[size:]) if len(rest) >= size else None
        case [("transfer-encoding", "chunked")]:
            parts = b""
            while True:
                size_line, found, rest = rest.partition(b"\r\n")
                if not found:
                    return None
                size = int(size_line, 16)
                if len(rest) < size + 2:
                    return None
                if rest[size : size + 2] != b"\r\n":
                    raise ValueError(f"a chunk ends with {rest[size : size + 2]!r}")
                parts, rest = parts + rest[:size], rest[size + 2 :]
                if not size:
                    return Request(line, headers, parts), rest
        case _:
            raise ValueError(f"framed by {framing}")


class FakeServer:
    """A server on a Unix socket that keeps what each connection brought, and answers every whole request."""

    def __init__(self, path: Path) -> None:
        self.connections: list[Seen] = []
        self.answerer: Answerer = name_target
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        path.chmod(0o777)
        self._server.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            seen = Seen()
            self.connections.append(seen)
            threading.Thread(target=self._serve, args=(caller, seen), daemon=True).start()

    def _serve(self, caller: socket.socket, seen: Seen) -> None:
        with caller:
            try:
                while more := caller.recv(2**16):
                    seen.rest += more
                    while found := split(seen.rest):
                        request, seen.rest = found
                        seen.requests.append(request)
                        said = self.answerer(request)
                        caller.sendall(said.removesuffix(HANG_UP))
                        if said.endswith(HANG_UP):
                            return
            except ConnectionError:
                return

    def forget(self) -> None:
        """Begin anew."""
        self.connections.clear()
        self.answerer = name_target

    @property
    def requests(self) -> list[Request]:
        """Every whole request so far."""
        return [request for seen in list(self.connections) for request in seen.requests]

    def close(self) -> None:
        """Listen no more."""
        self._server.close()


@dataclass
class Door:
    """The proxy with its fake_servers; labs by the path that they are routed under."""

    port: int
    hub: FakeServer
    labs: dict[str, FakeServer]
    container: Any

    def connect(self) -> socket.socket:
        """A connection of a guest's."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)

    def say(self, data: bytes) -> bytes:
        """Send these bytes, and read until the door closes."""
        with self.connect() as guest:
            said = b""
            try:
                guest.sendall(data)
                while more := guest.recv(2**16):
                    said += more
            except ConnectionError:
                pass  # it closed before it had read all: what it said until then counts
            return said

    def get(self, path: str, *headers: str) -> http.client.HTTPResponse:
        """The answer to a plain request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        connection.request("GET", path, headers=dict(each.split(": ", 1) for each in headers))
        return connection.getresponse()

    def evaluate(self, expression: str) -> str:
        """What an expression is in the proxy's container, in JavaScript, with our module `callers` at hand."""
        script = f"import('/opt/proxy/callers.mjs').then(async callers => console.log(String(await ({expression}))))"
        code, output = self.container.exec_run(["node", "-e", script])
        assert code == 0, output.decode()
        return str(output.decode().strip())

    def status_within(self, path: str) -> str:
        """The status of the answer to a request from the proxy's own container, which is another address."""
        return self.evaluate(f"fetch('http://127.0.0.1:8000{path}').then(answer => answer.status)")

    def forget(self) -> None:
        """Have all fake_servers begin anew."""
        for each in (self.hub, *self.labs.values()):
            each.forget()


@contextmanager
def open_door(
    image: str,
    directory: Path,
    labs: list[str],
    *,
    files: int | None = None,
    hosts: Mapping[str, object] | None = None,
    **environment: str,
) -> Iterator[Door]:
    """The proxy of an image, started as Compose starts it, with a fake_server in the place of the hub and of each lab.

    :param files: how many it may open, where that is not the engine's usual number.
    :param hosts: what it is told of the names that people come by.
    """
    for name in RUN:
        (directory / name).mkdir(parents=True)
        (directory / name).chmod(0o777)
    (directory / "rendered").mkdir()
    (directory / "rendered/proxy.json").write_text(json.dumps(hosts or {}))
    hub = FakeServer(directory / "hub/hub.sock")
    fake_servers = {path: FakeServer(directory / f"labs/{number}.sock") for number, path in enumerate(labs)}
    container = engine().containers.run(
        image,
        detach=True,
        read_only=True,
        cap_drop=["ALL"],
        environment={"CONFIGPROXY_AUTH_TOKEN": TOKEN, "BASE_URL": "/", **environment},
        volumes={
            **{str(directory / name): {"bind": f"/run/{name}", "mode": "rw"} for name in RUN},
            str(directory / "rendered"): {"bind": "/srv/jupyterhub", "mode": "ro"},
        },
        ulimits=[docker.types.Ulimit(name="nofile", soft=files, hard=files)] if files else None,
        ports={"8000/tcp": ("127.0.0.1", 0)},
    )
    try:
        api = directory / "proxy/api.sock"
        until(lambda: _listens(api), "the proxy listens", seconds=180, interval=0.05)
        for number, path in enumerate(labs):
            _add_route(api, path, f"http+unix://%2Frun%2Flabs%2F{number}.sock")
        container.reload()
        ports = container.ports["8000/tcp"] or []
        yield Door(int(ports[0]["HostPort"]), hub, fake_servers, container)
    finally:
        container.remove(force=True, v=True)
        for each in (hub, *fake_servers.values()):
            each.close()


def _listens(path: Path) -> bool:
    """Whether somebody takes calls on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(str(path)) == 0


def _add_route(api: Path, path: str, target: str) -> None:
    """Tell the proxy of a lab, as the hub does."""
    name = path.rsplit("/", 1)[-1]
    body = json.dumps({"target": target, "user": name, "host": f"{name}.labs.test"})
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(api))
        lines = [
            f"POST /api/routes{path} HTTP/1.0",
            f"Authorization: token {TOKEN}",
            f"Content-Length: {len(body)}",
            "",
            body,
        ]
        caller.sendall("\r\n".join(lines).encode())
        assert b" 201 " in caller.recv(2**12)
