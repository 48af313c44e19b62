"""The host side of Homeroom: reads `.env` and `site/`, checks them, renders, and drives Compose."""

from __future__ import annotations

import datetime

VERSION = "0.1.0"
RELEASED = datetime.date(2026, 11, 21)
"""The day of this release: no clock that shows an earlier one is right."""
STOPS: tuple[str, ...] = ()
"""Versions that no update to this one skips; read of the tree of a version that is not installed yet."""
