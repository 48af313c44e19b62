"""ID tokens, checked: signature, issuer, audience, time and nonce. oauthenticator reads them without."""

from __future__ import annotations

import hmac
from typing import Any

import jwt

from homeroom.oauth.discovery import Discovery
from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

LEEWAY_SECONDS = 60
MAX_TOKEN_CHARACTERS = 65_536
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures by a key that the provider alone has: not `none`, and not those made with a shared secret."""


async def checked(token: Any, discovery: Discovery, client_id: str, nonce: str | None) -> dict[str, Any]:
    """The claims of an ID token.

    :param nonce: what this sign-in began with; None as a token is refreshed, where there is none.
    :raises Refused: it is not this provider's word for this sign-in.
    :raises Unreachable: the provider's keys cannot be had.
    """
    if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS:
        raise _refused("the provider sent no ID token")
    try:
        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise _refused(f"it is signed by {algorithm!r}, which proves nothing")
        key = await discovery.key(key_id)
        if key is None:
            raise _refused(f"it is signed with the key {str(key_id)[:80]!r}, which the provider does not publish")
        if key.algorithm_name != algorithm and not _fits(key, algorithm):
            raise _refused(f"it is signed by {algorithm}, and its key is for {key.algorithm_name}")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=client_id,
            issuer=discovery.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise _refused(str(error)) from None
    _check_party(claims, client_id)
    if nonce is not None and not _is_same(claims.get("nonce"), nonce):
        raise _refused("its nonce is not this sign-in's")
    return claims


def _fits(key: jwt.PyJWK, algorithm: str) -> bool:
    """Whether a key that names no algorithm may be used with this one: the library assumes one for it."""
    kinds = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("EdDSA",)}
    return "alg" not in key._jwk_data and algorithm.startswith(kinds.get(str(key.key_type), ("-",)))


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    """:raises Refused: the token was made for somebody else, and names this hub among others."""
    party = claims.get("azp")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (party is not None and party != client_id) or (several and party is None):
        raise _refused(f"it was made for {str(party)[:80]!r}")


def _is_same(found: Any, expected: str) -> bool:
    return isinstance(found, str) and hmac.compare_digest(found.encode(), expected.encode())


def _refused(detail: str) -> Refused:
    return Refused(
        "id-token",
        say("oauth.not_trusted"),
        detail=f"ID token refused: {detail}",
        remedy="Compare client id and issuer in site/oauth.yaml with the provider, and the clocks of both.",
    )
