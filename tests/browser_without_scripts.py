"""A browser without scripts: cookies, links, forms; it stops where a test wants it to."""

from __future__ import annotations

import http.cookiejar
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

LONGEST_WAY = 12


@dataclass
class Page:
    """An answer."""

    status: int
    url: str
    text: str
    location: str
    cookies: list[str]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Each step is the test's."""


class Browser:
    """Somebody's browser."""

    def __init__(self) -> None:
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(_Stay, urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, url: str, form: dict[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Page:
        """One answer, whatever it is."""
        data = None if form is None else urlencode(form).encode()
        request = urllib.request.Request(url, data=data, headers=dict(headers or {}))
        try:
            answer = self._opener.open(request, timeout=300)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            location = urljoin(url, answer.headers["Location"]) if answer.headers["Location"] else ""
            cookies = answer.headers.get_all("Set-Cookie") or []
            return Page(answer.status, url, answer.read().decode(errors="replace"), location, cookies)

    def follow(self, page: Page, *, until: str = "") -> Page:
        """Follow where an answer leads, but not to an address that begins with `until`."""
        for _ in range(LONGEST_WAY):
            if not page.location or (until and page.location.startswith(until)):
                return page
            page = self.ask(page.location)
        raise AssertionError(f"it leads on and on: {page.location}")

    def open(self, url: str) -> Page:
        """A page, wherever it leads."""
        return self.follow(self.ask(url))
