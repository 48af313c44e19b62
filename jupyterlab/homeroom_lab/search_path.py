"""Where programs are looked for: by the server in the image alone, by kernels and terminals in the home first.

Otherwise a `git` or `uname` in somebody's home would be run by the server, before any code of theirs was asked for.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

WHOLE = "HOMEROOM_LAB_PATH"
"""What PATH was when the server was started; kept in the environment, so that a server that starts anew finds it."""


def keep_to_image(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take the home, and what is relative, out of this process's own PATH."""
    whole = environment.setdefault(WHOLE, environment.get("PATH", os.defpath))
    home = environment.get("HOME", "/").rstrip("/") + "/"
    parts = [part for part in whole.split(os.pathsep) if part.startswith("/") and not f"{part}/".startswith(home)]
    environment["PATH"] = os.pathsep.join(parts) or os.defpath


def persons(environment: MutableMapping[str, str] = os.environ) -> str:
    """The PATH for what the person runs."""
    return environment.get(WHOLE) or environment.get("PATH", os.defpath)
