"""Where programs are looked for: by the server in the image alone, by kernels and terminals in the home first.

Otherwise a `git` or `uname` in a user's home would be run by the server, before any code of theirs was asked for.

`python` and `pip` in a kernel are that kernel's: where it has programs of its own, they come before all others.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping, Sequence
from pathlib import Path

WHOLE = "HOMEROOM_LAB_PATH"
"""What PATH was when the server was started; kept in the environment, so that a server that starts anew finds it."""


def keep_to_image(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take the home, and what is relative, out of this process's own PATH."""
    whole = environment.setdefault(WHOLE, environment.get("PATH", os.defpath))
    home = environment.get("HOME", "/").rstrip("/") + "/"
    parts = [part for part in whole.split(os.pathsep) if part.startswith("/") and not f"{part}/".startswith(home)]
    environment["PATH"] = os.pathsep.join(parts) or os.defpath


def persons(environment: MutableMapping[str, str] = os.environ) -> str:
    """The PATH for what the user runs."""
    return environment.get(WHOLE) or environment.get("PATH", os.defpath)


def of_kernel(
    command: Sequence[str], kernels: MutableMapping[str, str], environment: MutableMapping[str, str] = os.environ
) -> dict[str, str]:
    """A kernel's environment with the PATH for it: its own programs, what its `kernel.json` adds, the user's.

    :param command: what starts it.
    :param kernels: its environment, made of this process's.
    """
    own = str(Path(command[0]).parent)
    whole = kernels.get("PATH", "").replace(environment.get("PATH", os.defpath), persons(environment))
    parts = whole.split(os.pathsep)
    if own.startswith("/") and own not in parts:
        parts.insert(0, own)
    found = {**kernels, "PATH": os.pathsep.join(parts)}
    if own.startswith("/") and (Path(own).parent / "pyvenv.cfg").exists():
        found["VIRTUAL_ENV"] = str(Path(own).parent)
    return found
