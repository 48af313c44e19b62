"""A file of Python, as tests of the tree read it: its statements alone, a tenth as many as its nodes."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


@functools.cache
def functions(path: Path) -> frozenset[str]:
    """The functions of a file."""
    return frozenset(found.name for found in statements(path) if isinstance(found, ast.FunctionDef))


def statements(path: Path) -> Iterator[ast.AST]:
    """The statements of a file, wherever in it they stand."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        found = waiting.pop()
        yield found
        for body in BODIES:
            waiting += getattr(found, body, ())
