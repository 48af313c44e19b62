"""What Prometheus reads, behind a token of its own."""

from __future__ import annotations

import hmac
import os

from jupyterhub.handlers.base import BaseHandler
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

TOKEN = "METRICS_TOKEN"  # noqa: S105 - the name of the variable that holds it


class MetricsHandler(BaseHandler):
    """GET `/hub/homeroom/metrics`: JupyterHub's figures and Homeroom's.

    Only the token of `.env` opens it, as `Authorization: Bearer TOKEN`: none of a user, and no session. Another one in
    `.env` closes it to the old one, which a token in the hub's database would stay open to.
    """

    async def prepare(self) -> None:
        """Look nobody up: who asks is no user."""

    def get(self) -> None:
        """Answer, or 401 without a word."""
        if not is_right(self.request.headers.get_list("Authorization"), os.environ.get(TOKEN, "")):
            self.set_status(401)
            self.set_header("WWW-Authenticate", "Bearer")
            self.finish()
            return
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(REGISTRY))


def is_right(given: list[str], token: str) -> bool:
    """Whether a request's headers hold the token, once; none is right where there is no token."""
    if not token or len(given) != 1:
        return False
    scheme, _, value = given[0].partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(value.strip().encode(), token.encode())
