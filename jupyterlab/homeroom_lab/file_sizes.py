"""How large a file the page may open or save at once, against the memory that the lab has.

The server holds such a file whole, several times over: its bytes, its text, the JSON around it, the answer's bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from homeroom_lab.freed_memory import give_back

COPIES = 8
"""How often a file is in memory while it is opened or saved, at most. Measured: text 2 to 8, other files 7, notebooks 4
to 7 (19, where they consist of very many tiny cells)."""
COMPACT_FROM_BYTES = 4 * 2**20
"""Larger notebooks are saved with a line of the file for each cell's text, not for each line of it: upstream's way of
laying them out makes a file up to ten times as large, and takes 10 to 25 times its size of memory."""
LEAST_BYTES = 4 * 2**20
MOST_BYTES = 256 * 2**20
"""Beyond this a browser does not cope."""
WITHOUT_LIMIT_BYTES = 64 * 2**20
ALWAYS_BYTES = 2 * 2**20
"""Opened however little memory is left: code and small notebooks."""
CGROUP = Path("/sys/fs/cgroup")
USED = (("memory.current", "memory.stat"), ("memory/memory.usage_in_bytes", "memory/memory.stat"))
"""Where the memory in use is told, and of what it is made: cgroup v2 and v1."""
CACHES = frozenset({"inactive_file", "active_file"})


def memory_bytes(environment: Mapping[str, str] = os.environ) -> int | None:
    """The memory that the hub gave this lab; None where it has no limit."""
    given = environment.get("MEM_LIMIT", "")
    return int(given) if given.isdigit() and int(given) else None


def used_bytes(cgroup: Path = CGROUP) -> int | None:
    """The lab's memory in use, without what the system keeps of files and gives back; None where nothing tells."""
    for usage, parts in USED:
        try:
            pairs = (line.split() for line in (cgroup / parts).read_text(encoding="ascii").splitlines())
            caches = sum(int(value) for name, value in pairs if name in CACHES)
            return max(0, int((cgroup / usage).read_text(encoding="ascii")) - caches)
        except (OSError, ValueError):
            continue
    return None


def is_notebook(name: str) -> bool:
    """Whether a file of this name is read and written as a notebook."""
    return name.endswith(".ipynb")


def largest_file_bytes(environment: Mapping[str, str] = os.environ, used: int | None = None) -> int:
    """The largest file that the page opens: in half of the lab's memory, or in all that is not `used`."""
    memory = memory_bytes(environment)
    if memory is None:
        return WITHOUT_LIMIT_BYTES
    most = min(MOST_BYTES, max(LEAST_BYTES, memory // 2 // COPIES))
    return most if used is None else min(most, max(ALWAYS_BYTES, (memory - used) // COPIES))


def largest_left_bytes(wanted_bytes: int = 0, environment: Mapping[str, str] = os.environ) -> int:
    """The largest file that the page opens with what runs now. Where that is less than is wanted, and could be more,
    the server first gives back what it has freed."""
    left = largest_file_bytes(environment, used_bytes())
    if left < wanted_bytes <= largest_file_bytes(environment):
        give_back()
        left = largest_file_bytes(environment, used_bytes())
    return left


def largest_request_bytes(path: str = "", environment: Mapping[str, str] = os.environ) -> int:
    """The largest request to this path that the server takes from who may use it.

    A notebook that is saved can be opened again. Any other file may be larger in the request than on the disk.
    """
    most = largest_file_bytes(environment)
    return most if is_notebook(path) else most * 5 // 4 + ALWAYS_BYTES


def in_megabytes(size_bytes: int) -> str:
    """A size as people read it."""
    return f"{size_bytes / 2**20:.0f} MB" if size_bytes >= 10 * 2**20 else f"{size_bytes / 2**20:.1f} MB"


def refusal_to_open(name: str, size_bytes: int, environment: Mapping[str, str] = os.environ) -> str | None:
    """What the user reads who opens a file that is too large; None where it is not."""
    if size_bytes <= ALWAYS_BYTES:
        return None
    most = largest_file_bytes(environment)
    if size_bytes > most:
        return (
            f"{name} is too large for the page: {in_megabytes(size_bytes)}. {_lab(environment)} opens files of up to "
            f"{in_megabytes(most)} in it. Read it with code, or download it."
        )
    left = largest_left_bytes(size_bytes, environment)
    if size_bytes > left:
        return (
            f"Not enough memory is left to open {name}: {in_megabytes(size_bytes)}. With what runs now, files of up "
            f"to {in_megabytes(left)} open. Shut down kernels you do not need, then try again."
        )
    return None


def refusal_to_save(path: str, environment: Mapping[str, str] = os.environ) -> str:
    """What the user reads whose notebook or file is too large to save."""
    most = in_megabytes(largest_request_bytes(path, environment))
    if is_notebook(path):
        return (
            f"This notebook is too large to save. {_lab(environment)} saves notebooks of up to {most}. "
            "Clear the largest outputs, then save again."
        )
    return f"Too large for the page. {_lab(environment)} takes up to {most} at once."


def refusal_to_save_now(environment: Mapping[str, str] = os.environ) -> str:
    """What the user reads whose file would fit, but not beside the others that are sent at the same time."""
    most = in_megabytes(largest_request_bytes("", environment))
    return f"Too much is sent at once. {_lab(environment)} takes up to {most} at a time. Try again in a moment."


def _lab(environment: Mapping[str, str]) -> str:
    memory = memory_bytes(environment)
    return f"A lab with {in_megabytes(memory)} of memory" if memory else "This lab"
