"""How a link fetches: what it names, from where it says, into a folder that is there whole or not at all.

Stands before nbgitpuller's `GitPuller`, which keeps what people changed. What upstream lacks is here: the second click
on a link that names a tag, another branch or an address that the repository moved to; a clone that was cut off; a
folder that is none of this repository's; a host that falls silent on the way; two clicks at once.
https://github.com/jupyterhub/nbgitpuller/blob/1.3.0/nbgitpuller/pull.py
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from homeroom_lab.remote import (
    HEADS,
    TAGS,
    PullRefused,
    ask,
    environment,
    explained,
    inner_target,
    reference_of,
    shown,
)

LAST_LINES = 20
_fetching: dict[str, threading.Lock] = {}
"""A lock for each folder."""


def run(command: Sequence[str], cwd: str | None = None) -> Iterator[str]:
    """Run Git; yields what it prints, line by line.

    :raises CalledProcessError: it failed; `output` has its last lines.
    """
    yield f"$ {' '.join(map(shown, command))}\n"
    last: deque[str] = deque(maxlen=LAST_LINES)
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    for line in process.stdout:
        last.append(line)
        yield line
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command, output="".join(last))


class LinkPuller:
    """What is asked while upstream's object is made is asked where it fetches, in a thread of its own; and a folder is
    set aside (`backup`) only once there is something to put in its place."""

    def __init__(self, git_url: str, repo_dir: str, **options: Any) -> None:
        self._wanted: str | None = options.pop("branch", None) or None
        self._sets_aside = bool(options.pop("backup", False))
        self._reference = ""
        target = inner_target(options["parent"].root_dir, repo_dir)
        super().__init__(git_url, target, branch="", **options)  # type: ignore[call-arg]

    def branch_exists(self, branch: str) -> None:
        """Nothing yet: it is asked in `pull`."""

    def pull(self) -> Iterator[str]:
        """Ask, then fetch as upstream does; into one folder once at a time, also where the page of one before was
        closed.

        :raises PullRefused: it cannot be fetched.
        """
        lock = _fetching.setdefault(str(self._folder), threading.Lock())
        if not lock.acquire(blocking=False):
            yield "This folder is being fetched already. This link comes next.\n"
            lock.acquire()
        try:
            yield from self._pull()
        except subprocess.CalledProcessError as error:
            said = error.output if isinstance(error.output, str) else ""
            raise PullRefused(f"{self._said} {explained(said)}") from error
        except OSError as error:
            raise PullRefused(f"{self._said} {explained(str(error.strerror), f'{error.strerror}.')}") from error
        finally:
            lock.release()

    @property
    def _said(self) -> str:
        puller: Any = self
        return f"The repository {shown(puller.git_url)} cannot be fetched."

    @property
    def _folder(self) -> Path:
        puller: Any = self
        return Path(puller.repo_dir)

    def _pull(self) -> Iterator[str]:
        puller: Any = self
        yield f"Asking for {shown(puller.git_url)}\n"
        self._reference = reference_of(ask(puller.git_url), self._wanted, puller.git_url)
        puller.branch_name = self._reference.removeprefix(HEADS).removeprefix(TAGS)
        if self._sets_aside and self._folder.exists():
            puller.backup_repo_dir()
        yield from super().pull()  # type: ignore[misc]

    def initialize_repo(self) -> Iterator[str]:
        """Clone it beside, and give it its name once it is whole: a clone that is cut off would lack files for good."""
        puller: Any = self
        folder = self._folder
        part = folder.with_name(f".{folder.name}.homeroom-pull")
        shutil.rmtree(part, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        depth = ["--depth", str(puller.depth)] if puller.depth and puller.depth > 0 else []
        yield from run(["git", "clone", *depth, "--branch", puller.branch_name, "--", puller.git_url, str(part)])
        part.rename(folder)

    def update(self) -> Iterator[str]:
        """Bring what is new, as upstream does.

        :raises PullRefused: the folder is none that a link has made.
        """
        if not (self._folder / ".git").exists():
            raise self._in_the_way("is none that a link has fetched")
        yield from super().update()  # type: ignore[misc]

    def update_remotes(self) -> Iterator[str]:
        """Fetch what the link names. Upstream fetches what was cloned.

        :raises PullRefused: the folder holds another repository, or one whose history was rewritten.
        """
        puller: Any = self
        wanted = [puller.git_url, f"+{self._reference}:refs/remotes/origin/{puller.branch_name}"]
        yield from run(["git", "fetch", "--no-tags", "--", *wanted], cwd=puller.repo_dir)
        if not self._is_related() and self._asks("rev-parse", "--is-shallow-repository") == "true":
            yield from run(["git", "fetch", "--no-tags", "--unshallow", "--", *wanted], cwd=puller.repo_dir)
        if not self._is_related():
            raise self._in_the_way(
                "holds another repository, or this one as it was before its history was written anew"
            )

    def merge(self) -> Iterator[str]:
        """Bring both together as upstream does, or leave all as it was.

        :raises PullRefused: they do not go together.
        """
        puller: Any = self
        try:
            yield from super().merge()  # type: ignore[misc]
        except subprocess.CalledProcessError as error:
            subprocess.run(["git", "merge", "--abort"], cwd=puller.repo_dir, capture_output=True)
            raise self._in_the_way("was changed by you in a way that does not go together with what is new") from error

    def _is_related(self) -> bool:
        puller: Any = self
        return bool(self._asks("merge-base", "HEAD", f"origin/{puller.branch_name}"))

    def _asks(self, *command: str) -> str:
        return subprocess.run(["git", *command], cwd=self._folder, capture_output=True, text=True).stdout.strip()

    def _in_the_way(self, why: str) -> PullRefused:
        return PullRefused(f"{self._said} The folder {self._folder.name} of your files {why}.", can_be_set_aside=True)


def install() -> None:
    """Have nbgitpuller fetch so."""
    from nbgitpuller import handlers, pull

    pull.execute_cmd = run
    handlers.GitPuller = type("GitPuller", (LinkPuller, pull.GitPuller), {})
