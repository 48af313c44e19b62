"""Bookmarks and links that were made under another BASE_URL."""

from __future__ import annotations

import re

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import url_path_join

PATTERN = r"/(?!api/|homeroom/(?!hub/|user/))(?:[^/]+/)*?(?:hub|user)/.*"
"""What the hub is asked for below its own path. JupyterHub leads every other address there as it stands, so one of
before holds a whole address once more. What is under `api/` and `homeroom/` may hold these words as names."""
_WHOLE = re.compile(r"(?:[^/?]+/)*?(hub|user)/(.*)")


class OldAddressHandler(BaseHandler):
    """An address below the hub's path that holds a whole one of another BASE_URL."""

    def get(self) -> None:
        """Lead to the same under the BASE_URL that there is."""
        base_url = self.hub.base_url
        self.redirect(url_path_join(base_url, under(self.request.uri.removeprefix(base_url))))


def under(address: str) -> str:
    """The part of an old address that is the same under each BASE_URL, seen from the hub's path.

    :param address: as `PATTERN` has it, with what is asked for behind a `?`.
    """
    found = _WHOLE.match(address)
    if found is None:
        return ""
    what, rest = found.groups()
    return f"user/{rest}" if what == "user" else rest
