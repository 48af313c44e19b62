"""oauthenticator's classes as parts of a way: they know each provider's addresses and how to ask it; what falls short
in all of them is laid over here."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tornado import web
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse

from homeroom.oauth.client import check_endpoint
from homeroom.sign_in.way import Refused, Unreachable
from homeroom.texts.said import say

TOO_MANY = 429


class GrantRefused(Exception):
    """The provider gives no token for what it was shown.

    :param error: its word for it, such as `invalid_grant`.
    """

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(f"{error[:80]}: {description[:200]}" if description else error[:80])
        self.error = error


class Exchange:
    """What a part asks of the request that comes back from the provider, in place of a handler of the library's own."""

    def __init__(self, code: str, verifier: str, nonce: str) -> None:
        self._code = code
        self._verifier = verifier
        self.nonce = nonce

    def get_argument(self, name: str, default: Any = None) -> Any:
        """The code; there is nothing else to ask for."""
        return self._code if name == "code" else default

    def get_state_cookie(self) -> str:
        """The verifier as the library reads it out of its cookie. Ours never leaves the hub."""
        return base64.urlsafe_b64encode(json.dumps({"code_verifier": self._verifier}).encode()).decode()


class Checked:
    """Laid over a class of oauthenticator's.

    - Every address that is asked is checked, also those that an answer names (the next page of a list).
    - A provider that does not answer, or answers with a fault of its own or with "too often", is told from one that
      says no. The library takes all of them for "is no member" where it asks for memberships.
    - What a provider says as it refuses a token is kept as such: whether a person or the hub was refused.
    """

    token_url: str
    validate_server_cert: bool

    async def fetch(self, req: HTTPRequest, label: str = "fetching", parse_json: bool = True, **options: Any) -> Any:
        """An answer, or its JSON.

        :raises Unreachable: there is none to go by.
        :raises GrantRefused: the provider gives no token.
        :raises HTTPClientError: 4xx, it says no.
        """
        try:
            check_endpoint(req.url)
            answer = await super().fetch(req, label, parse_json=False, **options)  # type: ignore[misc]
        except HTTPClientError as error:
            if req.url == self.token_url and error.response is not None and 400 <= error.code < 500:
                self._raise_for_grant(_json_of(error.response))
            if not 400 <= error.code < 500 or _asks_for_patience(error.response):
                raise Unreachable(f"{_without_query(req.url)}: {error}") from None
            raise
        except (OSError, ValueError) as error:
            raise Unreachable(f"{_without_query(req.url)}: {error}") from None
        if answer.code >= 500 or _asks_for_patience(answer):
            raise Unreachable(f"{_without_query(req.url)} answers {answer.code}")
        if not parse_json:
            return answer
        found = _json_of(answer)
        if found is None:
            raise Unreachable(f"{_without_query(req.url)} answers with something else than JSON")
        if req.url == self.token_url:
            self._raise_for_grant(found)
        return found

    def user_info_to_username(self, user_info: Mapping[str, Any]) -> str:
        """Nobody's name: the way proposes one. The library refuses whoever has none."""
        return "somebody"

    def _raise_for_grant(self, found: Any) -> None:
        """:raises GrantRefused: an answer of the token's address says so. GitHub says it with 200."""
        if isinstance(found, Mapping) and "error" in found and "access_token" not in found:
            raise GrantRefused(str(found["error"]), str(found.get("error_description", "")))


def sentence(error: web.HTTPError) -> str:
    """What the library says of a fault."""
    return str(error.log_message or error.reason or error.status_code)


def refused_by_provider(detail: str, remedy: str = "") -> Refused:
    """The provider does not vouch for the person."""
    return Refused(
        "provider-refused",
        say("oauth.not_confirmed"),
        detail=detail,
        remedy=remedy or "Look at the provider's own log of sign-ins.",
    )


def _asks_for_patience(answer: HTTPResponse | None) -> bool:
    """Whether an answer means "not now": GitHub says 403 where it is asked too often."""
    if answer is None:
        return False
    return answer.code == TOO_MANY or (answer.code == 403 and answer.headers.get("X-RateLimit-Remaining") == "0")


def _json_of(answer: HTTPResponse) -> Any:
    try:
        return json.loads(answer.body or b"null")
    except ValueError:
        return None


def _without_query(url: str) -> str:
    return url.partition("?")[0][:200]
