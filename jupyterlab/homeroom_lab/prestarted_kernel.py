"""A kernel that has imported what every kernel does before a notebook asks for one: it saves most of a kernel's start.

There is one at most, from the moment a page is opened in a lab where no kernel runs. The first notebook's kernel is
made of it, if it has the same command, environment and libraries. Any other is started as ever, and a prestarted kernel
that is not needed is gone after KEPT_SECONDS. What it runs is `kernel_in_waiting.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import PIPE, Popen

from homeroom_lab import own_packages, search_path
from homeroom_lab.memory import FIRST_TO_GO

KEPT_SECONDS = 600.0
PROGRAM = Path(__file__).with_name("kernel_in_waiting.py")
LAUNCH = ("-m", "ipykernel_launcher")
READ_AT_START = ("DEBUGPY", "GLIBC_", "HOME", "LANG", "LC_", "LD_", "MALLOC_", "PYDEVD", "PYTHON")
"""How the names of environment variables begin that are read while Python starts or imports."""
MOST_BYTES = 60_000
"""What the pipe takes at once, whether the prestarted kernel reads it already or not."""


def kernel_environment() -> dict[str, str]:
    """What every kernel's environment begins with."""
    return {**os.environ, "PATH": search_path.persons(), **parent()}


def parent() -> dict[str, str]:
    """What tells a kernel whose end is its own; it reads that when it is imported."""
    return {"JPY_PARENT_PID": str(os.getpid())}


def libraries(environment: Mapping[str, str]) -> dict[str, int]:
    """Where a user's own libraries lie, with when something was last installed or removed there."""
    home = Path(environment.get("HOME") or "/")
    places = [*home.glob(".local/lib/python3*/site-packages")]
    places += [Path(place) for place in environment.get("PYTHONPATH", "").split(os.pathsep) if place]
    found = {}
    for path in [entry for place in places for entry in (place, *place.glob("*.pth"))]:
        with contextlib.suppress(OSError):
            found[str(path)] = path.stat().st_mtime_ns
    return found


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


class PrestartedKernel:
    """The prestarted kernel of a lab, or the place for one."""

    def __init__(self) -> None:
        self._process: Popen[bytes] | None = None
        self._python = ""
        self._read_at_start: dict[str, str] = {}
        self._libraries: dict[str, int] = {}

    def prepare(self, argv: Sequence[str]) -> bool:
        """Start the prestarted kernel for kernels of this command, as `kernel.json` has it, unless it is there.

        Returns whether it is there: other commands than IPython's usual one have none.
        """
        if self._process and self._process.poll() is None:
            return True
        python, *arguments = argv
        if not Path(python).is_absolute() or tuple(arguments) != (*LAUNCH, "-f", "{connection_file}"):
            return False
        own_packages.have_place()
        environment = kernel_environment()
        self._python, self._read_at_start = python, _read_at_start(environment)
        self._libraries = libraries(environment)
        command = [*FIRST_TO_GO, python, str(PROGRAM)]
        # As jupyter_client starts kernels, but for what they are told on their input.
        self._process = Popen(command, stdin=PIPE, env=environment, cwd=Path.home(), start_new_session=True)
        return True

    def become(self, command: Sequence[str], environment: Mapping[str, str], directory: str) -> Popen[bytes] | None:
        """Make a notebook's kernel of it. Returns its process, or None: there is none, or it cannot be this kernel.

        A prestarted kernel with other libraries or another environment than a kernel would have by now is ended.
        """
        process, usual = self._process, [*FIRST_TO_GO, self._python, *LAUNCH]
        if process is None or list(command[: len(usual)]) != usual:
            return None
        self._process = None
        order = {"environment": {**environment, **parent()}, "directory": directory, "arguments": command[len(usual) :]}
        line = json.dumps(order).encode() + b"\n"
        as_now = (_read_at_start(environment), libraries(environment)) == (self._read_at_start, self._libraries)
        if as_now and len(line) <= MOST_BYTES and process.poll() is None and process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.write(line)
                process.stdin.close()
                return process
        _end(process)
        return None

    def drop(self) -> None:
        """End the prestarted kernel, if it is still one."""
        process, self._process = self._process, None
        if process:
            _end(process)


def _end(process: Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()


prestarted = PrestartedKernel()
"""The lab's."""
