"""What an OpenID Connect provider says of itself: its addresses and its keys. Asked for when somebody signs in, kept,
and never needed for the hub to start."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from jwt import PyJWK, PyJWTError
from tornado.httpclient import AsyncHTTPClient

from homeroom.oauth.client import check_endpoint, get_json
from homeroom.sign_in.way import Unreachable

WELL_KNOWN = "/.well-known/openid-configuration"
DOCUMENT_SECONDS = 3600.0
KEYS_SECONDS = 3600.0
AGAIN_SECONDS = 30.0
"""After so long at the earliest, keys are asked for again: for one that is unknown, or after a fault."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")


class Discovery:
    """The document and the keys of one issuer."""

    def __init__(self, issuer: str, client: AsyncHTTPClient) -> None:
        self.issuer = issuer
        self._client = client
        self._document: dict[str, Any] = {}
        self._keys: dict[str, PyJWK] = {}
        self._document_until = 0.0
        self._keys_until = 0.0
        self._no_keys_before = 0.0

    @property
    def known(self) -> Mapping[str, Any]:
        """The document as it was last had; empty before."""
        return self._document

    async def document(self) -> Mapping[str, Any]:
        """The document. Where a new one cannot be had, the last good one.

        :raises Unreachable: there was none yet.
        """
        if time.monotonic() >= self._document_until:
            try:
                self._document = self._checked(await get_json(self._client, self.issuer.rstrip("/") + WELL_KNOWN))
                self._document_until = time.monotonic() + DOCUMENT_SECONDS
            except Unreachable:
                if not self._document:
                    raise
                self._document_until = time.monotonic() + AGAIN_SECONDS
        return self._document

    def _checked(self, found: dict[str, Any]) -> dict[str, Any]:
        """:raises Unreachable: it is another issuer's document, or names addresses that are none to trust."""
        if found.get("issuer") != self.issuer:
            raise Unreachable(f"{self.issuer} says that it is {str(found.get('issuer'))[:200]!r}")
        for name in (*ENDPOINTS, *(name for name in OPTIONAL_ENDPOINTS if found.get(name))):
            try:
                check_endpoint(str(found.get(name, "")))
            except ValueError as error:
                raise Unreachable(f"{self.issuer}: {name} {error}") from None
        return found

    async def key(self, key_id: str | None) -> PyJWK | None:
        """The key of this id; without an id the only one there is. None where there is none.

        :raises Unreachable: the keys cannot be had, and there were none before.
        """
        if time.monotonic() >= self._keys_until or (self._find(key_id) is None and self._may_ask()):
            await self._load_keys()
        return self._find(key_id)

    def _find(self, key_id: str | None) -> PyJWK | None:
        if key_id is not None:
            return self._keys.get(key_id)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def _may_ask(self) -> bool:
        return time.monotonic() >= self._no_keys_before

    async def _load_keys(self) -> None:
        if self._keys and not self._may_ask():
            return
        self._no_keys_before = time.monotonic() + AGAIN_SECONDS
        try:
            found = await get_json(self._client, str((await self.document())["jwks_uri"]))
        except Unreachable:
            if not self._keys:
                self._no_keys_before = 0.0
                raise
            return
        self._keys = _signing_keys(found.get("keys"))
        self._keys_until = time.monotonic() + KEYS_SECONDS


def _signing_keys(found: Any) -> dict[str, PyJWK]:
    """The public keys for signatures, by their ids; others, such as those to encrypt with, are left out."""
    keys = {}
    for number, each in enumerate(found if isinstance(found, list) else []):
        if not isinstance(each, dict) or each.get("kty") == "oct" or each.get("use", "sig") != "sig":
            continue
        try:
            keys[str(each.get("kid", number))] = PyJWK(each)
        except PyJWTError:  # of a kind that the library does not know
            continue
    return keys
