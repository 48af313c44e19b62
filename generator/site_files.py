"""`site/`: the operator's own. Starters are laid once; nothing there is ever changed afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

from generator.atomic import write_atomically
from generator.errors import HomeroomError
from generator.paths import TEMPLATES


def create(site: Path) -> bool:
    """Lay the commented starters where there is no `site/` yet.

    It is made under another name and renamed at the end, so an interrupted run leaves no half of it.
    :returns: whether it was made.
    """
    if site.exists():
        return False
    source = TEMPLATES / "site"
    growing = site.with_name(".site.new")
    try:
        shutil.rmtree(growing, ignore_errors=True)
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                write_atomically(growing / path.relative_to(source), path.read_text(encoding="utf-8"))
        for folder in (growing, *(path for path in growing.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        growing.rename(site)
    except OSError as error:
        raise HomeroomError(
            f"cannot be made: {error.strerror}", place=str(site), remedy="Run as the user who owns the deployment."
        ) from None
    return True
