"""Why a kernel ended before it was ready, for the user who waits for it: with the end of what it says, and what helps.

Mostly it is an old or broken package in the home, or a file of the home's that is called like one. A kernel's output
goes to the lab's log, which its owner does not see, so what failed is run once more and listened to. Nothing of this is
done for kernels that start.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from subprocess import DEVNULL, PIPE, STDOUT, Popen
from typing import Any

EVENT = "https://events.homeroom.invalid/kernel_ended/v1"
SCHEMA = {
    "$id": EVENT,
    "version": "1",
    "title": "A kernel ended before it was ready",
    "description": "What the page shows of it.",
    "type": "object",
    "required": ["message", "output", "reset"],
    "properties": {
        "message": {"type": "string"},
        "output": {"type": "string"},
        "reset": {"type": "boolean", "description": "Whether a reset of the environment would help."},
    },
}
LISTENED_SECONDS = 20
LOOK_EVERY_SECONDS = 0.1
MOST_BYTES = 1_000_000
SHOWN_LINES = 6
SHOWN_CHARACTERS = 1200


def listen(command: Sequence[str], environment: Mapping[str, str], directory: str | None) -> str | None:
    """Run a command that failed once more, for its output; None if this time it did not end by itself."""
    with tempfile.TemporaryDirectory() as scratch:
        # A connection file of its own: the kernel's ports stay free for the kernel.
        words = [f"{scratch}/kernel.json" if word.endswith(".json") else word for word in command]
        process = Popen(
            words,
            env=dict(environment),
            cwd=directory,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        assert process.stdout
        with process.stdout as output:
            try:
                return _read(process, output.fileno())
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _read(process: Popen[bytes], output: int) -> str | None:
    """What a process writes until it ends, or enough of it; None where it goes on for too long."""
    said = b""
    deadline = time.monotonic() + LISTENED_SECONDS
    while len(said) < MOST_BYTES:
        ended = process.poll() is not None  # asked first: what it wrote is there by then
        if select.select([output], [], [], 0 if ended else LOOK_EVERY_SECONDS)[0]:
            chunk = os.read(output, 65_536)
            said += chunk
            if chunk:
                continue
        if ended:
            break
        if time.monotonic() > deadline:
            return None
    return said.decode(errors="replace")


def end_of(output: str) -> str:
    """The last lines of an output, short enough to be shown, with nothing that a page or a terminal would obey."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    shown = "\n".join("".join(c for c in line if c.isprintable()) for line in lines[-SHOWN_LINES:])
    return shown[-SHOWN_CHARACTERS:]


def culprit(output: str, home: str) -> str:
    """The file of the home that the output names last, relative to it; empty: it names none."""
    named = re.findall(rf'{re.escape(home.rstrip("/"))}/([^"\'\n:,)]+)', output)
    return named[-1] if named else ""


def event(name: str, output: str | None, home: str) -> dict[str, Any]:
    """What the page is told.

    :param name: what the kernel is called.
    :param output: what it said; None: it could not be heard.
    """
    begin = f"The kernel {name} ended before it was ready."
    said = output or ""
    path = culprit(said, home)
    if path.startswith(".local/"):
        package = re.search(r"(?:site|dist)-packages/([\w-]+)", path)
        what = f"the package {package[1]}" if package else path
        help_ = f"{what} in your home does not fit. Remove it (`pip uninstall`), or reset the environment: files stay."
        return {"message": f"{begin} It seems that {help_}", "output": end_of(said), "reset": True}
    if path and "/lib/python3" not in path:
        help_ = f"your file {path} is taken for a module that the kernel needs. Rename it and restart the kernel."
        return {"message": f"{begin} It seems that {help_}", "output": end_of(said), "reset": False}
    if path:
        help_ = f"Its environment is in your home ({path.split('/lib/')[0]}): fix it there, or make it anew."
        return {"message": f"{begin} {help_}", "output": end_of(said), "reset": False}
    return {
        "message": f"{begin} If you installed packages lately, a reset of the environment sets them aside: files stay.",
        "output": end_of(said),
        "reset": True,
    }


def tell(logger: Any, data: Mapping[str, Any]) -> None:
    """Send it to all pages of this lab."""
    logger.emit(schema_id=EVENT, data=dict(data))


def install(app: Any) -> None:
    """Let a server's pages hear of it: they take what is known when they are opened."""
    app.event_logger.register_event_schema(SCHEMA)
