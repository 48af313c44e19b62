"""homeroom.oauth.id_token and discovery: an ID token is taken only from the provider, for this hub and this sign-in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from homeroom.oauth import discovery, id_token
from homeroom.oauth.client import new_client
from homeroom.oauth.discovery import Discovery
from homeroom.sign_in.way import Refused, Unreachable
from jwt.utils import base64url_encode

from tests.providers import LyingOpenID, new_key

Forge = Callable[[LyingOpenID, dict[str, Any]], str]
NOW = int(time.time())


def checked(provider: LyingOpenID, token: Any, nonce: str | None = "n") -> dict[str, Any]:
    """The claims that a hub takes from a token."""

    async def check() -> dict[str, Any]:
        return await id_token.checked(token, Discovery(provider.url, new_client()), "homeroom", nonce)

    return asyncio.run(check())


def test_an_honest_token_is_taken(openid: LyingOpenID) -> None:
    """What the provider signed for this hub and this sign-in is believed: the refusals below are of what differs."""
    assert checked(openid, openid.signed(openid.claims_for("n")))["sub"] == "ada-1"


def called(claims: dict[str, Any]) -> str:
    """A test's name, which says the same at any time."""
    return str(
        {
            name: f"{value - NOW:+} s" if value and name in ("exp", "iat", "nbf") else value
            for name, value in claims.items()
        }
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ["n"]},
        {"aud": "another-client"},
        {"aud": ["another-client", "one-more"]},
        {"aud": ["homeroom", "another-client"]},
        {"aud": ["homeroom", "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": NOW - 3600},
        {"exp": None},
        {"iat": NOW + 3600},
        {"iat": None},
        {"nbf": NOW + 3600},
        {"sub": None},
        {"sub": 2},
    ],
    ids=called,
)
def test_a_token_for_something_else_is_refused(openid: LyingOpenID, claims: dict[str, Any]) -> None:
    """A replayed, foreign, stale or undated token signs nobody in, though the provider itself signed it."""
    openid.claims = claims
    with pytest.raises(Refused):
        checked(openid, openid.signed(openid.claims_for("n")))


def with_public_key_as_secret(provider: LyingOpenID, claims: dict[str, Any]) -> str:
    """Signed with what everybody knows: the library refuses to make one, so it is made by hand."""
    pem = provider.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head, body = jwt.encode(claims, "x" * 40, algorithm="HS256", headers={"kid": "one"}).split(".")[:2]
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(f"{head}.{body}".encode(), pem)
    return f"{head}.{body}.{base64url_encode(signature).decode()}"


@pytest.mark.parametrize(
    "forge",
    [
        lambda _, claims: jwt.encode(claims, "", algorithm="none"),
        lambda _, claims: jwt.encode(claims, "the-right-client-secret" * 2, algorithm="HS256", headers={"kid": "one"}),
        with_public_key_as_secret,
        lambda provider, claims: provider.signed(claims, key=new_key()),
        lambda provider, claims: provider.signed(claims, kid="unknown"),
        lambda provider, claims: provider.signed(claims, alg="PS256"),
        lambda provider, claims: provider.signed(claims)[:-8] + "AAAAAAAA",
        lambda *_: "not a token",
        lambda *_: None,
        lambda *_: "a" * 10**6,
    ],
    ids=["none", "secret", "public key", "other key", "unknown key", "other kind", "cut", "text", "nothing", "long"],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(openid: LyingOpenID, forge: Forge) -> None:
    """Nobody but the provider vouches for anybody: no signature, a shared secret's, another's, or none of its keys."""
    with pytest.raises(Refused):
        checked(openid, forge(openid, openid.claims_for("n")))


def test_clocks_may_be_a_little_apart(openid: LyingOpenID) -> None:
    """A provider that is half a minute ahead, or behind, can still be signed in with."""
    for seconds in (30, -30):
        openid.claims = {"iat": int(time.time()) + seconds, "exp": int(time.time()) + seconds + 5}
        assert checked(openid, openid.signed(openid.claims_for("n")))


def test_the_issuer_is_compared(openid: LyingOpenID) -> None:
    """A document of somebody else's is none: its keys would sign for this provider."""
    openid.document = {"issuer": "https://evil.example"}
    with pytest.raises(Unreachable, match="evil"):
        asyncio.run(Discovery(openid.url, new_client()).document())


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"])
def test_addresses_in_the_clear_are_refused(openid: LyingOpenID, name: str) -> None:
    """No secret, token or key travels where others can read or change it, whatever the document says."""
    openid.document = {name: "http://login.uni.example/x"}
    with pytest.raises(Unreachable, match="https"):
        asyncio.run(Discovery(openid.url, new_client()).document())


def test_the_last_good_answer_is_kept(openid: LyingOpenID, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider whose document or keys cannot be had for a while is still signed in with."""

    async def use() -> None:
        found = Discovery(openid.url, new_client())
        assert await found.key("one")
        openid.broken = {"/.well-known": (500, None), "/keys": (500, None)}
        later = time.monotonic() + 2 * discovery.DOCUMENT_SECONDS
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert (await found.document())["issuer"] == openid.url
        assert await found.key("one")

    asyncio.run(use())


def test_nobody_makes_the_hub_ask_for_keys_without_end(openid: LyingOpenID) -> None:
    """Tokens with made-up keys lead to one question in half a minute, not to one each."""

    async def use() -> None:
        found = Discovery(openid.url, new_client())
        for number in range(20):
            assert await found.key(f"made-up-{number}") is None
        assert openid.paths().count("/keys") == 1

    asyncio.run(use())


def test_a_new_key_is_found(openid: LyingOpenID, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that changes its key is asked once more, and one that was taken back is no longer good."""

    async def use() -> None:
        found = Discovery(openid.url, new_client())
        assert await found.key("one")
        published = openid.public_keys()["keys"][0] | {"kid": "two"}
        openid.broken = {"/keys": (200, {"keys": [published]})}
        later = time.monotonic() + discovery.AGAIN_SECONDS + 1
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert await found.key("two")
        assert await found.key("one") is None

    asyncio.run(use())


def test_a_redirect_is_not_followed(openid: LyingOpenID) -> None:
    """The address that was checked is the one that is asked."""
    openid.broken = {"/.well-known": (302, None, {"Location": "http://127.0.0.1:1/"})}
    with pytest.raises(Unreachable):
        asyncio.run(Discovery(openid.url, new_client()).document())
