"""The administrator's pages for accounts, where NativeAuthenticator's own act on a mere GET."""

from __future__ import annotations

from jupyterhub.handlers.login import LoginHandler
from jupyterhub.scopes import needs_scope
from nativeauthenticator.handlers import LocalBase
from nativeauthenticator.orm import UserInfo


class ApproveHandler(LocalBase):
    """POST `/hub/authorize/NAME`: approves an account, or takes the approval back."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Toggle the approval and go back to the list."""
        if UserInfo.find(self.db, name) is not None:
            UserInfo.change_authorization(self.db, name)
        self.redirect(f"{self.hub.base_url}authorize")


class DiscardHandler(LocalBase):
    """POST `/hub/discard/NAME`: throws a sign-up away. An approved account is left alone."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Discard the sign-up and go back to the list."""
        account = UserInfo.find(self.db, name)
        if account is not None and not account.is_authorized:
            self.db.delete(account)
            self.db.commit()
        self.redirect(f"{self.hub.base_url}authorize")


handlers = [
    (r"/login", LoginHandler),
    (r"/authorize/([^/]*)", ApproveHandler),
    (r"/discard/([^/]*)", DiscardHandler),
]
