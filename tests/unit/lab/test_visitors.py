"""What somebody has open in a lab that several enter ends once they may enter no more."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom_lab import visitors
from homeroom_lab.visitors import OUT, Visitors
from jupyterhub.services.auth import HubOAuth
from tornado.web import HTTPError


class Hub(HubOAuth):  # type: ignore[misc]
    """A hub that says of each token what it may."""

    scopes: dict[str, Any] = {}

    async def _answer(self, token: str) -> Any:
        found = self.scopes[token]
        if isinstance(found, Exception):
            raise found
        return None if found is None else {"name": token, "scopes": found}

    def user_for_token(self, token: str, use_cache: bool = True, session_id: str = "", *, sync: bool = True) -> Any:
        """Who this is."""
        return self._answer(token)

    def get_token(self, handler: Any, in_cookie: bool = True) -> str:
        """The token of a request."""
        return str(handler.token)

    def get_session_id(self, handler: Any) -> str:
        """None."""
        return ""


class Socket:
    """A websocket that is open."""

    def __init__(self, hub: Hub, token: str) -> None:
        self.token = token
        self.settings = {"identity_provider": SimpleNamespace(hub_auth=hub)}
        self.request = SimpleNamespace(path="/terminals/websocket/1")
        self.closed: int | None = None

    def close(self, code: int, reason: str) -> None:
        """Close it."""
        self.closed = code


def test_what_is_open_ends_with_the_right_to_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is out, or whom the hub does not know any more, has theirs closed; others go on, also while the hub does not
    answer."""
    monkeypatch.setattr(visitors, "LOOK_SECONDS", 0.01)
    hub = Hub(access_scopes={"access:servers!user=grader-botany"})
    hub.scopes = {
        "in": ["access:servers!user=grader-botany"],
        "out": ["access:servers!user=bela"],
        "gone": None,
        "unknown": HTTPError(502, "the hub is away"),
        "": None,
    }
    sockets = {token: Socket(hub, token) for token in hub.scopes}
    watch = Visitors()
    for each in sockets.values():
        watch.open.add(each)

    async def look() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch.run(), 0.2)

    asyncio.run(look())
    closed = {token: each.closed for token, each in sockets.items()}
    assert closed == {"in": None, "out": OUT, "gone": OUT, "unknown": None, "": OUT}
