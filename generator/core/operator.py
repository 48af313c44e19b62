"""Who types a command, for the records."""

from __future__ import annotations

import getpass
import os


def name() -> str:
    """Their name on this machine, as no user of the hub can be called: `shell:ada`."""
    try:
        found = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        found = str(os.getuid())
    return f"shell:{found}"[:100]
