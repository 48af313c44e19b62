"""Where the hub's database is."""

from __future__ import annotations

from pathlib import Path

DATABASE = Path("/srv/data/jupyterhub.sqlite")
LOCK_SECONDS = 20.0  # for the hub's own writes to be over
