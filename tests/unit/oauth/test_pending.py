"""homeroom.oauth.pending: what a sign-in needs to end stays in the hub, and serves once."""

from __future__ import annotations

import base64
import hashlib
import time
from pathlib import Path

import pytest
from homeroom.oauth import pending
from homeroom.oauth.pending import PendingSignIn, begin, take
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.hub_database import new_database


@pytest.fixture
def db() -> Session:
    """The hub's database."""
    return new_database()


def test_a_sign_in_ends_once(db: Session) -> None:
    """What comes back by its own way, in its own browser, is taken; a second time there is nothing."""
    begun = begin(db, "github", "/hub/home")
    found = take(db, "github", begun.state, begun.browser)
    assert found is not None
    assert (found.next_url, found.nonce) == ("/hub/home", begun.nonce)
    assert take(db, "github", begun.state, begun.browser) is None


def test_the_verifier_fits_its_challenge(db: Session) -> None:
    """The provider is shown the hash of what it is shown later, as RFC 7636 writes it."""
    begun = begin(db, "github", "")
    found = take(db, "github", begun.state, begun.browser)
    assert found is not None
    digest = hashlib.sha256(found.verifier.encode()).digest()
    assert base64.urlsafe_b64decode(begun.challenge + "=") == digest


def test_a_stolen_state_is_worth_nothing(db: Session) -> None:
    """Whoever has the state but not the browser ends nobody's sign-in, and does not spoil it."""
    begun = begin(db, "github", "")
    assert take(db, "github", begun.state, "guessed") is None
    assert take(db, "gitlab", begun.state, begun.browser) is None
    assert take(db, "github", "guessed", begun.browser) is None
    assert take(db, "github", begun.state, begun.browser) is not None


def test_tabs_do_not_disturb_each_other(db: Session) -> None:
    """Any number of sign-ins of one browser go on side by side, each with a cookie of its own."""
    tabs = [begin(db, "github", f"/{number}") for number in range(30)]
    assert len({pending.cookie_name(tab.state) for tab in tabs}) == 30
    for number, tab in reversed(list(enumerate(tabs))):
        found = take(db, "github", tab.state, tab.browser)
        assert found is not None
        assert found.next_url == f"/{number}"


def test_a_sign_in_is_given_up_after_ten_minutes(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes back later begins anew; what was kept of it is gone."""
    begun = begin(db, "github", "")
    monkeypatch.setattr(time, "time", lambda: 1e12)
    assert take(db, "github", begun.state, begun.browser) is None
    begin(db, "github", "")
    assert db.query(PendingSignIn).count() == 1


def test_a_restart_of_the_hub_ends_no_sign_in(tmp_path: Path) -> None:
    """Who is at the provider while the hub restarts comes back as if nothing had been."""
    path = str(tmp_path / "hub.sqlite")
    before = new_database(path)
    begun = begin(before, "github", "/hub/home")
    before.close()
    with Session(create_engine(f"sqlite:///{path}")) as after:
        assert take(after, "github", begun.state, begun.browser) is not None


def test_the_database_holds_no_state_and_no_cookie(db: Session) -> None:
    """Who reads the database, or a copy of it, can end nobody's sign-in."""
    begun = begin(db, "github", "")
    row = db.query(PendingSignIn).one()
    assert not {begun.state, begun.browser} & {str(value) for value in vars(row).values()}


def test_who_floods_it_fills_nothing(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest sign-in goes for each new one."""
    monkeypatch.setattr(pending, "MAX_UNDER_WAY", 5)
    begun = [begin(db, "github", "x" * 5000) for _ in range(8)]
    assert db.query(PendingSignIn).count() == 5
    assert take(db, "github", begun[0].state, begun[0].browser) is None
    last = take(db, "github", begun[-1].state, begun[-1].browser)
    assert last is not None
    assert len(last.next_url) <= 2048
