"""`site/`: the operator's own. Starters are laid once; nothing there is ever changed afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from generator import topics
from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import Finding, warning
from generator.site import forms

STARTER = Path(__file__).with_name("starter")
FILES_GO_HERE = "| files |\n"


def create(site: Path) -> bool:
    """Lay the commented starters where there is no `site/` yet.

    It is made under another name and renamed at the end, so an interrupted run leaves no half of it.
    :returns: whether it was made.
    """
    if site.exists():
        return False
    growing = site.with_name(".site.new")
    try:
        shutil.rmtree(growing, ignore_errors=True)
        for name, text in starters().items():
            write_atomically(growing / name, text)
        for folder in (growing, *(path for path in growing.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        growing.rename(site)
    except OSError as error:
        raise HomeroomError(
            f"cannot be made: {error.strerror}", location=str(site), remedy="Run as the user who owns the deployment."
        ) from None
    return True


def starters() -> dict[str, str]:
    """What a new `site/` holds: the texts by their names there."""
    found = {}
    for folder in (STARTER, *topics.FOLDER.glob("*/starter")):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found[str(path.relative_to(folder))] = path.read_text(encoding="utf-8")
    rows = "".join(f"| `{form.name}` | {form.what} |\n" for form in forms.known())
    found["README.md"] = found["README.md"].replace(FILES_GO_HERE, rows)
    return found


def unread(site: Path) -> Iterator[Finding]:
    """A warning for each YAML file that is none of those that are read, such as `profiles.yml`."""
    for path in sorted(site.glob("[!.]*")):
        if path.suffix in (".yaml", ".yml") and path.name not in forms.names():
            remedy = did_you_mean(path.name, forms.names())
            yield warning("site", "this file is not read", location=f"site/{path.name}", remedy=remedy)
