"""homeroom.authenticator, on a real database in memory and with the configuration as it is rendered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from datetime import datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import bcrypt
import pytest
from homeroom.sign_in import accounts, attempts, removal
from homeroom.sign_in.authenticator import AccountAuthenticator
from homeroom.sign_in.front_door import SignIn
from homeroom.sign_in.known_names import made_by_administrator, mark_of, set_mark
from homeroom.sign_in.marks import LEAVING, REMOVED, RENEWED, TOKEN
from homeroom.sign_in.passwords import hashed
from homeroom.texts.refusal import Refusal
from jupyterhub.app import JupyterHub
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.orm import APIToken, OAuthClient, Service, User
from nativeauthenticator.orm import UserInfo
from sqlalchemy import event
from sqlalchemy.orm import Session
from tornado import web
from traitlets.config import Config

from tests.hub_config import loaded
from tests.hub_database import new_database

PASSWORD = "correct horse battery"
WRONG = "incorrect horse battery"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the fewest rounds: the tests are about who gets in, not about how long a guess takes."""
    monkeypatch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))


@pytest.fixture
def db() -> Session:
    """The hub's database."""
    return new_database()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The hub's configuration as `.env`'s defaults render it, but for three attempts."""
    return loaded(tmp_path_factory.mktemp("rendered"), LOGIN_ATTEMPTS="3", LOGIN_LOCKOUT_SECONDS="600")


@pytest.fixture
def authenticator(db: Session, rendered: Config) -> AccountAuthenticator:
    """The authenticator as it is rendered; `admin` was made by `make up`."""
    made = AccountAuthenticator(config=rendered, _deprecated_db_session=db)
    db.add(UserInfo(username="admin", password=hashed(PASSWORD), is_authorized=True))
    db.commit()
    return made


def caller(address: str, browser: list[Any] | None = None) -> Any:
    """The request of somebody at an address, with what a browser in which people have signed in sends along."""
    cookie = json.dumps(browser).encode() if browser else None
    request = SimpleNamespace(remote_ip=address)
    return SimpleNamespace(request=request, get_secure_cookie=lambda *_, **__: cookie)


def sign_in_by(authenticator: AccountAuthenticator, handler: Any, name: str, password: str) -> str | None:
    """The name that is signed in as, or None."""
    return asyncio.run(authenticator.authenticate(handler, {"username": name, "password": password}))


def sign_in(authenticator: AccountAuthenticator, name: str, password: str, address: str = "10.0.0.1") -> str | None:
    """The same, from an address."""
    return sign_in_by(authenticator, caller(address), name, password)


def approved(authenticator: AccountAuthenticator, name: str = "ada") -> None:
    """Sign somebody up and approve the account."""
    assert authenticator.create_user(name, PASSWORD)
    UserInfo.change_authorization(authenticator.db, name)


def test_the_administrator_signs_in(authenticator: AccountAuthenticator) -> None:
    """The account that `make up` makes is approved from the start, and its name may be typed in any case."""
    assert sign_in(authenticator, "admin", PASSWORD) == "admin"
    assert sign_in(authenticator, "Admin", PASSWORD) == "admin"
    assert sign_in(authenticator, "admin", WRONG) is None


@pytest.mark.parametrize("name", ["admin", "ADMIN", "Admin"])
def test_the_administrators_name_cannot_be_signed_up_for(
    db: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Before `make up` has made the administrator's account nobody can take it, and the try is in the log."""
    authenticator = AccountAuthenticator(config=loaded(tmp_path), _deprecated_db_session=db)
    authenticator.log = logging.getLogger("test")
    assert authenticator.create_user(name, PASSWORD) is None
    assert UserInfo.all_users(db) == []
    assert "Refused a sign-up" in caplog.text


def test_another_administrators_name_is_closed_too(authenticator: AccountAuthenticator) -> None:
    """An administrator that hub.d names is no easier to become."""
    authenticator.admin_users = {"admin", "second-teacher"}
    assert authenticator.create_user("second-teacher", PASSWORD) is None


