"""nbgitpuller, where it finds a file of the repository's in the home under another name, or not at all."""

from __future__ import annotations

import datetime
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbgitpuller import pull


def changed(output: bytes, kind: str) -> list[str]:
    """The names after this letter in what `git diff --name-status --no-renames -z` prints."""
    fields = iter(os.fsdecode(output).split("\0"))
    return [name for status, name in zip(fields, fields, strict=False) if status == kind]


def find_upstream_changed(puller: pull.GitPuller, kind: str) -> list[str]:
    """Files of the repository's that have changed there in this way: A added, D deleted, M modified.

    Upstream reads `"\\303\\234bung.md"` where a name holds an umlaut, a quote, a tab or a line break, finds no such
    file in the home, leaves the user's own in the way, and every further pull ends there. So it does with a file that
    got another name in the repository, which to it is neither added nor deleted.
    """
    command = ["git", "diff", f"..origin/{puller.branch_name}", "--name-status", "--no-renames", "-z"]
    return changed(subprocess.check_output(command, cwd=puller.repo_dir), kind)


def in_the_way(home: Path, added: list[str], committed: set[str]) -> list[Path]:
    """What of the user's own stands where files of the repository's are to be: under their names, links that lead
    nowhere too, and files where these have folders."""
    found = {str(one) for name in added for one in parents(name) if is_no_folder(home / one)} - committed
    return [home / name for name in sorted(found | {name for name in added if os.path.lexists(home / name)})]


def parents(name: str) -> list[PurePath]:
    """The folders that a file of the repository's is in."""
    return list(PurePath(name).parents)[:-1]


def is_no_folder(path: Path) -> bool:
    """Whether something is there that is no folder."""
    return os.path.lexists(path) and (path.is_symlink() or not path.is_dir())


def rename_local_untracked(puller: pull.GitPuller) -> Iterator[str]:
    """Give what is in the way of new files another name, with the time in it. Upstream looks for files alone."""
    listed = subprocess.check_output(["git", "ls-tree", "-r", "-z", "--name-only", "HEAD"], cwd=puller.repo_dir)
    home = Path(puller.repo_dir)
    for old in in_the_way(home, find_upstream_changed(puller, "A"), set(os.fsdecode(listed).split("\0"))):
        new = old.with_name(f"{old.stem}__{datetime.datetime.now():%Y%m%d%H%M%S}{old.suffix}")
        old.rename(new)
        yield f"Renamed {old} to {new} to avoid conflict with upstream"


def install() -> None:
    """Have nbgitpuller know a file by its own name, and make way for it; and fetch and be shown as here."""
    from nbgitpuller import pull

    from homeroom_lab import link_puller, pull_page

    pull.GitPuller.find_upstream_changed = find_upstream_changed
    pull.GitPuller.rename_local_untracked = rename_local_untracked
    link_puller.install()
    pull_page.install()
