"""Where somebody gives their account a new password by a link that the administrator sent them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from jupyterhub.scopes import needs_scope

from homeroom.sign_in import reset_links
from homeroom.sign_in.pages.administrator import AdministratorHandler
from homeroom.sign_in.pages.form import LONGEST_NAME, STALE_PASSWORDS, FormHandler
from homeroom.texts.said import Said, say, text

WORTHLESS = say("accounts.reset.worthless")


class ResetHandler(FormHandler):
    """`/hub/new-password?name=NAME&secret=SECRET`: a visit changes nothing, and the form does it once."""

    def set_default_headers(self) -> None:
        """The link's address is nobody else's to see."""
        super().set_default_headers()
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    async def get(self) -> None:
        """Show the form, or say that the link is worth nothing."""
        await self._show(**({} if self._is_good() else {"alert": "alert-danger", "result_message": WORTHLESS}))

    async def post(self) -> None:
        """Set the password. Everybody who is signed in by the old one is out."""
        fault = await self._fault()
        if fault is not None:
            self.set_status(403 if fault == WORTHLESS else 400)
            await self._show(alert="alert-danger", result_message=fault)
            return
        await self._show(alert="alert-success", result_message=say("accounts.reset.done"))

    def once_more(self) -> tuple[str, dict[str, Any]]:
        """The form."""
        return "new-password.html", {
            **self._values(),
            "alert": "alert-warning",
            "result_message": text(STALE_PASSWORDS),
        }

    @property
    def _name(self) -> str:
        return str(self.get_argument("name", ""))[:LONGEST_NAME]

    @property
    def _secret(self) -> str:
        return str(self.get_argument("secret", ""))[:100]

    def _is_good(self) -> bool:
        return reset_links.is_good(self.db, self._name, self._secret)

    async def _fault(self) -> Said | None:
        if not self._is_good():
            return WORTHLESS
        if self.field("new_password") != self.field("new_password_confirmation"):
            return say("accounts.password.differ")
        fault: Said | None = self.authenticator.accounts.password_fault(self.field("new_password"))
        if fault is not None:
            return fault
        reset_links.use_up(self.db, self._name)  # before the password is hashed: of two that come at once one does it
        self.db.commit()
        fault = await self.authenticator.accounts.change_own_password(self._name, self.field("new_password"))
        if fault is None:
            self.log.info("%s has a new password, by a link", self._name)
            self.authenticator.staying.end_sessions(self._name)
        return fault

    def _values(self) -> dict[str, Any]:
        return {"person": self._name, "secret": self._secret}

    async def _show(self, **result: Any) -> None:
        self.finish(await self.render_template("new-password.html", **self._values(), **result))


class LinkForResetHandler(AdministratorHandler):
    """POST `/hub/new-password/NAME`: makes a link for somebody, which is shown this once."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Make it; an earlier one is worth nothing."""
        self.account(name)
        secret = reset_links.make(self.db, name)
        self.log.info("%s made a link for a new password of %s", self.current_user.name, name)
        address = self.app.public_url or f"{self.request.protocol}://{self.request.host}{self.app.base_url}"
        asked = urlencode({"name": name, "secret": secret or ""})
        link = f"{address.rstrip('/')}/hub/new-password?{asked}"
        values = {"alert": "alert-success", "result_message": say("accounts.reset.link", name=name, link=link)}
        self.finish(await self.render_template("authorization-area.html", **self.accounts(), **values))
