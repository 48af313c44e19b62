"""The way to sign in at a web server in front."""

from __future__ import annotations

WAY = "sso"
WAYS = {WAY: "homeroom.sso.way.SsoWay"}
"""By its word in `AUTH`, with the class that the hub loads."""
