"""A browser without scripts: cookies, links, forms; it stops where a test wants it to."""

from __future__ import annotations

import html
import http.cookiejar
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

LONGEST_WAY = 12


@dataclass
class Page:
    """An answer.

    :param location: where it leads by itself: a redirect, or a page that goes on to another.
    """

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
            text = answer.read().decode(errors="replace")
            refresh = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', text)
            leads_to = answer.headers["Location"] or (html.unescape(refresh[1]) if refresh else "")
            cookies = answer.headers.get_all("Set-Cookie") or []
            return Page(answer.status, url, text, urljoin(url, leads_to) if leads_to else "", cookies)

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
