"""The command: all verbs, and how a mistake, a kill and Ctrl-C end. Each verb is also a Make target."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Sequence
from typing import Any

import typer

from generator import topics
from generator.core import console
from generator.core.errors import HomeroomError
from generator.lifecycle.verbs import verbs

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Homeroom: JupyterHub for one class.",
)
for brought in (verbs, *(topic.verbs for topic in topics.each("verbs"))):
    app.add_typer(brought)
INTERRUPTED = 130
"""What shells give a command that Ctrl-C ended; typer turns a KeyboardInterrupt into an exit with it."""


@functools.cache
def _command() -> Any:
    """All verbs as one command: typer makes each of them anew for each run."""
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb; an operator's mistake ends with cause and remedy and its exit code.

    :param arguments: the verb and its own; those of the process where none are given.
    """
    # So that a run that is killed, or whose terminal goes away, also cleans up after itself. `nohup` stays in force.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        _command()(args=arguments)
    except HomeroomError as error:
        console.fail(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        console.err.print("\nInterrupted. The same command goes on from here.")
        sys.exit(INTERRUPTED)
