"""Where hub and desk meet."""

from __future__ import annotations

from pathlib import Path

SOCKET = Path("/run/desk/desk.sock")
