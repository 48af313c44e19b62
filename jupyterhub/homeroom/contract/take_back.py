"""How the hub asks the guard for a file that comes back from a copy into its owner's home."""

from __future__ import annotations

ADDRESS = "/homeroom/take-back"
"""Where the guard takes it."""

LONGEST_SECONDS = 960.0
"""Whoever waits for it waits no longer; the container ends by itself before."""
READER_SOCKET = "/run/reader/reader.sock"
READER_TARGET = "/run/reader"
