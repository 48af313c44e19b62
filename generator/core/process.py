"""Commands that the generator runs: what they print, how they end, and the error where they fail."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from generator.core.errors import HomeroomError

STOP_LOOK_SECONDS = 0.1
TAIL_LINES = 8


@dataclass(frozen=True)
class Completed:
    """A command that ended: its words, exit code and what it wrote (empty when it wrote to the terminal itself)."""

    command: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


class Runner(Protocol):
    """Runs a command; tests hand in one that records instead."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
        capture: bool = True,
        stop: threading.Event | None = None,
    ) -> Completed: ...


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    capture: bool = True,
    stop: threading.Event | None = None,
) -> Completed:
    """Run `command` to its end and say how it ended; a failing one does not raise, a missing one gives code 127.

    :param env: the whole environment; None hands on our own.
    :param on_line: called with each line of either stream as it comes, never from two threads at once.
    :param capture: False leaves the terminal to the command (a shell, `logs --follow`).
    :param stop: when it is set, by another thread, the command is ended as Ctrl-C would end it.
    """
    pipe = subprocess.PIPE if capture else None
    try:
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL if capture else None,
            stdout=pipe,
            stderr=pipe,
            text=True,
            errors="replace",
        )
    except OSError as error:
        return Completed(tuple(command), 127, "", f"{command[0]}: {error.strerror}")
    lines: tuple[list[str], list[str]] = ([], [])
    turn = threading.Lock()

    def read(stream: IO[str], kept: list[str]) -> None:
        for line in stream:
            kept.append(line)
            if on_line:
                with turn:
                    on_line(line.rstrip("\n"))

    readers = [
        threading.Thread(target=read, args=(stream, kept), daemon=True)
        for stream, kept in zip((process.stdout, process.stderr), lines, strict=True)
        if stream is not None
    ]
    try:
        for reader in readers:
            reader.start()
        while stop is not None and process.poll() is None:
            if stop.wait(STOP_LOOK_SECONDS):
                process.terminate()
                break
        process.wait()
        for reader in readers:
            # A daemon that the command left behind may hold the pipe open for ever; what it says is not ours.
            reader.join(timeout=5)
    except BaseException:
        process.terminate()
        process.wait(timeout=20)
        raise
    return Completed(tuple(command), process.returncode, "".join(lines[0]), "".join(lines[1]))


def tail(text: str, lines: int = TAIL_LINES) -> list[str]:
    """The last lines that say something: blank ones, rulers and repetitions left out."""
    said: list[str] = []
    for line in text.splitlines():
        line = line.strip()
        if line.strip("-=#. ") and (not said or said[-1] != line):
            said.append(line)
    return said[-lines:]


def indented(lines: Sequence[str]) -> str:
    """Lines set under a cause, as the console shows them."""
    return "".join(f"\n    {line}" for line in lines)


def require(done: Completed, *, what: str, remedy: str) -> Completed:
    """Hand `done` back when it succeeded.

    :raises HomeroomError: otherwise, with the last meaningful lines of what the command said as the cause.
    """
    if done.returncode == 0:
        return done
    said = tail(done.stderr) or tail(done.stdout)
    raise HomeroomError(f"{what} failed (exit code {done.returncode}):{indented(said)}", remedy=remedy)
