"""Accounts that the hub itself keeps: sign-up, approval, password rules, lockout."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from typing import Any

from jupyterhub.orm import User
from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.orm import UserInfo
from sqlalchemy import func, text
from sqlalchemy.exc import IntegrityError
from traitlets import Integer, Set, Unicode

from homeroom.sign_in import known_browsers, removal
from homeroom.sign_in.attempts import Attempts, side_of
from homeroom.sign_in.known_names import account_of, clear_mark, is_spoken_for, mark_of
from homeroom.sign_in.marks import RENEWED, TOKEN
from homeroom.sign_in.names import PlainNames
from homeroom.sign_in.passwords import encoded, hashed, matches
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import Said, say

ONE_ACCOUNT = "CREATE UNIQUE INDEX IF NOT EXISTS homeroom_one_account ON users_info (username)"
"""Two sign-ups in the same moment, or one beside `make account`, make one account."""


class NotApproved(Refusal):
    """The password is right, and the account may not be used yet."""

    def __init__(self) -> None:
        super().__init__(403, "sign_in.waits")


class AccountAuthenticator(PlainNames, NativeAuthenticator):
    """NativeAuthenticator, closed where it is open; the way `native` asks it.

    - The administrators' names cannot be signed up for: whoever came first would be administrator. Their accounts are
      made by `homeroom.sign_in.accounts`, from the server's own shell. Nor can names of services, of users made for
      tokens, and of people who were removed: their homes are still there.
    - A password longer than bcrypt takes is refused at sign-up instead of failing there.
    - Hashes are computed in threads, and for names without an account too: sign-in tells nobody who has one.
    - Guessing ends in a lock for whoever guesses, and for nobody else: see `homeroom.sign_in.attempts`.
    - Whose approval is taken back is out at once: sessions and tokens are worth nothing until it is given again.
    - Accounts are approved, discarded and removed by a form, not by a link that any page could make an administrator
      follow.
    """

    most_waiting = Integer(
        1000, config=True, help="Sign-ups that may wait for approval at a time; whoever comes then is asked to wait."
    )
    reserved_names = Set(
        Unicode(), config=True, help="Names that nobody can sign up for, such as those that files of `site/` give more."
    )
    _attempts: Attempts | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        with contextlib.suppress(IntegrityError):  # an older version made two of one name: they stay as they are
            self.db.execute(text(ONE_ACCOUNT))
        self.db.commit()

    def get_user(self, username: str) -> UserInfo | None:
        """Somebody's account, as it is now."""
        return account_of(self.db, self.normalize_username(username))

    @property
    def attempts(self) -> Attempts:
        """The wrong passwords of the last minutes."""
        if self._attempts is None:
            self._attempts = Attempts(self.allowed_failed_logins, self.seconds_before_next_try)
        return self._attempts

    def may_sign_up(self, name: str) -> bool:
        """Whether a newcomer can have this name."""
        if not self.validate_username(name) or self.get_user(name) is not None:
            return False
        if name in self.admin_users | self.reserved_names or is_spoken_for(self.db, name):
            self.log.warning("Refused a sign-up for %r, which is an administrator's or was somebody's", name)
            return False
        return True

    @property
    def waiting_list_is_full(self) -> bool:
        """Whether as many people wait for approval as may."""
        waiting: int = self.db.query(func.count(UserInfo.id)).filter(UserInfo.is_authorized.is_not(True)).scalar()
        return waiting >= self.most_waiting

    def create_user(self, username: str, password: str, **kwargs: Any) -> Any:
        """Sign a person up; None where the name or password is refused. It computes a hash: the pages use `sign_up`."""
        name = self.normalize_username(username)
        if not self._may_make(name, password):
            return None
        return self._make_account(name, hashed(password), **kwargs)

    async def sign_up(self, username: str, password: str, **kwargs: Any) -> Any:
        """As `create_user`, without keeping the hub."""
        name = self.normalize_username(username)
        if not self._may_make(name, password):
            return None
        secret = await asyncio.to_thread(hashed, password)
        return self._make_account(name, secret, **kwargs)

    def _may_make(self, name: str, password: str) -> bool:
        return (
            self.enable_signup
            and self.may_sign_up(name)
            and self.password_fault(password) is None
            and not self.waiting_list_is_full
        )

    def _make_account(self, name: str, secret: bytes, *, email: str = "", has_2fa: bool = False) -> Any:
        """Make an account of a name that was free a moment ago; None where it is no longer, or the e-mail is none."""
        if not self.may_sign_up(name):
            return None
        approved = self.open_signup or name in self.get_authed_users()
        try:
            account = UserInfo(
                username=name,
                password=secret,
                email=email,
                has_2fa=has_2fa and self.allow_2fa,  # or nobody would ever ask for the second factor
                is_authorized=approved,
            )
        except AssertionError:  # NativeAuthenticator's way of refusing an address
            return None
        if self.allow_self_approval_for and not approved and re.match(self.allow_self_approval_for, email):
            self.send_approval_email(email, self.generate_approval_url(name))
            account.login_email_sent = True
        try:
            self.db.add(account)
            self.db.commit()
        except IntegrityError:
            self.db.rollback()
            return None
        return account

    def get_authed_users(self) -> set[str]:
        """Whoever needs no approval, asked for at once. NativeAuthenticator asks for each account, at each sign-up."""
        approved = self.db.query(UserInfo.username).filter(UserInfo.is_authorized)
        return {*(name for (name,) in approved), *self.allowed_users, *self.admin_users}

    def is_approved(self, username: str) -> bool:
        """Whether there is an account of exactly this name that may sign in."""
        if username != self.normalize_username(username) or not self.validate_username(username):
            return False
        account = self.get_user(username)
        return account is not None and bool(account.is_authorized)

    async def refresh_user(self, user: Any, handler: Any = None) -> bool:
        """Whether somebody who is signed in stays so; asked every five minutes (`auth_refresh_age`), and at once when
        an approval is taken back. Without it, who has none would go on for as long as their cookie holds, and with a
        token for ever. A user who was made for tokens has no account to approve, and is marked as such.
        """
        mark = mark_of(self.db, user.name)
        by_token = bool(getattr(handler, "_token_authenticated", False))
        if handler is not None:
            handler._token_authenticated = by_token  # JupyterHub reads it after a refusal, and sets it for tokens alone
        if self.get_user(user.name) is None:
            return mark == TOKEN and by_token
        return mark != RENEWED and self.is_approved(user.name)

    def is_password_strong(self, password: str) -> bool:
        """Whether the password is long enough, not too long for bcrypt, and not a common one."""
        return self.password_fault(password) is None

    def password_fault(self, password: str) -> Said | None:
        """What is wrong with a password, for the person who chose it."""
        if len(password) < self.minimum_password_length:
            return say("accounts.password.short", least=self.minimum_password_length)
        if encoded(password) is None:
            return say("accounts.password.long")
        if not super().is_password_strong(password):
            return say("accounts.password.common")
        return None

    async def change_own_password(self, name: str, password: str) -> Said | None:
        """Give an account another password, without keeping the hub. Its counts of wrong ones begin anew.

        :returns: what is wrong with the password; None where it is changed.
        """
        fault = self.password_fault(password)
        if fault is not None:
            return fault
        secret = await asyncio.to_thread(hashed, password)
        account = self.get_user(name)
        if account is None:
            return say("accounts.password.gone")
        account.password = secret
        self.db.commit()
        return None

    async def authenticate(self, handler: Any, data: Any) -> str | None:
        """Check a name and password. Whoever has no account is refused like who has one, and as slowly.

        :raises HTTPError: 403, with the reason: too many wrong passwords from there, or the account waits for approval.
        """
        if not isinstance(data, dict):
            return None
        name, password = data.get("username"), data.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            return None
        name = self.normalize_username(name)
        if not await self.has_password(handler, name, password, data.get("2fa")):
            return None
        if not self.is_approved(name):
            raise NotApproved
        if mark_of(self.db, name) == RENEWED:
            self._forget_who_was_before(name)
        return name

    def _forget_who_was_before(self, name: str) -> None:
        """End what is left of the name's time before it was given anew; whoever has it now signs in just now."""
        user = User.find(self.db, name)
        if user is not None:
            removal.close_sessions(self.db, user)
        clear_mark(self.db, name)
        self.db.commit()

    async def has_password(self, handler: Any, name: str, password: str, second_factor: Any = None) -> bool:
        """Whether this is the person's password, without keeping the hub: to compute its hash takes long on purpose.

        :raises HTTPError: 403, too many wrong ones from there.
        """
        typed = encoded(password)
        if not self.validate_username(name) or typed is None:
            return False
        account = self.get_user(name)
        kept = account.password if account is not None else None
        secret = hashlib.sha256(kept or b"").hexdigest()
        side = self._side(handler, name)
        locked = self.attempts.locked_seconds(name, secret, side)
        if locked:
            raise Refusal(403, "sign_in.too_many_tries", wait=locked)
        self.attempts.add(name, secret, side)
        right = await asyncio.to_thread(matches, typed, kept)
        account = self.get_user(name)
        if not right or account is None or account.password != kept:  # removed or changed meanwhile
            return False
        if self.allow_2fa and account.has_2fa and not account.is_valid_token(second_factor):
            return False
        self.attempts.clear(name, secret, side)
        return True

    def _side(self, handler: Any, name: str) -> str:
        """Where somebody tries to sign in from: a browser in which this person has signed in, or an address."""
        browser = known_browsers.of(handler, name) if handler is not None else None
        return browser or side_of(handler.request.remote_ip if handler is not None else "")
