"""Providers that can be one's own: a way to sign in that is told where its provider is."""

from __future__ import annotations

from traitlets import Unicode, default

from homeroom.oauth.way import OAuthWay


class AddressedWay(OAuthWay):
    """A way whose provider is known by its address."""

    url = Unicode(config=True, help="The address of the provider.")

    @default("username_claim")
    def _default_username_claim(self) -> str:
        return "username"

    @property
    def source(self) -> str:
        """The provider's address."""
        return self.url.rstrip("/")
