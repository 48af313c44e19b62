"""The Git panel, which shows no more than fits into the server's memory: as much as the page opens of a file; and which
begins a repository in a new home (first_commit.py).

jupyterlab-git holds all that a git command prints, several times over, and reads `.gitignore` whatever it is.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import jupyterlab_git
from jupyterlab_git_core import git

from homeroom_lab import first_commit
from homeroom_lab.file_sizes import ALWAYS_BYTES, in_megabytes, largest_left_bytes

MOST_ERROR_BYTES = 100_000
TOO_LARGE = "is too large for this page"
NOT_TRUSTED = (
    "Other people can write into this folder, and a Git repository names programs that Git runs. "
    "So Git does not work in it. Copy what you need into a folder of your own. "
    "If you trust everybody who can write here, type in a terminal:\n"
)


def refusal(what: str, most: int) -> str:
    """What the user reads instead."""
    return f"{what} {TOO_LARGE}: more than {in_megabytes(most)}. Use git in a terminal."


class BoundedOutput(subprocess.Popen[bytes]):
    """A command that is ended when it prints too much; what it says then is why, for the user."""

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:  # noqa: A002
        """What it printed and what it says, the output whole or not at all."""
        if not self.stdout or not self.stderr:
            return super().communicate(input, timeout)
        said: list[bytes] = []
        listening = threading.Thread(target=lambda pipe: said.append(first_of(pipe)), args=[self.stderr])
        listening.start()
        most = largest_left_bytes()
        output = self.stdout.read(most + 1)
        self.stdout.close()  # whatever still writes ends by it
        if len(output) > most:
            self.kill()
            what = refusal(f"The output of `{' '.join(map(os.fsdecode, self.args))}`", most)  # type: ignore[arg-type]
            output, said[:0] = b"", [what.encode()]
        self.wait()
        listening.join()
        return output, said[0]


def first_of(pipe: IO[bytes]) -> bytes:
    """The beginning of what comes by a pipe; the rest is thrown away."""
    with pipe:
        beginning = pipe.read(MOST_ERROR_BYTES)
        while pipe.read(MOST_ERROR_BYTES):
            pass
    return beginning


def refuse_strange(gitignore: Path) -> str:
    """Why a `.gitignore` is not read: who shares the repository can have made anything of it. Empty: it is."""
    try:
        there = gitignore.stat()
    except OSError:
        return ""
    if stat.S_ISREG(there.st_mode) and there.st_size <= ALWAYS_BYTES:
        return ""
    return f"{gitignore.name} is no file of at most {in_megabytes(ALWAYS_BYTES)}, so it is not read."


def explained(answer: dict[str, Any], path: str) -> dict[str, Any]:
    """What the user reads where Git does not trust a folder: why, and what to do. Git itself says "dubious
    ownership", and the panel that the folder is no repository."""
    if "dubious ownership" in str(answer.get("message", "")):
        command = shlex.join(["git", "config", "--global", "--add", "safe.directory", os.path.realpath(path)])
        return {**answer, "message": f"{NOT_TRUSTED}{command}"}
    return answer


class LabGit(git.Git):
    """What the panel asks of git."""

    async def show(self, *arguments: Any, **options: Any) -> str:
        """A file as it was; one that is too large is refused in a sentence, without what git was asked for."""
        try:
            shown: str = await super().show(*arguments, **options)
        except git.GitCommandError as error:
            asked = error.command or [""]
            if TOO_LARGE in str(error):
                raise git.GitCommandError(refusal(asked[-1], largest_left_bytes()), command=asked) from error
            raise
        return shown

    async def get_nbdiff(self, prev_content: Any, curr_content: Any, base_content: Any = None) -> dict[str, Any]:
        """The difference of notebooks which together may be as large as one that the page opens."""
        size = sum(len(text) for text in (prev_content, curr_content, base_content) if isinstance(text, str))
        most = largest_left_bytes(size)
        if size > most:
            raise git.GitParameterError(refusal("This notebook", most // 2))
        found: dict[str, Any] = await super().get_nbdiff(prev_content, curr_content, base_content)
        return found

    def read_file(self, path: str) -> dict[str, Any]:
        """The `.gitignore` of a repository."""
        why = refuse_strange(Path(path))
        read: dict[str, Any] = {"code": -1, "content": "", "message": why} if why else super().read_file(path)
        return read

    async def ensure_gitignore(self, path: str) -> dict[str, Any]:
        """Have a `.gitignore`, to which lines can be added."""
        why = refuse_strange(Path(path) / ".gitignore")
        done: dict[str, Any] = {"code": -1, "message": why} if why else await super().ensure_gitignore(path)
        return done

    async def init(self, path: str) -> dict[str, Any]:
        """Begin a repository."""
        return explained(await super().init(path), path)

    async def _empty_commit(self, path: str) -> dict[str, Any]:
        """The commit with which a repository begins."""
        return explained(await first_commit.make(self, path), path)


def install() -> None:
    """Have jupyterlab-git ask by these."""
    jupyterlab_git.Git = LabGit
    git.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": BoundedOutput})
