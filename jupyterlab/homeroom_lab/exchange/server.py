"""nbgrader's pages in a lab's server: they read the image's configuration, and run nothing that lies in the home.

nbgrader reads `nbgrader_config.py` of the home, of the server's folder and of the course's in the server's own process,
each time when its list is opened: whoever laid it there would be the server.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

from homeroom_lab import grading

NAME = "nbgrader_config"
LIST = "nbgrader.server_extensions.assignment_list.handlers"
"""The list of assignments: it shows a student the traceback of whatever could not be done."""


def amend() -> None:
    """Have nbgrader in this process read no other configuration."""
    base: Any = importlib.import_module("nbgrader.apps.baseapp")
    base.NbGrader.load_config_file = load_config_file
    base.NbGrader.initialize = initialize
    importlib.import_module(LIST).traceback = Told  # type: ignore[attr-defined]
    if grading.is_here():
        importlib.import_module("homeroom_lab.grading.pages").amend()


class Told:
    """In place of the module `traceback`: what is refused is told in words, a fault with its traceback."""

    @staticmethod
    def format_exc() -> str:
        """What to say of the exception that is being handled."""
        from nbgrader.exchange import ExchangeError

        error = sys.exception()
        return str(error) if isinstance(error, ExchangeError) else traceback.format_exc()


def folders() -> list[Path]:
    """Where configuration is read from, what counts most first: nowhere in the home."""
    from jupyter_core.paths import jupyter_config_path

    home = Path.home().resolve()
    found = [Path(each).resolve() for each in jupyter_config_path() if Path(each).is_absolute()]
    return [each for each in found if not each.is_relative_to(home)]


def load_config_file(app: Any, **_: Any) -> None:
    """In place of `NbGrader.load_config_file`."""
    from traitlets.config import Application

    for folder in reversed(folders()):
        Application.load_config_file(app, NAME, path=str(folder))


def initialize(app: Any, argv: list[str] | None = None, root: str = "") -> None:
    """In place of `NbGrader.initialize`, which also reads the course directory, and imports from this folder."""
    from jupyter_core.application import JupyterApp
    from nbgrader.coursedir import CourseDirectory

    app.update_config(app.build_extra_config())
    app.coursedir = CourseDirectory(parent=app, **({"root": root} if root else {}))
    JupyterApp.initialize(app, argv)
