"""How the desk asks the guard to run what somebody handed in, in a container that is closed to all else."""

from __future__ import annotations

import re
from pathlib import Path

SOCKET = Path("/run/runs/runs.sock")
"""Where the guard takes it: in a volume that guard and desk alone have."""
ADDRESS = "/runs"
DIRECTORY = "run-"
"""How the name of a run's directory of sockets begins; no lab's name has this form."""
RUN = re.compile(r"[0-9a-f]{24}")
SERVICE = "run"
"""What the containers are, by their label."""
COMMAND = ("homeroom-run",)
"""What runs in them: a program of the lab image."""

DONE, MEMORY, TIME, FAULT = "done", "memory", "time", "fault"
"""How a run ended: by itself, for want of memory or time, or otherwise."""


def directory_name(run: str) -> str:
    """The name of a run's directory of sockets."""
    return f"{DIRECTORY}{run}"
