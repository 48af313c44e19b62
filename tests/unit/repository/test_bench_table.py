"""What `make bench` makes of its measurements."""

from __future__ import annotations

import ast
import importlib
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from bench import first_build, visits
from bench.browser import Visit
from bench.rows import delay_ms
from bench.table import Goal, Row, as_markdown, percentile


def row(**given: object) -> Row:
    """A row of the table."""
    return Row(**{"name": "starts", "what": "a wait", "unit": "s", "homeroom": [1.0, 0.8, 0.9], **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        ({"reference": [3.0, 2.0, 4.0], "goal": Goal(ratio=0.3)}, True),
        ({"reference": [2.9], "goal": Goal(ratio=0.3)}, False),
        ({"reference": [0.0], "goal": Goal(ratio=0.3)}, False),
        ({"goal": Goal(value=0.9)}, True),
        ({"goal": Goal(value=0.89)}, False),
        ({"reference": [3.0]}, None),
    ],
    ids=["ratio of the medians", "just above", "nothing to compare with", "value", "value just above", "no goal"],
)
def test_whether_a_goal_is_reached(given: dict[str, object], reached: bool | None) -> None:
    """The medians decide; what cannot be compared has not reached its goal."""
    assert row(**given).reached is reached


def test_the_table_shows_medians_spread_and_what_they_are_compared_with() -> None:
    """A line has it all, and says when it is not the stock deployment that it is compared with."""
    line = as_markdown([row(reference=[0.5], of="bare", goal=Goal(ratio=2.5))]).splitlines()[-1]
    assert line == "| a wait [s] | 0.5 (bare) | 0.9 (0.8 to 1) | 1.80x | ≤ 2.5x | yes |"


def test_json_holds_what_the_table_shows() -> None:
    """A machine reads the same: medians, ends, ratio and goal."""
    found = row(reference=[3.0], goal=Goal(ratio=0.3)).as_json()
    assert found["homeroom"] == {"median": 0.9, "least": 0.8, "most": 1.0, "count": 3}
    assert (found["ratio"], found["goal"], found["reached"]) == (pytest.approx(0.3), "≤ 0.3x", True)


def test_the_delay_that_holds_for_a_share() -> None:
    """Of counts by bound, the least bound that covers the share."""
    counts = {0.05: 985.0, 0.055: 990.0, 0.1: 999.0, float("inf"): 1000.0}
    assert delay_ms(counts, 0.99) == pytest.approx(55)
    assert delay_ms(counts, 0.5) == pytest.approx(50)


def test_percentiles() -> None:
    """Of a hundred values, the 50th and the 99th stand where they should."""
    values = [float(number) for number in range(101)]
    assert (percentile(values, 50), percentile(values, 99)) == (50, 99)
    assert percentile([7.0], 99) == 7


def test_nobody_who_comes_with_a_browser_was_there_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever had been there would find their notebook open, in the place of the launcher that is waited for."""
    came: list[tuple[str, str]] = []

    def visit(deployment: Any, name: str, _settle_seconds: float) -> Visit:
        came.append((deployment.name, name))
        return Visit(output_seconds=1.0, memory_mib=1.0, pss_mib=1.0)

    monkeypatch.setattr(visits, "visit", visit)
    monkeypatch.setattr(visits, "signed_in", Mock())
    each: Any = (SimpleNamespace(name="stock"), SimpleNamespace(name="Homeroom"))
    for measure in (visits.pages, visits.edges):
        assert all(one.ratio == 1 for one in measure(each, 3, 0.0))
    assert len(came) == len(set(came)) == 12


def test_what_builds_a_tree_finds_its_modules() -> None:
    """The code that is run in each tree names what is there: it is no code to the type checker."""
    imports = [node for node in ast.parse(first_build.BUILD).body if isinstance(node, ast.ImportFrom)]
    assert len(imports) > 5
    for node in imports:
        for name in node.names:
            assert hasattr(importlib.import_module(str(node.module)), name.name), name.name
