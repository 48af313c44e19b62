"""The progress of builds that run side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from generator.core import console
from generator.images.build_log import BuildStep
from generator.images.spec import BuildSpec

DONE, FAILED, ENDED = "[green]✓[/green]", "[red]✗[/red]", "[yellow]-[/yellow]"


class Board:
    """The builds' progress: a line each on a terminal, redrawn; in a log one line each when it ends."""

    def __init__(self, specs: Sequence[BuildSpec]) -> None:
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("Building the {task.fields[image]} image"),
            BarColumn(bar_width=16),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.description}[/dim]", markup=True),
            console=console.out,
            transient=True,
            disable=not console.out.is_terminal,
        )
        self.stages: dict[str, dict[str, BuildStep]] = {spec.name: {} for spec in specs}
        self.tasks: dict[str, TaskID] = {
            spec.name: self.progress.add_task("waiting", total=1, start=False, image=spec.name) for spec in specs
        }

    def begin(self, name: str) -> None:
        self.progress.update(self.tasks[name], description="starting")
        self.progress.start_task(self.tasks[name])

    def show(self, name: str, at: BuildStep) -> None:
        # What it does, not what it is lent.
        plain = re.sub(r"--(mount|chown|chmod|from|link)\S*\s+|export (\S+=\S+\s+)+&&", "", at.text)
        words = escape(" ".join(plain.split())[:50])
        # Stages are built at once, each with steps of its own: together they are the way there is to go.
        stages = self.stages[name]
        stages[at.stage] = at
        total, completed = sum(one.total for one in stages.values()), sum(one.number - 1 for one in stages.values())
        self.progress.update(self.tasks[name], total=total, completed=completed, description=words)

    def end(self, name: str, mark: str, seconds: float) -> None:
        self.progress.remove_task(self.tasks[name])
        self.progress.console.print(
            f"{mark} Building the {name} image [dim]({seconds:.0f} s)[/dim]", soft_wrap=True, highlight=False
        )


@contextmanager
def board(specs: Sequence[BuildSpec]) -> Iterator[Board]:
    shown = Board(specs)
    with shown.progress:
        yield shown
