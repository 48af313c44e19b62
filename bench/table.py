"""A measurement, what is aimed at, and how both are shown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table


def percentile(values: Sequence[float], share: int) -> float:
    """The value below which so many percent are; of one value, itself."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a row aims at.

    :param ratio: at most this many times what it is compared with.
    :param value: at most this, in the row's unit.
    """

    ratio: float | None = None
    value: float | None = None

    def __str__(self) -> str:
        return f"≤ {self.ratio:g}x" if self.ratio is not None else f"≤ {self.value:g}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: what was measured, each time.

    :param name: of the measurement that it came from, as `--only` takes it.
    :param reference: what it is compared with; empty where there is nothing.
    :param of: what that is.
    """

    name: str
    what: str
    unit: str
    homeroom: Sequence[float]
    reference: Sequence[float] = ()
    goal: Goal | None = None
    of: str = "stock"

    @property
    def ratio(self) -> float | None:
        """Homeroom's median against the other's."""
        if not self.reference or not statistics.median(self.reference):
            return None
        return statistics.median(self.homeroom) / statistics.median(self.reference)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is; None without one."""
        if self.goal is None:
            return None
        if self.goal.value is not None:
            return statistics.median(self.homeroom) <= self.goal.value
        return self.ratio is not None and self.goal.ratio is not None and self.ratio <= self.goal.ratio

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "homeroom": _summary(self.homeroom),
            "reference": _summary(self.reference) if self.reference else None,
            "reference_is": self.of if self.reference else None,
            "ratio": self.ratio,
            "goal": str(self.goal) if self.goal else None,
            "reached": self.reached,
        }

    def cells(self) -> tuple[str, ...]:
        """For people."""
        ratio = f"{self.ratio:.2f}x" if self.ratio is not None else ""
        reached = {True: "yes", False: "no", None: ""}[self.reached]
        other = _shown(self.reference) + ("" if self.of == "stock" else f" ({self.of})") if self.reference else ""
        return f"{self.what} [{self.unit}]", other, _shown(self.homeroom), ratio, str(self.goal or ""), reached


HEADS = ("what", "stock", "Homeroom", "ratio", "goal", "reached")


def _summary(values: Sequence[float]) -> dict[str, Any]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "count": len(values)}


def _shown(values: Sequence[float]) -> str:
    """The median, with the least and the most behind it."""
    middle = f"{statistics.median(values):.3g}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3g} to {max(values):.3g})"


def for_terminal(rows: Sequence[Row]) -> Table:
    """The table as rich draws it."""
    table = Table(title="Medians (least to most)")
    for head in HEADS:
        table.add_column(head, justify="left" if head == "what" else "right")
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row.cells()))
    return table


def as_markdown(rows: Sequence[Row]) -> str:
    """The table for docs/performance.md."""
    lines = [HEADS, ("---", *("---:" for _ in HEADS[1:])), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
