"""Browsers in which somebody has signed in: others' wrong passwords from the same address do not lock them out there.

A cookie that the hub signs names the browser and the last few who signed in. It opens nothing; wrong passwords from
that browser are counted by themselves. Many people share an address: a class behind one router.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

COOKIE = "homeroom-browser"
KEPT_DAYS = 90
MOST_NAMES = 5


def of(handler: Any, name: str) -> str | None:
    """The browser that a request comes from, where this person has signed in with it."""
    browser, names = _read(handler)
    return browser if name in names else None


def remember(handler: Any, name: str) -> None:
    """Have the browser know that this person signed in."""
    browser, names = _read(handler)
    kept = [name, *(other for other in names if other != name)][:MOST_NAMES]
    value = json.dumps([browser or secrets.token_hex(8), kept])
    handler._set_cookie(COOKIE, value, path=handler.hub.base_url, expires_days=KEPT_DAYS, samesite="Lax")


def _read(handler: Any) -> tuple[str | None, list[str]]:
    """The browser and the names that its cookie holds; none where there is no cookie that the hub signed."""
    value = handler.get_secure_cookie(COOKIE, max_age_days=KEPT_DAYS)
    if not value:
        return None, []
    browser, names = json.loads(value)
    return str(browser), [str(name) for name in names]
