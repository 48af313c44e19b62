"""How the hub speaks to a provider: encrypted, within bounds, and without a part that others wait for."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from homeroom.hub.loopback import is_loopback
from homeroom.sign_in.way import Unreachable

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
MAX_ANSWER_BYTES = 2**20
MAX_AT_ONCE = 100
"""Requests of one way at a time. Each way has a client of its own, so a provider that hangs holds up no other."""


def new_client(ca_file: str = "") -> AsyncHTTPClient:
    """A client of one way.

    :param ca_file: the certificates that the provider's must come from, in PEM; empty: the system's.
    """
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "request_timeout": ANSWER_SECONDS,
        "follow_redirects": False,  # the address that was checked is the one that gets secrets and tokens
        "validate_cert": True,
    }
    if ca_file:
        defaults["ca_certs"] = ca_file
    return SimpleAsyncHTTPClient(
        force_instance=True, max_clients=MAX_AT_ONCE, defaults=defaults, max_body_size=MAX_ANSWER_BYTES
    )


def check_endpoint(url: str) -> None:
    """Refuse an address that secrets and tokens would travel to in the clear. This machine's own is for trials.

    :raises ValueError: it is none that begins with https://.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return
    raise ValueError(f"{url[:200]!r} does not begin with https://")


async def get_json(client: AsyncHTTPClient, url: str) -> dict[str, Any]:
    """A JSON object from an address that needs no token.

    :raises Unreachable: it cannot be had.
    """
    try:
        check_endpoint(url)
        answer = await client.fetch(url, headers={"Accept": "application/json"})
        return json_object(answer)
    except (HTTPClientError, OSError, ValueError) as error:
        raise Unreachable(f"{url[:200]}: {error}") from None


def json_object(answer: HTTPResponse) -> dict[str, Any]:
    """An answer's object.

    :raises ValueError: it is something else.
    """
    found = json.loads(answer.body or b"")
    if not isinstance(found, dict):
        raise ValueError("the answer is not a JSON object")
    return found