def test_a_sign_up_waits_and_is_told_so(authenticator: AccountAuthenticator) -> None:
    """A new account cannot sign in before it is approved; whoever knows its password is told why."""
    assert authenticator.create_user("ada", PASSWORD)
    with pytest.raises(web.HTTPError, match="waits for the administrator's approval") as caught:
        sign_in(authenticator, "ada", PASSWORD)
    assert caught.value.status_code == 403
    UserInfo.change_authorization(authenticator.db, "ada")
    assert sign_in(authenticator, "ada", PASSWORD) == "ada"


def test_only_a_name_that_signs_in_as_it_stands_is_approved(authenticator: AccountAuthenticator) -> None:
    """Whose lab is started before they come has an approved account of exactly that name: no other spelling of it, or
    somebody would be made whom nobody can sign in as."""
    approved(authenticator, "kit")
    assert authenticator.create_user("waits", PASSWORD)
    names = ("kit", "waits", "nobody", "Kit", "KIT", "\u212ait", "kit ", "-kit", "")
    assert [name for name in names if authenticator.is_approved(name)] == ["kit"]


def test_a_stranger_does_not_learn_who_waits(authenticator: AccountAuthenticator) -> None:
    """With a wrong password a waiting account, an approved one and none at all answer alike."""
    authenticator.create_user("waiting", PASSWORD)
    approved(authenticator, "ada")
    assert [sign_in(authenticator, name, WRONG) for name in ("waiting", "ada", "nobody")] == [None] * 3


def test_an_account_cannot_be_taken_over_by_signing_up_again(authenticator: AccountAuthenticator) -> None:
    """A second sign-up for a name changes nothing of the first."""
    approved(authenticator)
    assert authenticator.create_user("ada", WRONG) is None
    assert authenticator.create_user("ADA", WRONG) is None
    assert sign_in(authenticator, "ada", PASSWORD) == "ada"


@pytest.mark.parametrize("name", ["-rf", "a b", "a/b", "a,b", "../ada", "ada\n", "ädä", "a" * 65, "", "."])
def test_a_name_that_could_harm_cannot_be_signed_up_for(authenticator: AccountAuthenticator, name: str) -> None:
    """Names that are not plain are refused; none reaches the engine or a path."""
    assert authenticator.create_user(name, PASSWORD) is None
    assert authenticator.get_user(name) is None


@pytest.mark.parametrize(
    ("password", "accepted"),
    [
        ("a7-bkd.wq", False),  # nine characters
        ("a7-bkd.wqx", True),  # ten
        ("1234567890", False),  # long enough, and common
        ("x" * 72, True),
        ("x" * 73, False),
        ("ä" * 36, True),  # 72 bytes
        ("ä" * 37, False),
        ("", False),
    ],
)
def test_passwords_are_long_enough_uncommon_and_fit(
    authenticator: AccountAuthenticator, password: str, *, accepted: bool
) -> None:
    """Short, common and over-long passwords (72 bytes is bcrypt's end) are refused at sign-up and not cut off."""
    assert authenticator.is_password_strong(password) == accepted
    assert (authenticator.create_user("ada", password) is not None) == accepted
    if accepted:
        UserInfo.change_authorization(authenticator.db, "ada")
        assert sign_in(authenticator, "ada", password) == "ada"


def test_a_password_is_compared_to_its_last_byte(authenticator: AccountAuthenticator) -> None:
    """An over-long password at sign-in is wrong, and not cut to a right one; it is no error either."""
    authenticator.create_user("ada", "x" * 72)
    UserInfo.change_authorization(authenticator.db, "ada")
    assert sign_in(authenticator, "ada", "x" * 73) is None
    assert sign_in(authenticator, "ada", "x" * 71) is None


def test_a_refused_password_change_changes_nothing(authenticator: AccountAuthenticator) -> None:
    """The rules hold for a changed password, too."""
    approved(authenticator)
    for password in ("short", "1234567890", "x" * 73):
        assert asyncio.run(authenticator.change_own_password("ada", password))
    assert sign_in(authenticator, "ada", PASSWORD) == "ada"


