"""The way `native`: accounts that the hub itself keeps."""

from __future__ import annotations

from typing import Any, ClassVar

from traitlets import Bool, Instance, default

from homeroom.sign_in.authenticator import AccountAuthenticator, NotApproved
from homeroom.sign_in.known_names import mark_of
from homeroom.sign_in.marks import RENEWED
from homeroom.sign_in.way import Identity, Refused, Way
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import text


class NativeWay(Way):
    """Lets in who has an approved account and knows its password."""

    name = "native"
    has_form = True
    gives_names: ClassVar[bool] = True
    allow_all = Bool(True, config=True, help="An account is approved by an administrator: that is the rule.")
    accounts = Instance(AccountAuthenticator, help="The accounts.")

    def usual_title(self) -> str:
        """The way's name on the sign-in page, where the configuration gives it none."""
        return text("sign_in.own_account")

    @default("accounts")
    def _own_accounts(self) -> AccountAuthenticator:
        door: Any = self.parent
        return AccountAuthenticator(parent=door, _deprecated_db_session=door.db)

    async def check(self, handler: Any, username: str, password: str) -> Identity | None:
        """Who has this account; None where there is none of this name, or with another password.

        :raises Refused: too many wrong passwords from there, or the account waits for approval.
        """
        data = {"username": username, "password": password}
        if self.accounts.allow_2fa and handler is not None:
            data["2fa"] = handler.get_body_argument("2fa", "")
        try:
            name = await self.accounts.authenticate(handler, data)
        except NotApproved as refused:
            remedy = "Approve the account on the page Accounts."
            raise Refused("not-approved", refused.said, remedy=remedy) from None
        except Refusal as refused:
            remedy = "It ends by itself. `make password NAME=...` gives a new password and ends it at once."
            raise Refused(
                "too-many-wrong-passwords", refused.said, detail=refused.said.english(), remedy=remedy
            ) from None
        return None if name is None else identity_of(name)

    async def refresh(self, identity: Identity) -> Identity | None:
        """The same person while their account is approved; None where it is not, or is somebody's anew."""
        name = identity.subject
        if mark_of(self.accounts.db, name) == RENEWED or not self.accounts.is_approved(name):
            return None
        return identity


def identity_of(name: str) -> Identity:
    """Who has the account of this name."""
    return Identity(way=NativeWay.name, subject=name, name=name)
