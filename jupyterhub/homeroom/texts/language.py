"""Which language somebody is answered in: the one they chose, else the first of their browser's that there is."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from homeroom.texts import catalogue

COOKIE = "homeroom-language"
KEPT_DAYS = 400
_current: ContextVar[str] = ContextVar("homeroom_language", default=catalogue.DEFAULT)


def current() -> str:
    """The language of whoever is being answered; the default where nobody asked."""
    return _current.get()


def chosen(cookie: str | None, accepts: str) -> str | None:
    """The language that a browser asks for; None where it asks for none that there is.

    :param cookie: what its person chose here.
    :param accepts: its header `Accept-Language`.
    """
    if cookie in catalogue.languages():
        return cookie
    for wanted in _by_preference(accepts):
        if wanted in catalogue.languages():
            return wanted
    return None


def _by_preference(accepts: str) -> list[str]:
    """The languages of `Accept-Language`, without their countries, the most wanted first."""
    weighed = []
    for part in accepts.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), tag.partition("-")[0].lower()))
        except ValueError:
            continue
    return [language for weight, language in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def of(handler: Any) -> str | None:
    """The language that a request asks for."""
    return chosen(handler.get_cookie(COOKIE), handler.request.headers.get("Accept-Language", ""))


def answer(handler: Any) -> None:
    """From here on in this task, what is said is for whoever sent this request."""
    _current.set(of(handler) or catalogue.DEFAULT)


def remember(handler: Any, language: str) -> None:
    """Keep a choice in the browser. What is no language of ours is not kept."""
    if language in catalogue.languages():
        path = handler.base_url  # also for a lab's address: what the proxy says there is for the same person
        handler._set_cookie(COOKIE, language, encrypted=False, path=path, expires_days=KEPT_DAYS, samesite="Lax")


def suggest(handler: Any, locale: str) -> None:
    """Take up the language that a source of sign-ins says a person reads, where their browser says nothing.

    :param locale: such as `de`, `de-AT` or `de_AT`; empty: it says nothing.
    """
    if of(handler) is None:
        remember(handler, locale.replace("_", "-").partition("-")[0].lower())