class Clock:
    """A clock that goes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(authenticator: AccountAuthenticator) -> Clock:
    """The clock by which the authenticator locks accounts."""
    made = Clock()
    authenticator._attempts = attempts.Attempts(3, 600, made)
    return made


def lock(authenticator: AccountAuthenticator, name: str = "ada", address: str = "10.0.0.9") -> None:
    """Type wrong passwords until the account is locked for that address."""
    for _ in range(3):
        assert sign_in(authenticator, name, WRONG, address) is None


def test_too_many_wrong_passwords_lock_whoever_guesses(authenticator: AccountAuthenticator) -> None:
    """After LOGIN_ATTEMPTS wrong ones from one address even the right password is refused there, with the time to wait;
    the person signs in from elsewhere, and others from there."""
    approved(authenticator)
    lock(authenticator)
    with pytest.raises(web.HTTPError, match="wait 10 min") as caught:
        sign_in(authenticator, "ada", PASSWORD, "10.0.0.9")
    assert caught.value.status_code == 403
    assert sign_in(authenticator, "ada", PASSWORD, "10.0.0.7") == "ada"
    assert sign_in(authenticator, "admin", PASSWORD, "10.0.0.9") == "admin"


def test_a_known_browser_is_not_locked_by_its_neighbours(authenticator: AccountAuthenticator) -> None:
    """A class shares an address. Where the person has signed in before, others' guesses from there lock nobody out;
    guesses in that browser do, and knowing it for one person is no help with another."""
    approved(authenticator)
    lock(authenticator)
    known = caller("10.0.0.9", ["a1b2", ["ada"]])
    assert sign_in_by(authenticator, known, "ada", PASSWORD) == "ada"
    for _ in range(3):
        assert sign_in_by(authenticator, known, "ada", WRONG) is None
    for guesser in (known, caller("10.0.0.9", ["a1b2", ["mallory"]])):
        with pytest.raises(web.HTTPError, match="Too many"):
            sign_in_by(authenticator, guesser, "ada", PASSWORD)


def test_a_thousand_guesses_lock_no_classroom_out(authenticator: AccountAuthenticator) -> None:
    """Somebody in the room guesses a thousand times, at everybody's password. Meanwhile thirty others behind the same
    address sign in, each in the browser that knows them, and so does one who was never here; only the guesser is
    locked."""
    classmates = [f"pupil{number:02}" for number in range(30)]
    for name in (*classmates, "newcomer"):
        approved(authenticator, name)
    guesser = caller("10.0.0.9")
    signed_in, locked = [], []

    async def everybody() -> None:
        for number in range(1000):
            guess = {"username": classmates[number % 30], "password": WRONG}
            try:
                assert await authenticator.authenticate(guesser, guess) is None
            except web.HTTPError:
                locked.append(number)
            if number % 33 == 32:
                name = classmates[number // 33]
                own = caller("10.0.0.9", [f"b{number}", [name]])
                signed_in.append(await authenticator.authenticate(own, {"username": name, "password": PASSWORD}))

    asyncio.run(everybody())
    assert signed_in == classmates
    assert len(locked) == 1000 - 3 * len(classmates)
    assert sign_in_by(authenticator, guesser, "newcomer", PASSWORD) == "newcomer"


def test_many_addresses_have_one_guess_each(authenticator: AccountAuthenticator) -> None:
    """Whoever guesses from all over has ten times as many guesses in all, and then one from each address; the person,
    who knows the password, needs no more."""
    approved(authenticator)
    for last in range(10):
        lock(authenticator, address=f"10.0.1.{last}")
    assert sign_in(authenticator, "ada", WRONG, "10.0.2.1") is None
    with pytest.raises(web.HTTPError, match="Too many"):
        sign_in(authenticator, "ada", PASSWORD, "10.0.2.1")
    assert sign_in(authenticator, "ada", PASSWORD, "10.0.2.2") == "ada"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),  # one machine has all of a network's addresses
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("", "", True),
    ],
)
def test_where_somebody_is(one: str, other: str, *, same: bool) -> None:
    """An address counts as one side, and so does a network of IPv6 that one machine has to itself."""
    assert (attempts.side_of(one) == attempts.side_of(other)) == same


def test_names_without_an_account_are_locked_alike(authenticator: AccountAuthenticator) -> None:
    """The lock tells nobody who has an account."""
    lock(authenticator, "nobody")
    with pytest.raises(web.HTTPError, match="Too many"):
        sign_in(authenticator, "nobody", PASSWORD, "10.0.0.9")


def test_a_new_password_lifts_the_lock(authenticator: AccountAuthenticator) -> None:
    """`make password` and the administrator's page let somebody in again who typed too many wrong ones."""
    approved(authenticator)
    lock(authenticator)
    assert asyncio.run(authenticator.change_own_password("ada", PASSWORD + "!")) is None
    assert sign_in(authenticator, "ada", PASSWORD + "!", "10.0.0.9") == "ada"


