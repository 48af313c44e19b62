"""nbgitpuller, which reads names of files as Git prints them for people."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from nbgitpuller import pull


def changed(output: bytes, kind: str) -> list[str]:
    """The names after this letter in what `git diff --name-status -z` prints.

    A renamed or copied file has two names there: where it was and where it is.
    """
    fields = iter(os.fsdecode(output).split("\0"))
    return [name for status, name in _pairs(fields) if status.startswith(kind)]


def _pairs(fields: Iterator[str]) -> Iterator[tuple[str, str]]:
    for status in fields:
        if status:
            name = next(fields, "")
            yield status, next(fields, "") if status[0] in "RC" else name


def find_upstream_changed(puller: pull.GitPuller, kind: str) -> list[str]:
    """Files of the repository's that have changed there in this way: A added, D deleted, M modified.

    Upstream reads `"\\303\\234bung.md"` where a name holds an umlaut, a quote, a tab or a line break, finds no such
    file in the home, leaves the user's own in the way, and every further pull ends there.
    """
    command = ["git", "diff", f"..origin/{puller.branch_name}", "--name-status", "-z"]
    return changed(subprocess.check_output(command, cwd=puller.repo_dir), kind)


def install() -> None:
    """Have nbgitpuller know a file by its own name."""
    pull.GitPuller.find_upstream_changed = find_upstream_changed
