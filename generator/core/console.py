"""What the operator sees: numbered steps with a spinner and the time they took, notes, and errors.

On a terminal a step is one line that is redrawn; in a log it is one line when it ends, so nothing scrolls past.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from generator.core.errors import HomeroomError

LONGEST_QUOTED = 120
LONGEST_DETAIL = 90


class PlainConsole(Console):
    """A terminal that obeys us alone: escapes in what is printed, whoever's words they are, are written out."""

    def render_str(self, text: str, **options: Any) -> Text:
        """As rich's, which prints all strings by it, those in tables too."""
        return super().render_str(plain(text), **options)


def plain(text: str) -> str:
    """Text without what a terminal obeys, but for ends of lines: that is written as Python writes it."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def quoted(words: str) -> str:
    """Words from outside (a label, a name, another program's) as part of a line: short, one line, and no markup."""
    line = words if len(words) <= LONGEST_QUOTED else f"{words[:LONGEST_QUOTED]}..."
    return escape(plain(line).replace("\n", "\\n"))


out = PlainConsole(highlight=False, emoji=False)
err = PlainConsole(stderr=True, highlight=False, emoji=False)


class Step:
    """One running step; `say` changes the words after its title while it runs."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.on_change: Callable[[], None] = lambda: None

    def say(self, detail: str) -> None:
        """Show what the step is doing now; the last words stay when it ends."""
        last = detail.strip().splitlines()[-1] if detail.strip() else ""
        self.detail = plain(last if len(last) <= LONGEST_DETAIL else f"{last[:LONGEST_DETAIL]}...")
        self.on_change()


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show `title` while the body runs, then a tick and the seconds it took, or a cross."""
    current = Step(title)
    began = time.monotonic()

    def line() -> str:
        # The colon is for logs, which have no dim.
        detail = f": [dim]{escape(current.detail)}[/dim]" if current.detail else ""
        return f"{escape(title)}{detail}"

    def ended(mark: str) -> None:
        seconds = time.monotonic() - began
        took = f" [dim]({seconds:.0f} s)[/dim]" if seconds >= 1 else ""
        out.print(f"{mark} {line()}{took}", soft_wrap=True)

    try:
        if out.is_terminal:
            with out.status(line()) as spinner:
                current.on_change = lambda: spinner.update(line())
                yield current
        else:
            yield current
    except BaseException:
        ended("[red]✗[/red]")
        raise
    ended("[green]✓[/green]")


def counted(number: int, noun: str) -> str:
    """A number and its noun: `1 lab`, `3 labs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def note(text: str) -> None:
    """Print a plain remark that is part of what the verb has to say."""
    out.print(text, soft_wrap=True)


def warn(text: str) -> None:
    """Print something that works but that the operator should know."""
    err.print(f"[yellow]![/yellow] {escape(text)}", soft_wrap=True)


def fail(error: HomeroomError) -> None:
    """Print an operator's error: cause and location in bold, the remedy under it."""
    for line in str(error).splitlines():
        mark = "  " if line.startswith("  ") else "[red]✗[/red] "
        err.print(f"{mark}{escape(line.strip())}", soft_wrap=True)


def age(started: str, now: datetime) -> str:
    """How long ago, in the largest unit: `3 h`."""
    seconds = int((now - datetime.fromisoformat(started)).total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(0, seconds)} s"


def table(*columns: str) -> Table:
    """A table with these headings."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(column)
    return made
