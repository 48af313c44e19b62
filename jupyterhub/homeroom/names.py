"""People's names: who is the same person, and who is not."""

from __future__ import annotations

from typing import Any

from jupyterhub.apihandlers.users import UserAPIHandler
from tornado import web


class PersonHandler(UserAPIHandler):
    """`/hub/api/users/NAME`, where people keep their names: account, home and lab go by them.

    The page *Admin* sends the name along with every change. JupyterHub 6.1.1 takes one that is the same as before for
    no name at all, and the person then has none: they cannot be signed in as, nor removed.
    """

    def get_json_body(self) -> Any:
        """What is to be changed, without the name.

        :raises HTTPError: 400, it is another name.
        """
        body = super().get_json_body()
        if self.request.method != "PATCH" or not isinstance(body, dict) or "name" not in body:
            return body
        if body["name"] != self.path_args[0]:
            raise web.HTTPError(400, "People keep their names: accounts, files and labs go by them.")
        return {field: value for field, value in body.items() if field != "name"}


class PlainNames:
    """Laid over an authenticator: names are the same in any case, no look-alike becomes somebody's, and nobody is
    renamed.

    JupyterHub lowers all of Unicode, where the Kelvin sign becomes a plain k. Here a name that is not ASCII stays as it
    is, and `username_pattern` refuses it.
    """

    def normalize_username(self, username: str) -> str:
        """The name that an account, a home and a lab go by."""
        if not username.isascii():
            return username
        normal: str = super().normalize_username(username)  # type: ignore[misc]  # the authenticator's, below this
        return normal

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """The authenticator's pages, and the hub's page for one person, which comes before the hub's own."""
        pages: list[tuple[str, type]] = super().get_handlers(app)  # type: ignore[misc]  # the authenticator's
        return [*pages, (r"/api/users/([^/]+)", PersonHandler)]
