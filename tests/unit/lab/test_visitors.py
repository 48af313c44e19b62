"""What somebody has open in a lab that several enter ends once they may enter no more."""

from __future__ import annotations

import asyncio
import time
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


def test_guests_are_asked_about_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a lab that its owner shows: what the hub said of the owner is kept as ever, of anybody else a second, and so
    that somebody is nobody. Only what guests have open is watched."""
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    cache = visitors.owners_cache("chen", 300)
    cache["a"], cache["b"], cache["c"] = {"name": "chen"}, {"name": "bela"}, None
    assert (cache["a"], cache["b"], cache["c"]) == ({"name": "chen"}, {"name": "bela"}, None)
    clock[0] += 1.5
    assert cache["a"] == {"name": "chen"}
    for key in ("b", "c"):
        with pytest.raises(KeyError):
            cache[key]
    for user, guest in (("chen", False), ("bela", True), ("", True)):
        handler = SimpleNamespace(current_user=SimpleNamespace(username=user) if user else None)
        assert visitors.is_guest(handler, "chen") is guest