def test_what_the_shell_changes_counts_at_once(tmp_path: Path, rendered: Config) -> None:
    """The hub may hold an account in memory; a password that `make password` sets beside it is the one that opens."""
    path = tmp_path / "jupyterhub.sqlite"
    authenticator = AccountAuthenticator(config=rendered, _deprecated_db_session=new_database(str(path)))
    with contextlib.closing(accounts.open_database(path)) as database:
        accounts.add(database, {"ada": PASSWORD})
        held = authenticator.get_user("ada")
        assert sign_in(authenticator, "ada", PASSWORD) == "ada"
        assert accounts.set_password(database, "ada", PASSWORD + "!")
    assert held is not None
    assert sign_in(authenticator, "ada", PASSWORD) is None
    assert sign_in(authenticator, "ada", PASSWORD + "!") == "ada"


def test_no_memory_fills_with_guesses(authenticator: AccountAuthenticator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses for names that nobody has are forgotten, the oldest first."""
    monkeypatch.setattr(attempts, "MOST_COUNTS", 10)
    for number in range(20):
        sign_in(authenticator, f"nobody{number}", WRONG)
    assert len(authenticator.attempts._counts) == 10


def test_another_spelling_does_not_go_round_the_lock(authenticator: AccountAuthenticator) -> None:
    """Ada and ada are one account, also to the lock."""
    approved(authenticator)
    for name in ("ada", "Ada", "ADA"):
        sign_in(authenticator, name, WRONG)
    with pytest.raises(web.HTTPError, match="Too many"):
        sign_in(authenticator, "aDa", PASSWORD)


def test_a_right_password_clears_the_count(authenticator: AccountAuthenticator) -> None:
    """Wrong passwords count in a row only."""
    approved(authenticator)
    for _ in range(12):
        sign_in(authenticator, "ada", WRONG)
        sign_in(authenticator, "ada", WRONG)
        assert sign_in(authenticator, "ada", PASSWORD) == "ada"


@pytest.mark.parametrize("seconds", [601.0, 86405.0])
def test_a_lockout_ends(authenticator: AccountAuthenticator, clock: Clock, seconds: float) -> None:
    """When LOGIN_LOCKOUT_SECONDS are over the account opens, also after days, and the count starts from zero."""
    approved(authenticator)
    lock(authenticator)
    clock.now += seconds
    for _ in range(2):
        assert sign_in(authenticator, "ada", WRONG, "10.0.0.9") is None
    assert sign_in(authenticator, "ada", PASSWORD, "10.0.0.9") == "ada"


def test_a_lockout_lasts(authenticator: AccountAuthenticator, clock: Clock) -> None:
    """A moment before its end the account is still locked, and whoever knocks meanwhile makes it no longer."""
    approved(authenticator)
    lock(authenticator)
    for later in (300, 295):
        clock.now += later
        with pytest.raises(web.HTTPError):
            sign_in(authenticator, "ada", PASSWORD, "10.0.0.9")
    clock.now += 6
    assert sign_in(authenticator, "ada", PASSWORD, "10.0.0.9") == "ada"


def test_guesses_that_come_at_once_count_each(authenticator: AccountAuthenticator) -> None:
    """Whoever sends all their guesses in the same moment has no more of them than somebody who sends one by one."""
    approved(authenticator)

    async def guess() -> list[str | BaseException | None]:
        guesses = [{"username": "ada", "password": word} for word in (*[WRONG] * 5, PASSWORD)]
        return await asyncio.gather(
            *(authenticator.authenticate(None, each) for each in guesses), return_exceptions=True
        )

    answers = asyncio.run(guess())
    assert answers[:3] == [None] * 3
    assert [type(each) for each in answers[3:]] == [Refusal] * 3


def test_others_are_served_while_a_password_is_looked_at(
    authenticator: AccountAuthenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash takes a fifth of a second on purpose. The hub's one thread does not wait for it: a class signs in while
    labs start and pages are shown."""
    served = threading.Event()
    whole = bcrypt.hashpw, bcrypt.checkpw

    def slowly(step: int) -> Any:
        return lambda *given: served.wait(5) and whole[step](*given)

    monkeypatch.setattr(bcrypt, "hashpw", slowly(0))
    monkeypatch.setattr(bcrypt, "checkpw", slowly(1))

    async def sign_in_among_others() -> str | None:
        signing_in = asyncio.create_task(authenticator.authenticate(None, {"username": "admin", "password": PASSWORD}))
        await asyncio.sleep(0.01)
        served.set()
        return await signing_in

    assert asyncio.run(sign_in_among_others()) == "admin"


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "ada",
        {},
        {"username": "admin"},
        {"password": PASSWORD},
        {"username": ["admin"], "password": PASSWORD},
        {"username": "admin", "password": {}},
        {"username": "admin", "password": "\ud800" * 10},
        {"username": "\ud800", "password": PASSWORD},
        {"username": "admin", "password": PASSWORD + "\0"},
        {"username": "admin\0", "password": PASSWORD},
    ],
)
def test_a_form_that_is_none_signs_nobody_in(authenticator: AccountAuthenticator, data: Any) -> None:
    """Without name or password, with lists for words, with what is no text: a refusal, not an error of the hub."""
    assert asyncio.run(authenticator.authenticate(None, data)) is None


