"""Web addresses that are asked themselves, and no other that they name."""

from __future__ import annotations

import urllib.request
from typing import Any


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it is an answer like any other error."""

    def redirect_request(self, *_: Any) -> None:
        """None: there is no further request."""
