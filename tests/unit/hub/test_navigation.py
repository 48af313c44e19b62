"""homeroom.navigation: which visits come from here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.hub.navigation import HERE, comes_from_here


class Visit:
    """A visit with these headers, from a browser that has the cookie or not."""

    def __init__(self, headers: dict[str, str], cookie: str | None) -> None:
        self.request = SimpleNamespace(headers=headers, host="hub.example:8000")
        self.hub = SimpleNamespace(base_url="/hub/")
        self.cookie = cookie
        self.set: dict[str, Any] = {}

    def get_cookie(self, name: str) -> str | None:
        """The cookie that the browser sent."""
        assert name == HERE
        return self.cookie

    def _set_cookie(self, _name: str, _value: str, **options: Any) -> None:
        self.set = options


@pytest.mark.parametrize(
    ("headers", "cookie", "here"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, None, True),
        ({"Sec-Fetch-Site": "none"}, None, True),  # typed, or a bookmark
        ({"Sec-Fetch-Site": "cross-site"}, "1", False),
        ({"Sec-Fetch-Site": "same-site"}, "1", False),  # another port, another name of the domain
        ({"Sec-Fetch-Site": "cross-site", "Referer": "http://hub.example:8000/"}, "1", False),
        ({}, "1", True),  # plain HTTP: the cookie is sent along from our pages alone
        ({}, None, False),  # a page that hides where it comes from
        ({"Referer": "http://hub.example:8000/hub/login"}, None, True),
        ({"Referer": "http://evil.example/"}, None, False),
        ({"Referer": "http://evil.example/http://hub.example:8000/"}, None, False),
        ({"Referer": "http://hub.example:8000@evil.example/"}, None, False),
        ({"Referer": "http://["}, None, False),  # no address at all
        ({"Referer": "http://hub.example:8000.evil.example/"}, None, False),
    ],
)
def test_where_a_visit_comes_from(headers: dict[str, str], cookie: str | None, *, here: bool) -> None:
    """A page of ours, a typed address and a bookmark come from here; another website does not, whatever it hides."""
    visit = Visit(headers, cookie)
    assert comes_from_here(visit) == here
    if here and cookie is None:
        assert visit.set["samesite"] == "Strict"
    else:
        assert visit.set == {}
