"""Where hub and this service meet."""

from __future__ import annotations

from pathlib import Path

SOCKET = Path("/run/lms/lms.sock")
