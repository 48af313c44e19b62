"""How people sign in: accounts that the hub itself keeps (sign-up by approval, password rules, lockout), or anybody."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import bcrypt
from jupyterhub.auth import DummyAuthenticator
from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.orm import UserInfo
from tornado import web

from homeroom import account_pages
from homeroom.names import PlainNames

MAX_PASSWORD_BYTES = 72
"""bcrypt reads no more, and its library refuses more."""


class AnybodyAuthenticator(PlainNames, DummyAuthenticator):
    """Any name and no password, for a trial on one's own machine."""


class AccountAuthenticator(PlainNames, NativeAuthenticator):
    """NativeAuthenticator, closed where it is open, with the hub's own sign-in page.

    - The administrators' names cannot be signed up for: whoever came first would be administrator. Their accounts are
      made by `homeroom.accounts`, from the server's own shell.
    - A password longer than bcrypt takes is refused at sign-up instead of failing there.
    - A lockout ends when its time is over, also after days; whoever is locked out or waits for approval is told so.
    - Whose approval is taken back is out at once: sessions and tokens are worth nothing until it is given again.
    - Accounts are approved and discarded by a form, not by a link that any page could make an administrator follow.
    """

    def create_user(self, username: str, password: str, **kwargs: Any) -> Any:
        """Sign a person up; None where the name or password is refused, as the sign-up page expects it."""
        name = self.normalize_username(username)
        if not self.validate_username(name):
            return None
        if name in self.admin_users:
            self.log.warning("Refused a sign-up for the administrator's name %r", username)
            return None
        return super().create_user(username, password, **kwargs)

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
        token for ever. Whom an administrator made for a token alone has no account to approve.
        """
        if self.get_user(user.name) is None:
            return bool(getattr(handler, "_token_authenticated", False))
        return self.is_approved(user.name)

    def is_password_strong(self, password: str) -> bool:
        """Whether the password is long enough, not too long for bcrypt, and not a common one."""
        return self.password_fault(password) is None

    def password_fault(self, password: str) -> str | None:
        """What is wrong with a password, in a sentence for the person who chose it."""
        if len(password) < self.minimum_password_length:
            return f"The password needs at least {self.minimum_password_length} characters."
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            return f"The password is too long: {MAX_PASSWORD_BYTES} bytes at most, and an accented letter takes two."
        if not super().is_password_strong(password):
            return "This password is a common one, which attackers try first. Please choose another."
        return None

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """Check a name and password, without keeping the hub: to compute the password's hash takes long on purpose.

        :raises HTTPError: 403, with the reason, for an account that is locked or waits for approval.
        """
        name = self.normalize_username(data.get("username", ""))
        password = data.get("password", "")
        if not self.validate_username(name) or len(password.encode()) > MAX_PASSWORD_BYTES:
            return None
        if self.allowed_failed_logins and self.is_blocked(name):
            minutes = max(1, round(self.seconds_before_next_try / 60))
            raise web.HTTPError(403, f"Too many wrong passwords. Wait {minutes} min and try again.")
        account = self.get_user(name)
        if account is None:
            return None
        self.add_login_attempt(name)  # before it is known to be wrong: guesses that come at once count each
        right = await asyncio.to_thread(bcrypt.checkpw, password.encode(), account.password)
        if not right or (account.has_2fa and not account.is_valid_token(data.get("2fa"))):
            return None
        self.successful_login(name)
        if not account.is_authorized:
            raise web.HTTPError(403, "Your account waits for the administrator's approval.")
        return name

    def can_try_to_login_again(self, username: str) -> bool:
        """Whether the lockout after too many wrong passwords is over; a new one then counts from zero."""
        attempts = self.login_attempts.get(username)
        if not attempts:
            return True
        if abs((datetime.now() - attempts["time"]).total_seconds()) <= self.seconds_before_next_try:
            return False  # by however much clocks are put back, nobody is locked out for longer
        self.login_attempts.pop(username)
        return True

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """NativeAuthenticator's pages, with the hub's own sign-in page and Homeroom's forms in place of links."""
        replaced = dict(account_pages.handlers)
        kept = [(path, handler) for path, handler in super().get_handlers(app) if path not in replaced]
        return list(replaced.items()) + kept
