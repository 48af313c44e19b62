"""The way to sign in from a course."""

from __future__ import annotations

LTI = "lti"
WAYS = {LTI: "homeroom.lti.way.LTIWay"}
"""By its word in `AUTH`, with the class that the hub loads."""
