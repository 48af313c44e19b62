"""Where people approve their own account, by a link that the operator's configuration has sent to them."""

from __future__ import annotations

from nativeauthenticator.handlers import EmailAuthorizationHandler

from homeroom.sign_in.authenticator import AccountAuthenticator


class EmailHandler(EmailAuthorizationHandler):
    """`/hub/confirm/SLUG`: NativeAuthenticator's, which asks its own authenticator."""

    @property
    def authenticator(self) -> AccountAuthenticator:
        """The accounts."""
        accounts: AccountAuthenticator = super().authenticator.accounts
        return accounts
