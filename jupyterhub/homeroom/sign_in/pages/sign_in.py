"""The sign-in page."""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.login import LoginHandler
from tornado import web
from tornado.httputil import url_concat

from homeroom.sign_in import sessions
from homeroom.sign_in.pages.form import LONGEST_NAME, STALE_PASSWORDS
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import text


class SignInHandler(LoginHandler):
    """`/hub/login`: JupyterHub's, but a form with fields missing is a refusal, and browsers in which somebody has
    signed in are known again."""

    def check_xsrf_cookie(self) -> None:
        """:raises HTTPError: 403, the form was open for too long; it is shown again, with the name."""
        try:
            super().check_xsrf_cookie()
        except web.HTTPError as error:
            raise Refusal(error.status_code, STALE_PASSWORDS) from None

    async def post(self) -> None:
        """Sign in."""
        data = {name: self.get_argument(name, strip=name == "username") for name in self.request.body_arguments}
        name = data.setdefault("username", "")
        user = await self.login_user({key: value for key, value in data.items() if key != "_xsrf"})
        if user:
            sessions.begin(self, user)
            self.redirect(self.get_next_url(user))
            return
        self.set_status(403)
        self.finish(await self._render(login_error=text("sign_in.wrong"), username=name[:LONGEST_NAME]))

    def _render(self, login_error: str | None = None, username: str | None = None, **values: Any) -> Any:
        """The page, with the forms and buttons of the ways. Buttons lead on to where a person wanted to go."""
        authenticator = self.authenticator
        further = {"next": self.get_argument("next", "")}
        buttons = [found for way in authenticator.opened.values() if (found := way.button(self)) is not None]
        forms = {word: authenticator.title_of(word) for word in authenticator.forms()}
        chosen = self.get_argument("way", "")
        return super()._render(
            login_error,
            username,
            ways={
                "forms": forms,
                "chosen": chosen if chosen in forms else next(iter(forms), ""),
                "buttons": [(title, url_concat(url, further) if further["next"] else url) for title, url in buttons],
            },
            **values,
        )