def test_who_has_no_account_is_refused_as_slowly(
    authenticator: AccountAuthenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wrong password costs one hash, whether the name has an account, waits, or is nobody's: time tells none."""
    assert authenticator.create_user("waits", PASSWORD)
    hashes: list[str] = []
    whole = bcrypt.hashpw, bcrypt.checkpw

    def counted(step: int, kind: str) -> Any:
        def count(*given: Any) -> Any:
            hashes.append(kind)
            return whole[step](*given)

        return count

    monkeypatch.setattr(bcrypt, "hashpw", counted(0, "new"))
    monkeypatch.setattr(bcrypt, "checkpw", counted(1, "kept"))
    for name in ("admin", "waits", "nobody"):
        assert sign_in(authenticator, name, WRONG) is None
    assert hashes == ["kept", "kept", "new"]


def test_a_password_that_is_changed_meanwhile_is_the_old_one(
    authenticator: AccountAuthenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is removed, or given another password, while the old one is still being looked at does not get in by it."""
    approved(authenticator)
    whole = bcrypt.checkpw

    def check(*given: Any) -> bool:
        account = authenticator.get_user("ada")
        assert account is not None
        account.password = hashed(PASSWORD + "!")
        return whole(*given)

    monkeypatch.setattr(bcrypt, "checkpw", check)
    assert sign_in(authenticator, "ada", PASSWORD) is None


def test_a_second_factor_that_nobody_asks_for_is_none(authenticator: AccountAuthenticator) -> None:
    """A field added to the sign-up form makes no account that can never sign in."""
    assert authenticator.create_user("ada", PASSWORD, has_2fa=True)
    UserInfo.change_authorization(authenticator.db, "ada")
    assert sign_in(authenticator, "ada", PASSWORD) == "ada"


def test_two_sign_ups_at_once_make_one_account(authenticator: AccountAuthenticator) -> None:
    """The second of two that come in the same moment is told that the name is taken, and the first password counts."""

    async def both() -> list[Any]:
        return await asyncio.gather(*(authenticator.sign_up("ada", word) for word in (PASSWORD, WRONG)))

    assert sum(made is not None for made in asyncio.run(both())) == 1
    assert len([each for each in UserInfo.all_users(authenticator.db) if each.username == "ada"]) == 1


def test_the_waiting_list_has_an_end(authenticator: AccountAuthenticator) -> None:
    """A guest who signs up for ever does not fill the hub's database."""
    authenticator.most_waiting = 2
    assert [authenticator.create_user(name, PASSWORD) is not None for name in ("a", "b", "c")] == [True, True, False]
    UserInfo.change_authorization(authenticator.db, "a")
    assert authenticator.create_user("c", PASSWORD)


class Labless:
    """The hub, as far as a removal asks for it, with people who have no labs."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.log = logging.getLogger("test")
        self.users = self

    def __getitem__(self, user: User) -> Any:
        async def nothing() -> None:
            """They have none."""

        return SimpleNamespace(orm_user=SimpleNamespace(orm_spawners={}), delete_spawners=nothing, row=user)

    def delete(self, user: Any) -> None:
        """Forget somebody."""
        self.db.delete(user.row)
        self.db.commit()


def remove(db: Session, name: str) -> None:
    """Remove a person, to the end."""

    async def whole() -> None:
        await removal.remove(Labless(db), name, "head")

    asyncio.run(whole())


def signed_in_before(db: Session, name: str = "ada") -> User:
    """The hub's record of somebody who has been here, with a token."""
    user = User(name=name, last_activity=datetime(2026, 1, 1))  # as the hub has it
    db.add_all([user, OAuthClient(identifier="jupyterhub")])
    db.commit()
    user.new_api_token(note="hers", scopes=[])
    return user


def test_who_was_removed_stays_away(authenticator: AccountAuthenticator, db: Session) -> None:
    """Account, tokens and record are gone, and nobody can sign up for the name: it would come with the home."""
    approved(authenticator)
    signed_in_before(db)
    remove(db, "ada")
    assert sign_in(authenticator, "ada", PASSWORD) is None
    assert User.find(db, "ada") is None
    assert db.query(APIToken).count() == 0
    assert mark_of(db, "ada") == REMOVED
    assert authenticator.create_user("ada", PASSWORD) is None
    for by_token in (False, True):
        handler = SimpleNamespace(_token_authenticated=by_token)
        assert asyncio.run(authenticator.refresh_user(User(name="ada"), handler)) is False


def test_a_name_that_was_left_by_an_older_version_is_nobodys(authenticator: AccountAuthenticator, db: Session) -> None:
    """Who was discarded without being removed left a record, and a home: their name cannot be signed up for either, and
    their tokens are worth nothing."""
    signed_in_before(db)
    assert authenticator.create_user("ada", PASSWORD) is None
    by_token = SimpleNamespace(_token_authenticated=True)
    assert asyncio.run(authenticator.refresh_user(User(name="ada"), by_token)) is False


def test_whom_groups_name_signs_up_for_their_name(authenticator: AccountAuthenticator, db: Session) -> None:
    """A record that the configuration made, for somebody who has never been here, keeps nobody from their name."""
    db.add(User(name="ada"))
    db.commit()
    assert authenticator.create_user("ada", PASSWORD)


def test_the_names_of_services_and_machines_are_taken(authenticator: AccountAuthenticator, db: Session) -> None:
    """Nobody signs up as a service, as somebody who is being removed, or as a user made for tokens."""
    db.add(Service(name="prewarm"))
    set_mark(db, "leaver", LEAVING)
    made_by_administrator(db, "machine")
    db.commit()
    for name in ("prewarm", "leaver", "machine", "Machine"):
        assert authenticator.create_user(name, PASSWORD) is None


def test_a_user_made_for_tokens_takes_over_a_sign_up(authenticator: AccountAuthenticator, db: Session) -> None:
    """A guest who waits under that name gets nothing by a later approval; an approved account stays."""
    assert authenticator.create_user("machine", PASSWORD)
    made_by_administrator(db, "machine")
    assert authenticator.get_user("machine") is None
    assert mark_of(db, "machine") == TOKEN
    made_by_administrator(db, "admin")
    assert mark_of(db, "admin") is None
    assert sign_in(authenticator, "admin", PASSWORD) == "admin"


def test_a_name_that_is_given_again_starts_anew(authenticator: AccountAuthenticator, db: Session) -> None:
    """With `make account` for somebody of whom a record was left, what was signed in or handed out before is worth
    nothing, and is gone once they sign in."""
    user = signed_in_before(db)
    cookie = user.cookie_id
    db.add(UserInfo(username="ada", password=hashed(PASSWORD), is_authorized=True))
    set_mark(db, "ada", RENEWED)
    db.commit()
    assert asyncio.run(authenticator.refresh_user(user)) is False
    assert sign_in(authenticator, "ada", PASSWORD) == "ada"
    assert asyncio.run(authenticator.refresh_user(user)) is True
    assert user.cookie_id != cookie
    assert user.api_tokens == []


def test_a_sign_up_costs_the_same_however_many_accounts_there_are(authenticator: AccountAuthenticator) -> None:
    """The hub stands still for each question to its database: it does not ask for each account that there is."""
    asked: list[str] = []
    event.listen(authenticator.db.get_bind(), "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert authenticator.create_user("first", PASSWORD)
    few = len(asked)
    authenticator.db.add_all(UserInfo(username=f"former{number}", password=b"x") for number in range(50))
    authenticator.db.commit()
    asked.clear()
    assert authenticator.create_user("last", PASSWORD)
    assert len(asked) == few, asked


def test_whom_hub_d_allows_needs_no_approval(authenticator: AccountAuthenticator) -> None:
    """A name that the operator lists signs up and in; the others wait, as ever."""
    authenticator.allowed_users = {"listed"}
    assert [authenticator.create_user(name, PASSWORD).is_authorized for name in ("listed", "other")] == [True, False]
    assert authenticator.get_authed_users() == {"admin", "listed"}


def test_who_is_no_longer_approved_is_signed_out(authenticator: AccountAuthenticator, db: Session) -> None:
    """The hub asks again every few minutes: whose approval was taken back, and who was deleted, must sign in anew."""
    approved(authenticator)
    assert asyncio.run(authenticator.refresh_user(User(name="ada"))) is True
    UserInfo.change_authorization(db, "ada")
    assert asyncio.run(authenticator.refresh_user(User(name="ada"))) is False
    assert asyncio.run(authenticator.refresh_user(User(name="nobody"))) is False


def test_an_approval_that_is_taken_back_is_no_error_of_the_hubs(authenticator: AccountAuthenticator) -> None:
    """JupyterHub asks somebody who came by cookie to sign in again, in a line of the log: its own handler reads what it
    sets for tokens alone, and would write a traceback at every request of theirs."""
    approved(authenticator)
    UserInfo.change_authorization(authenticator.db, "ada")
    user, said = SimpleNamespace(name="ada", _auth_refreshed=0.0), Mock()
    handler = SimpleNamespace(authenticator=authenticator, log=said, _jupyterhub_user=user)
    assert asyncio.run(BaseHandler.refresh_auth(handler, user)) is None
    said.warning.assert_called_once()


def test_a_token_needs_an_approval_too(authenticator: AccountAuthenticator) -> None:
    """Whose approval was taken back gets nothing by a token either, nor does who has no account; a user whom an
    administrator made for tokens, and who is marked so, does."""
    approved(authenticator)
    UserInfo.change_authorization(authenticator.db, "ada")
    made_by_administrator(authenticator.db, "machine")
    by_token = SimpleNamespace(_token_authenticated=True)
    assert asyncio.run(authenticator.refresh_user(User(name="ada"), by_token)) is False
    assert asyncio.run(authenticator.refresh_user(User(name="machine"), by_token)) is True
    assert asyncio.run(authenticator.refresh_user(User(name="machine"))) is False
    assert asyncio.run(authenticator.refresh_user(User(name="nobody"), by_token)) is False


@pytest.fixture
def door(db: Session, rendered: Config) -> SignIn:
    """The hub's authenticator as it is rendered, with accounts as its one way."""
    return SignIn(config=rendered, _deprecated_db_session=db)


def handlers(door: SignIn) -> list[tuple[str, Any]]:
    """The pages of the authenticator."""
    return list(door.get_handlers(JupyterHub()))


@pytest.mark.parametrize("path", ["/authorize/([^/]*)", "/discard/([^/]*)"])
def test_accounts_change_by_a_form_alone(door: SignIn, path: str) -> None:
    """Approving and discarding take a POST, which the hub guards against other sites; a mere link does nothing."""
    (handler,) = [handler for found, handler in handlers(door) if found == path]
    defined = {name for cls in handler.__mro__[: handler.__mro__.index(web.RequestHandler)] for name in vars(cls)}
    assert "post" in defined
    assert "get" not in defined


def test_each_page_is_there_once(door: SignIn) -> None:
    """No page of NativeAuthenticator stands behind one of ours."""
    paths = [path for path, _ in handlers(door)]
    assert len(paths) == len(set(paths))
    assert {"/login", "/logout", "/link", "/signup", "/authorize"} <= set(paths)


def test_tokens_are_refreshed_strictly(door: SignIn) -> None:
    """Who is out by the authenticator's word is out with their tokens, too; JupyterHub alone would go on."""
    assert door.auth_refresh_strict
