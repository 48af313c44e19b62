"""homeroom.hub.loopback and generator.schema.addresses: which hosts are this machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from homeroom.hub import loopback

from generator.schema import addresses

OWN = ("localhost", "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1")
OTHERS = (
    "",
    "hub.localhost",
    "localhost.localdomain",
    "localhost.example",
    "0.0.0.0",
    "10.0.0.1",
    "::",
    "2001:db8::1",
)


@pytest.mark.parametrize("is_loopback", [loopback.is_loopback, addresses.is_loopback])
def test_both_sides_agree_which_hosts_are_this_machine(is_loopback: Callable[[str], bool]) -> None:
    """What `make check` lets pass without encryption the hub does, and nothing that somebody else may answer for."""
    assert all(map(is_loopback, OWN))
    assert not any(map(is_loopback, OTHERS))
