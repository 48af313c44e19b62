"""homeroom.sign_in.one_use: secrets that are good once, on a real database."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from homeroom.sign_in.one_use import Fault, Found, KeptSecret, NotGood, OneUse
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.hub_database import new_database

KIND = OneUse("kind")


@pytest.fixture
def db() -> Session:
    """The hub's database."""
    return new_database()


def fault(db: Session, secret: str, browser: str | None, kind: OneUse = KIND) -> Fault:
    """Why a secret is worth nothing."""
    with pytest.raises(NotGood) as caught:
        kind.find(db, secret, browser)
    return caught.value.fault


def test_a_secret_is_good_once(db: Session) -> None:
    """What was kept with it comes back, and a second time it is known as used."""
    begun = KIND.begin(db, {"where": "/hub/home", "here": True})
    found = KIND.find(db, begun.secret, begun.browser)
    assert found.value == {"where": "/hub/home", "here": True}
    KIND.take(db, found)
    assert fault(db, begun.secret, begun.browser) is Fault.USED


def test_of_two_requests_at_once_one_takes_it(db: Session) -> None:
    """Two that have both found it before either is done are one."""
    begun = KIND.begin(db, {})
    found = [KIND.find(db, begun.secret, begun.browser) for _ in range(2)]
    KIND.take(db, found[0])
    with pytest.raises(NotGood) as caught:
        KIND.take(db, found[1])
    assert caught.value.fault is Fault.USED


def test_what_was_used_stays_used_whatever_becomes_of_the_request(db: Session) -> None:
    """A rollback, which any other request may bring about, makes no secret good again."""
    begun = KIND.begin(db, {})
    KIND.take(db, KIND.find(db, begun.secret, begun.browser))
    KIND.spend(db, "nonce")
    db.rollback()
    assert fault(db, begun.secret, begun.browser) is Fault.USED
    with pytest.raises(NotGood):
        KIND.spend(db, "nonce")


def test_a_stolen_secret_is_worth_nothing_and_spoils_nothing(db: Session) -> None:
    """It is good in the browser alone that began, and among its own kind; who tries otherwise uses nothing up."""
    begun, other = KIND.begin(db, {}), KIND.begin(db, {})
    assert fault(db, begun.secret, other.browser) is Fault.OTHER_BROWSER
    assert fault(db, begun.secret, None) is Fault.NO_BROWSER
    assert fault(db, "guessed \udcff", begun.browser) is Fault.UNKNOWN
    assert fault(db, begun.secret, begun.browser, OneUse("another")) is Fault.UNKNOWN
    KIND.take(db, KIND.find(db, begun.secret, begun.browser))


def test_a_secret_ends_after_ten_minutes(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes later begins anew; what is over is forgotten."""
    kind = OneUse("kind")
    begun = kind.begin(db, {})
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 599)
    assert kind.find(db, begun.secret, begun.browser)
    monkeypatch.setattr(time, "time", lambda: now + 601)
    assert fault(db, begun.secret, begun.browser) is Fault.UNKNOWN
    kind.begin(db, {})
    assert db.query(KeptSecret).count() == 1


def test_a_restart_of_the_hub_ends_none(tmp_path: Path) -> None:
    """Who is on the way while the hub restarts comes back as if nothing had been, and a nonce stays spent."""
    path = str(tmp_path / "hub.sqlite")
    before = new_database(path)
    begun = KIND.begin(before, {})
    KIND.spend(before, "nonce")
    before.close()
    with Session(create_engine(f"sqlite:///{path}")) as after:
        assert isinstance(OneUse("kind").find(after, begun.secret, begun.browser), Found)
        with pytest.raises(NotGood):
            OneUse("kind").spend(after, "nonce")


def test_the_database_holds_no_secret(db: Session) -> None:
    """Who reads it, or a copy of it, can end nobody's sign-in."""
    begun = KIND.begin(db, {})
    KIND.spend(db, "nonce")
    kept = {str(value) for row in db.query(KeptSecret) for value in vars(row).values()}
    assert kept.isdisjoint({begun.secret, begun.browser, "nonce"})


def test_a_nonce_is_spent_once_for_as_long_as_it_is_remembered(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second time it is refused, and not among another's; when its time is over it is as if it had never been."""
    first, other = OneUse("first", life_seconds=90), OneUse("other", life_seconds=90)
    first.spend(db, "nonce")
    other.spend(db, "nonce")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 89)
    with pytest.raises(NotGood):
        first.spend(db, "nonce")
    monkeypatch.setattr(time, "time", lambda: now + 91)
    first.spend(db, "nonce")


def test_who_floods_it_fills_nothing(db: Session) -> None:
    """Beyond the bound the oldest goes for each new one; another kind's are left alone."""
    kind, other = OneUse("kind", most=5), OneUse("other")
    kept = other.begin(db, {})
    begun = [kind.begin(db, {}) for _ in range(8)]
    assert db.query(KeptSecret).filter_by(kind="kind").count() == 5
    assert fault(db, begun[0].secret, begun[0].browser, kind) is Fault.UNKNOWN
    assert kind.find(db, begun[-1].secret, begun[-1].browser)
    assert other.find(db, kept.secret, kept.browser)


def test_a_flood_makes_nothing_good_again(db: Session) -> None:
    """What was used is remembered for its time, however many others begin."""
    kind = OneUse("kind", most=5)
    used = kind.begin(db, {})
    kind.take(db, kind.find(db, used.secret, used.browser))
    kind.spend(db, "nonce")
    for _ in range(20):
        kind.begin(db, {})
    assert fault(db, used.secret, used.browser, kind) is Fault.USED
    with pytest.raises(NotGood):
        kind.spend(db, "nonce")
