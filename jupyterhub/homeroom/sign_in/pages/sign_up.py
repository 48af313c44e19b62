"""The sign-up page."""

from __future__ import annotations

from typing import Any

from homeroom.sign_in.pages.form import LONGEST_NAME, STALE_PASSWORDS, FormHandler
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import Said, say, text

LONGEST_EMAIL = 128


class SignUpHandler(FormHandler):
    """`/hub/signup`: says in one sentence what came of it, and keeps what was typed, but for passwords."""

    def prepare(self) -> Any:
        """:raises HTTPError: 404, nobody signs up here."""
        if not self.authenticator.accounts.enable_signup:
            raise Refusal(404, "accounts.sign_up.closed")
        return super().prepare()

    async def get(self) -> None:
        """Show the form."""
        self.finish(await self.render_template("signup.html", **self._typed()))

    async def post(self) -> None:
        """Make an account that waits, or say why not."""
        alert, said = await self._sign_up()
        self.finish(await self.render_template("signup.html", alert=alert, result_message=said, **self._typed()))

    def once_more(self) -> tuple[str, dict[str, Any]]:
        """The form as it was filled in."""
        return "signup.html", {"alert": "alert-warning", "result_message": text(STALE_PASSWORDS), **self._typed()}

    @property
    def _email(self) -> str:
        return self.field("email") if self.authenticator.accounts.ask_email_on_signup else ""

    def _typed(self) -> dict[str, Any]:
        return {
            "username": self.field("username")[:LONGEST_NAME],
            "email": self._email[:LONGEST_EMAIL],
            "ask_email": self.authenticator.accounts.ask_email_on_signup,
        }

    async def _sign_up(self) -> tuple[str, Said]:
        """Try it; the kind of message and what it says. That a name is taken is no secret: its user chooses another."""
        authenticator = self.authenticator.accounts
        name = authenticator.normalize_username(self.field("username"))
        password = self.field("signup_password")
        if not authenticator.validate_username(name):
            return "alert-danger", say("accounts.sign_up.bad_name")
        if not authenticator.may_sign_up(name):
            return "alert-danger", say("accounts.sign_up.taken")
        if password != self.field("signup_password_confirmation"):
            return "alert-danger", say("accounts.password.differ")
        if fault := authenticator.password_fault(password):
            return "alert-danger", fault
        if len(self._email) > LONGEST_EMAIL:
            return "alert-danger", say("accounts.sign_up.long_email", most=LONGEST_EMAIL)
        if authenticator.waiting_list_is_full:
            return "alert-danger", say("accounts.sign_up.full")
        account = await authenticator.sign_up(name, password, email=self._email, has_2fa=bool(self.field("2fa")))
        if account is None:
            return "alert-danger", say("accounts.sign_up.impossible")
        if account.is_authorized:
            return "alert-success", say("accounts.sign_up.done")
        if account.login_email_sent:
            return "alert-info", say("accounts.sign_up.mailed")
        return "alert-info", say("accounts.sign_up.waits")
