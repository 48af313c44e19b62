"""Signing in with a way, without a hub: out to the provider and back."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit

from homeroom.oauth.way import OAuthWay
from homeroom.sign_in.way import Identity

from tests.hub_database import new_database
from tests.unit.oauth.conftest import PUBLIC_URL


def made(kind: type[OAuthWay], **traits: Any) -> Any:
    """A way as the configuration makes it."""
    variable = f"{kind.name.upper()}_CLIENT_SECRET"
    return kind(client_id="homeroom", secret_variable=variable, public_url=PUBLIC_URL, **traits)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """The hub's address is nowhere."""


def come_back(address: str) -> dict[str, str]:
    """What a browser that is sent to a provider brings back to the hub."""
    try:
        urllib.request.build_opener(_Stay).open(address, timeout=10)
    except urllib.error.HTTPError as answer:
        query = urlsplit(answer.headers["Location"]).query
        return {name: values[0] for name, values in parse_qs(query).items()}
    raise AssertionError("the provider sent nobody back")


async def signed_in(way: OAuthWay) -> Identity:
    """Who signs in now."""
    db = new_database()
    begun = way.pending.begin(db, "")
    brought = await asyncio.to_thread(come_back, await way.authorize_url(begun))
    assert brought["state"] == begun.state
    kept = way.pending.take(db, begun.state, begun.browser)
    assert kept is not None
    return await way.exchange(brought["code"], kept.verifier, kept.nonce)
