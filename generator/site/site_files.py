"""`site/`: the operator's own. Starters are laid once; nothing there is ever changed afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import Finding, warning
from generator.core.paths import TEMPLATES
from generator.topics.gpus import gpus
from generator.topics.labs import labs
from generator.topics.prewarm import schedule
from generator.topics.storage import shares

FILES = (labs.PROFILES, labs.GROUPS, shares.SHARES_FILE, schedule.SCHEDULE, gpus.GPUS)
"""The YAML that is read."""


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


def unread(site: Path) -> Iterator[Finding]:
    """A warning for each YAML file that is none of those that are read, such as `profiles.yml`."""
    for path in sorted(site.glob("[!.]*")):
        if path.suffix in (".yaml", ".yml") and path.name not in FILES:
            remedy = did_you_mean(path.name, FILES)
            yield warning("site", "this file is not read", place=f"site/{path.name}", remedy=remedy)
