"""The hub's own keys: it signs its answers to platforms by them, and platforms find the public parts at one address."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DAY_SECONDS = 86400
NEXT_AFTER_SECONDS = 90 * DAY_SECONDS
"""So old, a key gets a successor."""
SHOWN_BEFORE_SECONDS = DAY_SECONDS
"""So long a key is published before anything is signed by it: platforms keep what they fetched."""
KEPT_SECONDS = NEXT_AFTER_SECONDS + 30 * DAY_SECONDS
REREAD_SECONDS = 60.0
"""So long what was read of the file is used: `make lti-new-key` writes it beside the hub."""
ALGORITHM = "RS256"


@dataclass(frozen=True, kw_only=True)
class OwnKey:
    """A key of the hub's.

    :param made: when, in seconds since 1970.
    :param private: as PEM.
    """

    kid: str
    made: int
    private: str

    def public(self) -> dict[str, Any]:
        """The public part, as it stands in the key set."""
        values = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_parsed(self.private).public_key()))
        return {
            "kty": values["kty"],
            "n": values["n"],
            "e": values["e"],
            "kid": self.kid,
            "alg": ALGORITHM,
            "use": "sig",
        }


@functools.lru_cache(maxsize=8)
def _parsed(private: str) -> Any:
    """A key out of its PEM. It is checked, which takes longer than to sign by it."""
    return serialization.load_pem_private_key(private.encode(), None)


def new_key(now: int) -> OwnKey:
    """A key that is made now. It takes a moment of computing."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return OwnKey(kid=secrets.token_hex(8), made=now, private=pem)


def signing(keys: list[OwnKey], now: int) -> OwnKey:
    """The key to sign by: the newest that has been published long enough, or the oldest."""
    shown = [key for key in keys if now - key.made >= SHOWN_BEFORE_SECONDS]
    return max(shown, key=lambda key: key.made) if shown else min(keys, key=lambda key: key.made)


class OwnKeys:
    """The keys in their file, which its owner alone may read; made, followed by new ones and forgotten by themselves.

    :param seconds: the clock.
    """

    def __init__(self, path: Path, seconds: Callable[[], float] = time.time) -> None:
        self._path = path
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._read = float("-inf")
        self._keys: list[OwnKey] = []
        self._public: dict[str, Any] = {}

    async def public_set(self) -> dict[str, Any]:
        """The key set, as platforms fetch it."""
        await self._current()
        return self._public

    async def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims."""
        key = signing(await self._current(), int(self._seconds()))
        return jwt.encode(claims, _parsed(key.private), ALGORITHM, headers={"kid": key.kid})

    async def _current(self) -> list[OwnKey]:
        async with self._lock:
            if self._seconds() - self._read >= REREAD_SECONDS:
                self._keys, self._public = await asyncio.to_thread(self._look)
                self._read = self._seconds()
            return self._keys

    def _look(self) -> tuple[list[OwnKey], dict[str, Any]]:
        keys = current(self._path, int(self._seconds()))
        return keys, {"keys": [key.public() for key in keys]}


def current(path: Path, now: int) -> list[OwnKey]:
    """The keys of a file, after what is due by now: a first key, a successor, an end.

    :raises ValueError: the file is there and holds something else.
    """
    kept = read(path)
    due = [key for key in kept if now - key.made < KEPT_SECONDS]
    if not due or now - max(key.made for key in due) >= NEXT_AFTER_SECONDS:
        due.append(new_key(now))
    if due != kept:
        write(path, due)
    return due


def replace(path: Path, now: int) -> OwnKey:
    """Forget all keys and make one: for when somebody else may have them."""
    key = new_key(now)
    write(path, [key])
    return key


def read(path: Path) -> list[OwnKey]:
    """The keys of a file; none where there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [OwnKey(**values) for values in json.loads(text)]


def write(path: Path, keys: list[OwnKey]) -> None:
    """Write the file whole or not at all."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([{"kid": key.kid, "made": key.made, "private": key.private} for key in keys], file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
