"""Signing out: of the hub, and of the source that somebody signed in by where it has a way to do so."""

from __future__ import annotations

from typing import Any

from homeroom.hub import navigation
from homeroom.sign_in import linking, sessions


class SignOutHandler(navigation.SignOutHandler):
    """`/hub/logout`."""

    async def handle_logout(self) -> None:
        """Find out where to go on to, while the cookies still say it."""
        self._further: str | None = await self.authenticator.logout_url_of(self)
        sessions.end(self)
        linking.end(self)  # whoever signs in next with this browser may be somebody else

    async def render_logout_page(self) -> Any:
        """Go there, or to the sign-in page."""
        if self._further:
            self.redirect(self._further)
        else:
            await super().render_logout_page()
