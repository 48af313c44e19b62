"""The smoke test: the hub can be used by its API, its page through the proxy, and a websocket, asked from outside."""

from __future__ import annotations

import http.client
import ipaddress
import json
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from generator.core.console import step
from generator.core.errors import HomeroomError
from generator.engine.address import own_address, url_host
from generator.schema.settings import Settings

TIMEOUT_SECONDS = 10
PORT_SECONDS = 5


def door(settings: Settings) -> str:
    """The address at which this machine itself reaches the published port."""
    address = ipaddress.ip_address(settings.HUB_IP)
    if not address.is_unspecified:
        return settings.HUB_IP
    return "127.0.0.1" if address.version == 4 else "::1"


class ByName(http.client.HTTPSConnection):
    """A connection to an address of this machine, asked for a name: as a browser asks that has looked the name up.

    Whether browsers trust the certificate is told by `make status`: it may be of an authority that this machine does
    not know.
    """

    def __init__(self, address: str, port: int, name: str, timeout: float) -> None:
        super().__init__(address, port, timeout=timeout)
        self.name = name

    def connect(self) -> None:
        """Connect, and have TLS spoken for the name."""
        http.client.HTTPConnection.connect(self)
        self.sock = any_certificate().wrap_socket(self.sock, server_hostname=self.name)


def any_certificate() -> ssl.SSLContext:
    """TLS without a look at the certificate: it is this machine itself that is asked."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def port_of(settings: Settings) -> int:
    """The published port by which people reach the hub."""
    return settings.HTTPS_PORT if settings.has_edge else settings.HUB_PORT


def where(settings: Settings, host: str) -> str:
    """An address of this machine as a URL."""
    scheme = "https" if settings.has_edge else "http"
    return f"{scheme}://{url_host(host)}:{port_of(settings)}{settings.BASE_URL}"


def _connection(settings: Settings, host: str, timeout: float) -> http.client.HTTPConnection:
    if settings.has_edge:
        return ByName(host, settings.HTTPS_PORT, settings.HUB_HOST, timeout)
    return http.client.HTTPConnection(host, settings.HUB_PORT, timeout=timeout)


def _headers(settings: Settings) -> dict[str, str]:
    return {"Host": urlsplit(settings.public_url).netloc} if settings.HUB_HOST else {}


def _get(settings: Settings, path: str) -> tuple[int, bytes]:
    connection = _connection(settings, door(settings), TIMEOUT_SECONDS)
    try:
        connection.request("GET", settings.BASE_URL + path, headers=_headers(settings))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def port_fault(settings: Settings) -> HomeroomError | None:
    """Why the hub cannot be reached by its published port; None where something speaks HTTP there.

    Services are healthy by what they see of themselves; what the engine does with the port they do not see.
    """
    hosts = {door(settings): None}
    if ipaddress.ip_address(settings.HUB_IP).is_unspecified:
        hosts[own_address()] = None  # the way of other machines, which may be another
    faults: list[str] = []
    for host in hosts:
        connection = _connection(settings, host, PORT_SECONDS)
        try:
            connection.request("GET", f"{settings.BASE_URL}hub/api/", headers=_headers(settings))
            connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            faults.append(str(error) or type(error).__name__)
        else:
            return None
        finally:
            connection.close()
    name = "edge" if settings.has_edge else "proxy"
    return HomeroomError(
        f"the hub cannot be reached: {faults[-1]}",
        location=where(settings, next(iter(hosts))),
        remedy=f"The {name} runs, but nothing answers on its port. Run `docker compose restart {name}`; if that does "
        "not help, restart the engine, and check whether a firewall of this machine closes the port.",
    )


def check_api(settings: Settings) -> str:
    """The hub's API answers through the proxy; returns its version."""
    status, body = _get(settings, "hub/api/")
    if status != 200:
        raise OSError(f"the hub's API answered {status}")
    return f"JupyterHub {json.loads(body)['version']}"


def check_page(settings: Settings) -> str:
    """The sign-in page comes through the proxy, whole."""
    status, body = _get(settings, "hub/login")
    if status != 200 or b"</html>" not in body:
        raise OSError(f"the sign-in page answered {status}")
    return "sign-in page"


def check_websocket(settings: Settings) -> str:
    """A websocket opens through the proxy and echoes."""
    word = secrets.token_hex(8)
    host, port = door(settings), port_of(settings)
    netloc = urlsplit(settings.public_url or where(settings, host)).netloc
    url = f"{'wss' if settings.has_edge else 'ws'}://{netloc}{settings.BASE_URL}hub/homeroom/echo"
    with connect(
        url,
        sock=socket.create_connection((host, port), timeout=TIMEOUT_SECONDS),
        ssl=any_certificate() if settings.has_edge else None,
        server_hostname=settings.HUB_HOST if settings.has_edge else None,
        open_timeout=TIMEOUT_SECONDS,
        close_timeout=TIMEOUT_SECONDS,
        proxy=None,
    ) as channel:
        channel.send(word)
        if channel.recv(timeout=TIMEOUT_SECONDS) != word:
            raise OSError("the websocket did not echo")
    return "websocket"


CHECKS: tuple[Callable[[Settings], str], ...] = (check_api, check_page, check_websocket)


def answers(settings: Settings) -> Iterator[str]:
    """Ask all of it once, as a browser on this machine would: what answered, one after the other.

    :raises HomeroomError: the first that fails.
    """
    for check in CHECKS:
        try:
            yield check(settings)
        except (OSError, http.client.HTTPException, WebSocketException, ValueError, KeyError) as error:
            raise HomeroomError(
                f"the hub cannot be used: {error}",
                location=where(settings, door(settings)),
                remedy="`make logs` shows what hub and proxy logged; `make up` tries again.",
            ) from None


def run(settings: Settings) -> None:
    """See that the hub can be reached and used from outside.

    :raises HomeroomError: it cannot.
    """
    if fault := port_fault(settings):
        raise fault
    with step("Smoke test through the proxy") as shown:
        done = []
        for answer in answers(settings):
            done.append(answer)
            shown.say(", ".join(done))
