"""The administrators' list of accounts: who has one and who waits."""

from __future__ import annotations

from typing import Any

from jupyterhub.scopes import needs_scope
from tornado import web

from homeroom.records.events import note_of
from homeroom.sign_in import removal
from homeroom.sign_in.known_names import account_of, is_spoken_for
from homeroom.sign_in.pages.administrator import AdministratorHandler
from homeroom.texts.refusal import Refusal

APPROVE = "account-approve"


class AccountsHandler(AdministratorHandler):
    """`/hub/authorize`: who has an account and who waits for one."""

    @web.authenticated
    @needs_scope("admin:users")
    async def get(self) -> None:
        """Show the list."""
        self.finish(await self.render_template("authorization-area.html", **self.accounts()))

    @needs_scope("admin:users")
    async def post(self) -> None:
        """Approve, or discard, everybody who waits among the names that the page showed; later sign-ups are not."""
        discard = bool(self.field("discard"))
        for name in self.get_body_arguments("name"):
            account = account_of(self.db, name)
            if account is None or account.is_authorized:
                continue
            if discard:
                discard_account(self, account)
            else:
                account.is_authorized = True
                note_of(self, APPROVE, name)
        self.db.commit()
        self.back()


class ApproveHandler(AdministratorHandler):
    """POST `/hub/authorize/NAME`: approves an account, or takes the approval back; never an administrator's."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Do what the button says and go back to the list."""
        account = self.account(name)
        if not account.is_authorized:
            account.is_authorized = True
            note_of(self, APPROVE, name)
            self.db.commit()
        elif not self.is_administrator(name):
            account.is_authorized = False
            note_of(self, "approval-revoke", name)
            self.db.commit()
            await self._shut_out(name)
        self.back()

    async def _shut_out(self, name: str) -> None:
        """Have a person's next request looked at, and end their labs: what is open there would stay open."""
        user = self.find_user(name)
        if user is None:
            return
        user._auth_refreshed = 0.0
        try:
            await removal.end_labs(self.app, user)
        except TimeoutError:
            raise Refusal(504, "accounts.list.lab_goes_on", name=name) from None


class DiscardHandler(AdministratorHandler):
    """POST `/hub/discard/NAME`: throws a sign-up away. An approved account is left alone."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Discard the sign-up and go back to the list."""
        account = self.account(name)
        if not account.is_authorized:
            discard_account(self, account)
            self.db.commit()
        self.back()


def discard_account(handler: Any, account: Any) -> None:
    """Throw away an account that waits; one of somebody who was here before is removed with all they have, or their
    tokens would be good again. The caller commits."""
    if is_spoken_for(handler.db, account.username):
        removal.remove(handler.app, account.username, handler.current_user.name)
    else:
        note_of(handler, "sign-up-discard", account.username)
        handler.db.delete(account)
