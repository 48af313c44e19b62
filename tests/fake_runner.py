"""A runner of commands that runs none: it records them, and answers as it was told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from generator.core.process import Completed

Answer = tuple[int, str, str]
"""Exit code, stdout, stderr."""


class FakeRunner:
    """A runner that answers every command by a function of it; by default all succeed and say nothing.

    What stderr holds is also handed to `on_line`, line by line.
    """

    def __init__(self, answer: Callable[[str], Answer] = lambda _: (0, "", "")) -> None:
        self.answer = answer
        self.commands: list[list[str]] = []

    def __call__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
        capture: bool = True,
        stop: threading.Event | None = None,
    ) -> Completed:
        self.commands.append(list(command))
        code, out, err = self.answer(" ".join(command))
        if on_line:
            for line in err.splitlines():
                on_line(line)
        return Completed(tuple(command), code, out, err)


def always(code: int = 0, out: str = "", err: str = "") -> FakeRunner:
    """One answer to every command."""
    return FakeRunner(lambda _: (code, out, err))


def in_turn(*answers: Answer) -> FakeRunner:
    """One answer after the other; then success."""
    left = list(answers)
    return FakeRunner(lambda _: left.pop(0) if left else (0, "", ""))


def by_words(answers: Mapping[str, Answer]) -> FakeRunner:
    """The answer of the longest key that a command begins with; others are not there."""

    def answer(command: str) -> Answer:
        matching = [key for key in answers if command.startswith(key)]
        return answers[max(matching, key=len)] if matching else (127, "", "no such command")

    return FakeRunner(answer)
