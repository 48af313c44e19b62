"""Somebody with a browser's manners at a hub that is a process: pages, forms and cookies."""

from __future__ import annotations

import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Do not: where somebody is led is looked at."""


@dataclass
class Visitor:
    """A browser at the hub."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Ask for a page, or send a form: the status, where it leads, and the page."""
        opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPCookieProcessor(self.cookies))
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, {"Sec-Fetch-Mode": "navigate", **self.headers})
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, "", answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.headers.get("Location", ""), answer.read().decode()

    def sign_in(self, name: str, password: str, **more: str) -> tuple[int, str, str]:
        """Fill in the sign-in page's form."""
        self.ask("/hub/login")
        (token,) = [cookie.value for cookie in self.cookies if cookie.name == "_xsrf"]
        return self.ask("/hub/login", {"username": name, "password": password, "_xsrf": str(token), **more})

    def user(self) -> dict[str, Any]:
        """Who the hub takes this for, as its API says it; empty for nobody."""
        token = next((cookie.value for cookie in self.cookies if cookie.name == "_xsrf"), "")
        status, _, page = self.ask(f"/hub/api/user?_xsrf={urllib.parse.quote(str(token))}")
        found: dict[str, Any] = json.loads(page) if status == 200 else {}
        return found
