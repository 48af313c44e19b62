"""The sign-up page."""

from __future__ import annotations

from typing import Any

from tornado import web

from homeroom.sign_in.pages.form import LONGEST_NAME, STALE_PASSWORDS, FormHandler

LONGEST_EMAIL = 128


class SignUpHandler(FormHandler):
    """`/hub/signup`: says in one sentence what came of it, and keeps what was typed, but for passwords."""

    def prepare(self) -> Any:
        """:raises HTTPError: 404, nobody signs up here."""
        if not self.authenticator.accounts.enable_signup:
            raise web.HTTPError(404, "Nobody signs up here: the administrator makes accounts.")
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
        return "signup.html", {"alert": "alert-warning", "result_message": STALE_PASSWORDS, **self._typed()}

    @property
    def _email(self) -> str:
        return self.field("email") if self.authenticator.accounts.ask_email_on_signup else ""

    def _typed(self) -> dict[str, Any]:
        return {
            "username": self.field("username")[:LONGEST_NAME],
            "email": self._email[:LONGEST_EMAIL],
            "ask_email": self.authenticator.accounts.ask_email_on_signup,
        }

    async def _sign_up(self) -> tuple[str, str]:
        """Try it; the kind of message and its text. That a name is taken is no secret: somebody else must choose."""
        authenticator = self.authenticator.accounts
        name = authenticator.normalize_username(self.field("username"))
        password = self.field("signup_password")
        if not authenticator.validate_username(name):
            return "alert-danger", "This name cannot be used. Please choose one as described below."
        if not authenticator.may_sign_up(name):
            return "alert-danger", "This name is taken. Please choose another."
        if password != self.field("signup_password_confirmation"):
            return "alert-danger", "The two passwords are not the same."
        if fault := authenticator.password_fault(password):
            return "alert-danger", fault
        if len(self._email) > LONGEST_EMAIL:
            return "alert-danger", f"The e-mail address is too long: {LONGEST_EMAIL} characters at most."
        if authenticator.waiting_list_is_full:
            return "alert-danger", "Too many people wait for approval already. Please ask the administrator."
        account = await authenticator.sign_up(name, password, email=self._email, has_2fa=bool(self.field("2fa")))
        if account is None:
            return "alert-danger", "This account cannot be made."
        if account.is_authorized:
            return "alert-success", "Your account is there; you can sign in now."
        if account.login_email_sent:
            return "alert-info", "Thank you. A message was sent to you: follow the link in it, then sign in."
        return "alert-info", "Thank you. You can sign in once the administrator has approved your account."
