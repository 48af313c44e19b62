"""homeroom.oauth.pending: what a sign-in needs to end stays in the hub, and serves once."""

from __future__ import annotations

import base64
import hashlib

import pytest
from homeroom.oauth.pending import Pending, cookie_name
from sqlalchemy.orm import Session

from tests.hub_database import new_database

GITHUB = Pending("github")


@pytest.fixture
def db() -> Session:
    """The hub's database."""
    return new_database()


def test_a_sign_in_ends_once(db: Session) -> None:
    """What comes back by its own way, in its own browser, is taken; a second time there is nothing."""
    begun = GITHUB.begin(db, "/hub/home", from_here=False)
    found = GITHUB.take(db, begun.state, begun.browser)
    assert found is not None
    assert (found.next_url, found.nonce, found.from_here) == ("/hub/home", begun.nonce, False)
    assert GITHUB.take(db, begun.state, begun.browser) is None


def test_the_verifier_fits_its_challenge(db: Session) -> None:
    """The provider is shown the hash of what it is shown later, as RFC 7636 writes it."""
    begun = GITHUB.begin(db, "")
    found = GITHUB.take(db, begun.state, begun.browser)
    assert found is not None
    digest = hashlib.sha256(found.verifier.encode()).digest()
    assert base64.urlsafe_b64decode(begun.challenge + "=") == digest


def test_a_stolen_state_is_worth_nothing(db: Session) -> None:
    """Whoever has the state but not the browser ends nobody's sign-in, nor does another way, and none spoils it."""
    begun = GITHUB.begin(db, "")
    assert GITHUB.take(db, begun.state, "guessed") is None
    assert Pending("gitlab").take(db, begun.state, begun.browser) is None
    assert GITHUB.take(db, "guessed", begun.browser) is None
    assert GITHUB.take(db, begun.state, begun.browser) is not None


def test_tabs_do_not_disturb_each_other(db: Session) -> None:
    """Any number of sign-ins of one browser go on side by side, each with a cookie of its own."""
    tabs = [GITHUB.begin(db, f"/{number}") for number in range(30)]
    assert len({cookie_name(tab.state) for tab in tabs}) == 30
    for number, tab in reversed(list(enumerate(tabs))):
        found = GITHUB.take(db, tab.state, tab.browser)
        assert found is not None
        assert found.next_url == f"/{number}"


def test_no_address_is_kept_that_is_longer_than_any(db: Session) -> None:
    """Anybody can begin a sign-in: what is kept of each has an end. Half an address is none."""
    for length, kept in ((4096, 4096), (4097, 0)):
        begun = GITHUB.begin(db, "x" * length)
        found = GITHUB.take(db, begun.state, begun.browser)
        assert found is not None
        assert len(found.next_url) == kept
