"""Where a user's own packages lie, for the kernels' Python: `~/.local/lib/python3.*/site-packages`.

Python looks there only if the folder is there when it starts. Without it, what a first `pip install` in a fresh home
brings could be imported after a restart of the kernel only.
"""

from __future__ import annotations

import contextlib
import site
from pathlib import Path


def have_place() -> None:
    """Have the folder. Where it cannot be made, as in a full home, kernels start without."""
    with contextlib.suppress(OSError):
        Path(site.getusersitepackages()).mkdir(parents=True, exist_ok=True)
