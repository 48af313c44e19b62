"""Tokens by which a platform knows this hub: asked for by an assertion that the hub's own key signs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from homeroom.lms.connection import SCOPES, Platform
from homeroom.lms.fault import LMSFault
from homeroom.lms.web import SHOWN, Answer, Web

LIFE_SECONDS = 60
EARLIER_SECONDS = 60.0
"""So long before its end a token is not used any more."""
LONGEST_SECONDS = 3600.0
LONGEST_TOKEN = 8192
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Sign = Callable[[dict[str, Any]], Awaitable[str]]


class Tokens:
    """Those that are good, by platform.

    :param sign: makes a token of claims with this hub's key.
    """

    def __init__(self, sign: Sign, seconds: Callable[[], float] = time.monotonic) -> None:
        self._sign = sign
        self._seconds = seconds
        self._kept: dict[Platform, tuple[str, float]] = {}

    async def ask(
        self, web: Web, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """A request with a token; with a new one where the platform knows the old one no more.

        :raises LMSFault: there is none, or as `Web.ask`.
        """
        for is_last in (False, True):
            token = await self._of(web)
            answer = await web.ask(method, address, {**headers, "Authorization": f"Bearer {token}"}, body)
            if answer.status != 401:
                return answer
            self._kept.pop(web.platform, None)
            if is_last:
                raise LMSFault("closed", f"{web.platform.name} does not take its own token: {answer.text[:SHOWN]}")
        raise AssertionError("unreachable")

    async def _of(self, web: Web) -> str:
        token, ends = self._kept.get(web.platform, ("", 0.0))
        if self._seconds() < ends:
            return token
        platform = web.platform
        if not platform.token_url:
            raise LMSFault(
                "missing", f"where {platform.name} gives tokens is not known: set token_url in site/lti.yaml"
            )
        now = int(time.time())
        claims = {
            "iss": platform.client_id,
            "sub": platform.client_id,
            "aud": platform.token_url,
            "iat": now,
            "exp": now + LIFE_SECONDS,
            "jti": secrets.token_hex(16),
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": await self._sign(claims),
            "scope": " ".join(SCOPES),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = await web.ask("POST", platform.token_url, headers, urlencode(form).encode())
        given = answer.body if isinstance(answer.body, dict) else {}
        made = given.get("access_token")
        if (
            answer.status not in (200, 201)
            or not isinstance(made, str)
            or not made.isascii()
            or len(made) > LONGEST_TOKEN
        ):
            said = f"{answer.status} {answer.text[:SHOWN]}"
            raise LMSFault("closed", f"{platform.name} gives no token (is its key set URL that of this hub?): {said}")
        life = given.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and not isinstance(life, bool) else 300.0
        ends = self._seconds() + min(LONGEST_SECONDS, seconds) - EARLIER_SECONDS
        self._kept[platform] = (made, ends)
        return made
