"""Platforms that speak LTI 1.1: each signs its launches by a secret that it shares with this hub."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.lti.platform import WAY
from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

SECRETS = "LTI_SECRETS"


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """One such platform; LTI 1.1 calls it a consumer.

    :param name: its word here: in names of groups, and in what people are told.
    :param key: what it calls itself in a launch.
    :param secret: what it signs by; empty: the hub was told none, and no launch of it is taken.
    :param url: where it is; empty: launches may come from any website.
    """

    name: str
    key: str
    secret: str
    url: str = ""

    @property
    def way(self) -> str:
        """The source of identities that it is."""
        return f"{WAY}:{self.name}"

    @property
    def issuer(self) -> str:
        """Who vouches for its people. No issuer of LTI 1.3 is written so: those are addresses."""
        return f"key:{self.key}"


def read(listed: Iterable[Mapping[str, Any]]) -> tuple[Consumer, ...]:
    """The consumers of the configuration, with their secrets, which the environment holds: `name:secret,...`."""
    pairs = (each.partition(":") for each in os.environ.get(SECRETS, "").split(","))
    secrets = {name: secret for name, _, secret in pairs}
    return tuple(Consumer(**values, secret=secrets.get(values["name"], "")) for values in listed)


def choose(known: Iterable[Consumer], key: str) -> Consumer:
    """The consumer that a launch names.

    :raises Refused: there is none, or the hub has no secret of it.
    """
    found = next((each for each in known if each.key == key), None)
    if found is None:
        raise Refused(
            "unknown-key",
            say("lti.unknown_platform"),
            detail=f"consumer key {key[:100]!r}",
            remedy="Compare the consumer key at the platform with `key` in site/lti.yaml, letter by letter.",
        )
    if not found.secret:
        raise Refused(
            "no-secret",
            say("lti.unknown_platform"),
            detail=f"the hub was told no secret of {found.name}",
            remedy=f"Add {found.name}:<secret> to {SECRETS} in .env, then make up.",
        )
    return found
