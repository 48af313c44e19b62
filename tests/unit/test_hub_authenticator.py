"""homeroom.authenticator, on a real database in memory and with the configuration as it is rendered."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
from homeroom import accounts
from homeroom.authenticator import AccountAuthenticator
from jupyterhub.app import JupyterHub
from jupyterhub.orm import User
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
    assert accounts.set_password(db, "admin", PASSWORD, create=True)
    return made


def sign_in(authenticator: AccountAuthenticator, name: str, password: str) -> str | None:
    """The name that is signed in as, or None."""
    return asyncio.run(authenticator.authenticate(None, {"username": name, "password": password}))


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
        assert not authenticator.change_password("ada", password)
    assert sign_in(authenticator, "ada", PASSWORD) == "ada"


def lock(authenticator: AccountAuthenticator, name: str = "ada") -> None:
    """Type wrong passwords until the account is locked."""
    for _ in range(3):
        assert sign_in(authenticator, name, WRONG) is None


def pass_time(authenticator: AccountAuthenticator, **ago: float) -> None:
    """Let the wrong passwords lie longer ago."""
    for attempts in authenticator.login_attempts.values():
        attempts["time"] -= timedelta(**ago)


def test_too_many_wrong_passwords_lock_an_account(authenticator: AccountAuthenticator) -> None:
    """After LOGIN_ATTEMPTS wrong ones even the right password is refused, with the time to wait; others get in."""
    approved(authenticator)
    lock(authenticator)
    with pytest.raises(web.HTTPError, match="Wait 10 min") as caught:
        sign_in(authenticator, "ada", PASSWORD)
    assert caught.value.status_code == 403
    assert sign_in(authenticator, "admin", PASSWORD) == "admin"


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
    for _ in range(2):
        sign_in(authenticator, "ada", WRONG)
        sign_in(authenticator, "ada", WRONG)
        assert sign_in(authenticator, "ada", PASSWORD) == "ada"


@pytest.mark.parametrize("ago", [{"seconds": 601.0}, {"days": 1.0, "seconds": 5.0}, {"days": 400.0}, {"hours": -1.0}])
def test_a_lockout_ends(authenticator: AccountAuthenticator, ago: dict[str, float]) -> None:
    """When LOGIN_LOCKOUT_SECONDS are over the account opens, also after days, and the count starts from zero; clocks
    that are put back make it no longer."""
    approved(authenticator)
    lock(authenticator)
    pass_time(authenticator, **ago)
    assert sign_in(authenticator, "ada", WRONG) is None
    assert sign_in(authenticator, "ada", WRONG) is None
    assert sign_in(authenticator, "ada", PASSWORD) == "ada"


def test_a_lockout_lasts(authenticator: AccountAuthenticator) -> None:
    """A moment before its end the account is still locked."""
    approved(authenticator)
    lock(authenticator)
    pass_time(authenticator, seconds=595)
    with pytest.raises(web.HTTPError):
        sign_in(authenticator, "ada", PASSWORD)


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
    assert [type(each) for each in answers[3:]] == [web.HTTPError] * 3


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


@pytest.mark.parametrize("data", [{}, {"username": "ada"}, {"password": PASSWORD}])
def test_an_incomplete_form_signs_nobody_in(authenticator: AccountAuthenticator, data: dict[str, str]) -> None:
    """A form without name or password is a refusal, not an error of the hub."""
    assert asyncio.run(authenticator.authenticate(None, data)) is None


def test_a_deleted_account_can_be_had_again(authenticator: AccountAuthenticator, db: Session) -> None:
    """Deleting a person on the hub's own page deletes the account; the name is free, and waits for approval again."""
    approved(authenticator)
    authenticator.delete_user(User(name="ada"))
    assert sign_in(authenticator, "ada", PASSWORD) is None
    assert authenticator.create_user("ada", PASSWORD)
    with pytest.raises(web.HTTPError, match="approval"):
        sign_in(authenticator, "ada", PASSWORD)


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


def test_a_token_needs_an_approval_too(authenticator: AccountAuthenticator) -> None:
    """Whose approval was taken back gets nothing by a token either; a user without an account, whom an administrator
    made for a token, does."""
    approved(authenticator)
    UserInfo.change_authorization(authenticator.db, "ada")
    by_token = SimpleNamespace(_token_authenticated=True)
    assert authenticator.auth_refresh_strict
    assert asyncio.run(authenticator.refresh_user(User(name="ada"), by_token)) is False
    assert asyncio.run(authenticator.refresh_user(User(name="machine"), by_token)) is True


def handlers(authenticator: AccountAuthenticator) -> list[tuple[str, Any]]:
    return list(authenticator.get_handlers(JupyterHub()))


@pytest.mark.parametrize("path", ["/authorize/([^/]*)", "/discard/([^/]*)"])
def test_accounts_change_by_a_form_alone(authenticator: AccountAuthenticator, path: str) -> None:
    """Approving and discarding take a POST, which the hub guards against other sites; a mere link does nothing."""
    (handler,) = [handler for found, handler in handlers(authenticator) if found == path]
    defined = {name for cls in handler.__mro__[: handler.__mro__.index(web.RequestHandler)] for name in vars(cls)}
    assert "post" in defined
    assert "get" not in defined


def test_each_page_is_there_once(authenticator: AccountAuthenticator) -> None:
    """No page of NativeAuthenticator stands behind one of ours."""
    paths = [path for path, _ in handlers(authenticator)]
    assert len(paths) == len(set(paths))
    assert {"/login", "/signup", "/authorize"} <= set(paths)
