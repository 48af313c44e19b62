"""The sign-in page."""

from __future__ import annotations

from jupyterhub.handlers.login import LoginHandler
from tornado import web

from homeroom.hub import navigation
from homeroom.sign_in import known_browsers
from homeroom.sign_in.pages.form import LONGEST_NAME, STALE_PASSWORDS


class SignInHandler(LoginHandler):
    """`/hub/login`: JupyterHub's, but a form with fields missing is a refusal, and browsers in which somebody has
    signed in are known again."""

    def check_xsrf_cookie(self) -> None:
        """:raises HTTPError: 403, the form was open for too long; it is shown again, with the name."""
        try:
            super().check_xsrf_cookie()
        except web.HTTPError as error:
            raise web.HTTPError(error.status_code, STALE_PASSWORDS) from None

    async def post(self) -> None:
        """Sign in."""
        data = {name: self.get_argument(name, strip=name == "username") for name in self.request.body_arguments}
        name = data.setdefault("username", "")
        user = await self.login_user({key: value for key, value in data.items() if key != "_xsrf"})
        if user:
            self._jupyterhub_user = user
            known_browsers.remember(self, user.name)
            navigation.remember_here(self)
            self.redirect(self.get_next_url(user))
            return
        self.set_status(403)
        self.finish(await self._render(login_error="Invalid username or password", username=name[:LONGEST_NAME]))
