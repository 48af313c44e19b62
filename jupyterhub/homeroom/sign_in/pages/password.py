"""Where people change their own password, and administrators that of somebody else."""

from __future__ import annotations

from typing import Any

from jupyterhub.scopes import needs_scope
from tornado import web

from homeroom.sign_in import known_browsers
from homeroom.sign_in.pages.administrator import AdministratorHandler
from homeroom.sign_in.pages.form import STALE_PASSWORDS, FormHandler
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import Said, say, text


class ChangePasswordHandler(FormHandler):
    """`/hub/change-password`: one's own."""

    @web.authenticated
    async def get(self) -> None:
        """Show the form. :raises HTTPError: 404, they have no password here."""
        if not self._has_account():
            raise Refusal(404, "accounts.password.none")
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        """Change it, for whoever knows the old one. Wrong ones count as at sign-in."""
        alert, said = "alert-danger", await self._fault()
        if said is None:
            alert, said = "alert-success", say("accounts.password.done")
            known_browsers.remember(self, self.current_user.name)
        await self._show(alert=alert, result_message=said)

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The form; a person who is no longer signed in signs in first."""
        if self.current_user is None or not self._has_account():
            return None
        return "change-password.html", {
            "user_name": self.current_user.name,
            "alert": "alert-warning",
            "result_message": text(STALE_PASSWORDS),
        }

    def _has_account(self) -> bool:
        return bool(self.authenticator.has_account(self.current_user.name))

    async def _fault(self) -> Said | None:
        name = self.current_user.name
        if not self._has_account():
            return say("accounts.password.none")
        try:
            right = await self.authenticator.accounts.has_password(self, name, self.field("old_password"))
        except Refusal as locked:
            self.set_status(403)
            return locked.said
        if not right:
            self.set_status(403)
            return say("accounts.password.wrong")
        if self.field("new_password") != self.field("new_password_confirmation"):
            return say("accounts.password.differ")
        fault: Said | None = await self.authenticator.accounts.change_own_password(name, self.field("new_password"))
        return fault

    async def _show(self, **result: Any) -> None:
        self.finish(await self.render_template("change-password.html", user_name=self.current_user.name, **result))


class ChangePasswordAdminHandler(AdministratorHandler):
    """`/hub/change-password/NAME`: somebody else's."""

    @web.authenticated
    @needs_scope("admin:users")
    async def get(self, name: str) -> None:
        """Show the form."""
        self.account(name)
        self.finish(await self.render_template("change-password-admin.html", user_name=name))

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Change it. Who was locked out for wrong passwords can sign in again."""
        self.account(name)
        if self.field("new_password") != self.field("new_password_confirmation"):
            fault: Said | None = say("accounts.password.differ")
        else:
            fault = await self.authenticator.accounts.change_own_password(name, self.field("new_password"))
        done = say("accounts.password.done_for", name=name)
        alert, said = ("alert-danger", fault) if fault else ("alert-success", done)
        html = await self.render_template(
            "change-password-admin.html", user_name=name, alert=alert, result_message=said
        )
        self.finish(html)

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The form, for whoever may use it."""
        if not self.is_allowed:
            return None
        values = {"user_name": self.path_args[0], "alert": "alert-warning", "result_message": text(STALE_PASSWORDS)}
        return "change-password-admin.html", values
