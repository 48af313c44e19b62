"""The platforms' public keys: fetched beside the event loop, kept, and fetched anew when a key is not among them."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from homeroom.sign_in.way import Refused, Unreachable
from homeroom.texts.said import say

FRESH_SECONDS = 3600.0
"""After that the set is fetched anew, so that a key which the platform took back ends here, too."""
KEPT_SECONDS = 86400.0
"""So long a set is used whose platform does not answer any more."""
PAUSE_SECONDS = 30.0
"""Between two fetches of one set, whoever asks for whatever key."""
LARGEST_SET_BYTES = 2**18
MOST_KEYS = 100
KINDS = {"RSA": ("RS", "PS"), "EC": ("ES",)}
"""Kinds of keys, each with how the algorithms begin that it serves. None of them is a secret that both sides know."""

log = logging.getLogger("JupyterHub.lti")


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """One key of a set.

    :param algorithm: the one it is for; empty: every one of its kind.
    """

    kind: str
    algorithm: str
    key: Any

    def serves(self, algorithm: str) -> bool:
        """Whether a signature of this algorithm can be checked by it."""
        return algorithm == self.algorithm or (not self.algorithm and algorithm[:2] in KINDS[self.kind])


@dataclass
class _Set:
    keys: dict[str, PublicKey] = field(default_factory=dict)
    fetched: float = float("-inf")
    tried: float = float("-inf")
    fault: str = ""
    under_way: asyncio.Task[None] | None = None


class KeySets:
    """Key sets by their addresses. One fetch of a set is under way at a time, and nobody waits for another set's.

    The library makes a client for each launch, which fetches within the event loop: while a key server hangs, the hub
    answers nobody.

    :param seconds: the clock.
    :param fetch_seconds: for how long a fetch may take.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic, *, fetch_seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._fetch_seconds = fetch_seconds
        self._sets: dict[str, _Set] = {}
        self._client: SimpleAsyncHTTPClient | None = None

    async def key(self, url: str, kid: str, algorithm: str, certificate: str = "") -> Any:
        """The public key of this id.

        :param certificate: a file with the authority of the server's certificate.
        :raises Refused: the platform has no such key.
        :raises Unreachable: the set cannot be had, and none is kept.
        """
        kept = self._sets.setdefault(url, _Set())
        now = self._seconds()
        if now - kept.fetched >= KEPT_SECONDS:
            kept.keys = {}
        found = _of(kept, kid, algorithm)
        if found is not None:
            if now - kept.fetched >= FRESH_SECONDS and now - kept.tried >= PAUSE_SECONDS:
                self._fetch(url, kept, certificate)  # who comes next has the new ones
            return found
        if kept.under_way is not None or now - kept.tried >= PAUSE_SECONDS:
            await asyncio.shield(self._fetch(url, kept, certificate))
        found = _of(kept, kid, algorithm)
        if found is None and kept.fault:
            raise Unreachable(f"the platform's keys at {url} cannot be had: {kept.fault}")
        if found is None:
            raise Refused(
                "unknown-key",
                say("lti.unknown_key"),
                detail=f"no key {kid!r} for {algorithm} at {url}",
                remedy="If the platform has just changed its keys, it is taken within half a minute.",
            )
        return found

    def _fetch(self, url: str, kept: _Set, certificate: str) -> asyncio.Task[None]:
        if kept.under_way is None:
            kept.tried = self._seconds()
            kept.under_way = asyncio.create_task(self._refresh(url, kept, certificate))
        return kept.under_way

    async def _refresh(self, url: str, kept: _Set, certificate: str) -> None:
        try:
            kept.keys = read_set(await self._body(url, certificate))
            kept.fetched, kept.fault = self._seconds(), ""
        except Exception as error:  # of the network, of TLS, of the text: the last good set stays
            kept.fault = str(error) or type(error).__name__
            log.warning("The keys at %s cannot be had, %s kept: %s", url, len(kept.keys), kept.fault)
        finally:
            kept.under_way = None

    async def _body(self, url: str, certificate: str) -> bytes:
        if self._client is None:
            self._client = SimpleAsyncHTTPClient(
                force_instance=True, max_clients=50, max_body_size=LARGEST_SET_BYTES, max_buffer_size=LARGEST_SET_BYTES
            )
        answer = await self._client.fetch(
            url,
            connect_timeout=self._fetch_seconds,
            request_timeout=self._fetch_seconds,
            follow_redirects=False,
            ca_certs=certificate or None,
        )
        return answer.body


def _of(kept: _Set, kid: str, algorithm: str) -> Any:
    """The key, where it is one for this algorithm. A token without a key's id means the only key there is."""
    if not kid and len(kept.keys) == 1:
        (found,) = kept.keys.values()
    elif kid in kept.keys:
        found = kept.keys[kid]
    else:
        return None
    return found.key if found.serves(algorithm) else None


def read_set(body: bytes) -> dict[str, PublicKey]:
    """The public keys of a set by their ids; what is none, such as a shared secret, is left out.

    :raises ValueError: it is no key set, or there is no key in it.
    """
    values = json.loads(body)
    listed = values.get("keys") if isinstance(values, dict) else None
    if not isinstance(listed, list):
        raise ValueError("what is there is no key set")
    found: dict[str, PublicKey] = {}
    for each in listed[:MOST_KEYS]:
        if not isinstance(each, dict) or each.get("kty") not in KINDS or each.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK(each).key
            found[str(each.get("kid", ""))] = PublicKey(kind=each["kty"], algorithm=str(each.get("alg", "")), key=key)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            log.warning("A key of the set is no key: %s", error)
    if not found:
        raise ValueError("there is no public key in the set")
    return found
