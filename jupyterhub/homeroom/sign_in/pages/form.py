"""A page with a form: sent too late, it comes back filled in, but for passwords, and works when it is sent again."""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.base import BaseHandler
from tornado import web

LONGEST_NAME = 64
STALE = "sign_in.stale"
STALE_PASSWORDS = "sign_in.stale_password"


class StaleForm(web.HTTPError):
    """A form whose token is another one than the browser has by now: too old, or another website's."""


class FormHandler(BaseHandler):
    """A page with a form."""

    def check_xsrf_cookie(self) -> None:
        """:raises StaleForm: the form was not made for this browser, or long ago."""
        try:
            super().check_xsrf_cookie()
        except web.HTTPError as error:
            raise StaleForm(error.status_code, error.log_message) from None

    def write_error(self, status_code: int, **details: Any) -> None:
        """An error's page; for a form that was sent too late the form itself, and nothing was done."""
        exception = (details.get("exc_info") or (None, None))[1]
        again = self.once_more() if isinstance(exception, StaleForm) and self._is_page() else None
        if again is None:
            super().write_error(status_code, **details)
            return
        template, values = again
        self.write(self.render_template(template, sync=True, **values))

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The form as it was filled in, for whoever may see it: the template and its values."""
        return None

    def field(self, name: str) -> str:
        """What was typed into a field, as it was typed; empty where nothing was."""
        return str(self.get_body_argument(name, "", strip=False))

    def _is_page(self) -> bool:
        navigates: bool = self.request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        return navigates and self.request.method == "POST"
