"""`nbgrader validate` in a terminal: a notebook that is not there, or none, is told in words.

Upstream says nothing of the one, and answers the other with a traceback.
"""

from __future__ import annotations

import glob
import importlib
import json
from pathlib import Path
from typing import Any

DO = "Fetch it anew, or take back an earlier version of it"


def amend() -> None:
    """Have the command look first."""
    app: Any = importlib.import_module("nbgrader.apps.validateapp").ValidateApp
    upstream = app.start
    if getattr(upstream, "__module__", "") == __name__:
        return

    def start(self: Any) -> None:
        for asked in self.extra_args:
            require_notebook(self, asked)
        upstream(self)

    app.start = start


def require_notebook(app: Any, asked: str) -> None:
    """Have the command fail, and say why, unless what it was given is there and can be read."""
    found = sorted(glob.glob(asked))  # noqa: PTH207 - what upstream looks by
    if not found:
        app.fail("There is no notebook %s here. Give its path: nbgrader validate week-1/notebook.ipynb", asked)
    for path in found:
        why = trouble(Path(path))
        if why:
            app.fail("%s cannot be validated: %s.", path, why)


def trouble(path: Path) -> str:
    """Why a notebook cannot be validated; empty: it can be read."""
    if path.is_dir():
        return f"it is a folder; name its notebooks: nbgrader validate '{path}/*.ipynb'"
    why = flaw(path)
    return f"{why}. {DO}" if why else ""


def flaw(path: Path) -> str:
    """Why a file is no notebook; empty: it can be read."""
    try:
        read(path)
    except Flawed as flawed:
        return str(flawed)
    return ""


class Flawed(Exception):
    """A file is no notebook; says why."""


def read(path: Path) -> dict[str, Any]:
    """A notebook, of whichever version. :raises Flawed: it is none."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Flawed(f"it is no whole notebook ({type(error).__name__}: {str(error)[:200]})") from None
    cells = found.get("cells", found.get("worksheets")) if isinstance(found, dict) else None
    if not isinstance(cells, list) or not all(isinstance(each, dict) for each in cells):
        raise Flawed("it is no whole notebook, since it has no cells")
    return dict(found)
