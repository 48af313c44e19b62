"""Closes a version in the changelog: `python -m tests.release VERSION`, run by `make release VERSION=0.2.0`."""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

from tests.hub_deployment import ROOT

README = "README.md"


def close(changelog: str, changes: dict[str, str], version: str, day: datetime.date) -> str:
    """The changelog with a section for this version: what its own section has so far, then each change.

    :param changes: texts by the names of their files, which give their order.
    :raises ValueError: the version is closed already, or nothing has changed.
    """
    if re.search(rf"^## {re.escape(version)} \((?!unreleased)", changelog, re.MULTILINE):
        raise ValueError(f"CHANGELOG.md has {version} already")
    begun = f"## {version} (unreleased)\n"
    if not changes and begun not in changelog:
        raise ValueError("changes/ holds nothing new")
    lines = "".join(changes[name].rstrip("\n") + "\n" for name in sorted(changes))
    head = f"## {version} ({day.isoformat()})\n"
    if begun in changelog:
        before, rest = changelog.split(begun)
        own, *older = re.split(r"^(?=## )", rest, maxsplit=1, flags=re.MULTILINE)
        return f"{before}{head}{own.rstrip()}\n{lines}\n{''.join(older)}"
    before, *older = re.split(r"^(?=## )", changelog, maxsplit=1, flags=re.MULTILINE)
    return f"{before}{head}\n{lines}\n{''.join(older)}"


def main(version: str, root: Path = ROOT) -> None:
    """Write the changelog, and remove the files that are in it now."""
    files = [path for path in (root / "changes").glob("*.md") if path.name != README]
    changes = {path.name: path.read_text(encoding="utf-8") for path in files}
    changelog = root / "CHANGELOG.md"
    changelog.write_text(close(changelog.read_text(encoding="utf-8"), changes, version, datetime.date.today()))
    for path in files:
        path.unlink()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not re.fullmatch(r"\d+\.\d+\.\d+", sys.argv[1]):
        sys.exit("VERSION is missing: `make release VERSION=0.2.0`.")
    try:
        main(sys.argv[1])
        print(
            f"Committed, its commit is a line of tests/releases.txt: {sys.argv[1]} COMMIT. Upgrades are tried from it."
        )
    except ValueError as error:
        sys.exit(f"{error}.")
