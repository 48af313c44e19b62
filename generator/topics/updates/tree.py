"""The tree of this deployment in git: which commit is meant, what the operator has changed, and having another one."""

from __future__ import annotations

import ast
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core.errors import HomeroomError
from generator.core.process import Completed, Runner, require, run, tail

REQUIREMENTS = "generator/requirements.txt"
FETCH_SECONDS = "60"
SHOWN = 5
OWN = ("site/", ".env")
"""What is the operator's, and no update touches."""


@dataclass(frozen=True)
class Version:
    """A version of Homeroom: its number, and the earlier ones that no update may skip."""

    number: str
    stops: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[int, ...]:
        """Its number, to be compared."""
        return parts(self.number)


def parts(number: str) -> tuple[int, ...]:
    """A version's number, to be compared: `0.10.1` comes after `0.9`."""
    return tuple(int(part) for part in number.split("."))


class Tree:
    """A directory that is a clone of Homeroom's repository."""

    def __init__(self, root: Path, *, runner: Runner = run) -> None:
        self.root = root
        self.runner = runner

    def git(self, *arguments: str) -> Completed:
        """Run git there; nothing of it asks questions or runs the repository's hooks."""
        command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", *arguments]
        return self.runner(command, cwd=self.root, env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"})

    def require_clone(self) -> None:
        """See that git can be asked about this directory.

        :raises HomeroomError: it is no clone, or git is missing.
        """
        done = self.git("rev-parse", "--show-prefix")
        if done.returncode or done.stdout.strip():
            said = (tail(done.stderr) or ["it lies within another repository"])[-1]
            raise HomeroomError(
                f"this directory is no clone of Homeroom's repository: {said}",
                location=str(self.root),
                remedy="This needs git and the clone that `make up` runs from.",
            )

    def adopt(self, file: Path, commit: str) -> None:
        """Make the directory a clone of what a file of `git bundle` holds; the directory's files stay as they are.

        :raises HomeroomError: git is missing, or the file holds another version.
        """
        for words in (
            ("init", "--quiet", "--template=", "--initial-branch=main"),
            ("fetch", "--quiet", str(file), "HEAD"),
            ("reset", "--quiet", commit),
        ):
            require(
                self.git(*words),
                what="making this directory a clone of Homeroom's repository",
                remedy="An update needs git: `apt-get install git`.",
            )

    def commit(self, name: str = "HEAD") -> str:
        """The commit that a name means here; empty where it means none."""
        done = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return done.stdout.strip() if done.returncode == 0 else ""

    def branch(self) -> str:
        """The branch that is checked out; empty where none is."""
        done = self.git("symbolic-ref", "--quiet", "--short", "HEAD")
        return done.stdout.strip() if done.returncode == 0 else ""

    def find(self, name: str) -> str:
        """The commit of a tag, or of a commit's name, asked for where this was cloned from; or that of a file.

        :param name: a tag, a commit, or the path of a file that `git bundle create FILE HEAD` has made.
        :raises HomeroomError: there is none of that name, or the file is none of git's.
        """
        if not name:
            raise HomeroomError("which version?", location="TO", remedy="Name one: `make update TO=v0.2.0`.")
        if (self.root / name).is_file():
            return self._of_file(self.root / name)
        fetched = self.fetch()
        # A tag before a branch of that name, and upstream's branch before one of here that stands still.
        for spelt in (f"refs/tags/{name}", f"refs/remotes/origin/{name}", name):
            if found := self.commit(spelt):
                return found
        more = "" if fetched.returncode == 0 else f", and where this was cloned from did not answer: {words(fetched)}"
        raise HomeroomError(
            f"there is no version {name}{more}",
            location="TO",
            remedy="`git tag` lists the versions that are known here; a commit or a file of `git bundle` does, too.",
        )

    def _of_file(self, file: Path) -> str:
        """Have what a file of `git bundle` holds; returns its commit."""
        require(
            self.git("fetch", "--quiet", str(file), "HEAD"),
            what=f"reading a version from {file}",
            remedy="It is made by `git bundle create FILE HEAD` in a clone that is at the version.",
        )
        return self.commit("FETCH_HEAD")

    def fetch(self) -> Completed:
        """Have what there is new where this was cloned from."""
        if "origin" not in self.git("remote").stdout.split():
            return Completed((), 0, "", "")
        limits = ["-c", "http.lowSpeedLimit=1", "-c", f"http.lowSpeedTime={FETCH_SECONDS}"]
        return self.git(*limits, "fetch", "--quiet", "--tags", "origin")

    def changes(self, new: str) -> Iterator[str]:
        """The files that the operator has changed, or laid where an update would need the place."""
        listed = self.git("status", "--porcelain", "--untracked-files=all", "-z").stdout.split("\0")
        theirs = set(self.git("ls-tree", "-r", "-z", "--name-only", new).stdout.split("\0"))
        folders = {name.partition("/")[0] for name in theirs if "/" in name}
        for entry in listed:
            kind, path = entry[:2], entry[3:]
            if not path or path.startswith(OWN):
                continue
            untracked = kind == "??"
            if not untracked or path in theirs or path.partition("/")[0] in folders:
                yield path

    def is_upstreams(self, commit: str, new: str) -> bool:
        """Whether nothing of a commit is the operator's own: the new version has it, or some other version."""
        if self.git("merge-base", "--is-ancestor", commit, new).returncode == 0:
            return True
        found = self.git("for-each-ref", "--contains", commit, "--count=1", "refs/tags", "refs/remotes")
        return bool(found.stdout.strip())

    def is_before(self, commit: str, other: str) -> bool:
        """Whether a commit is in the history of another."""
        return commit != other and self.git("merge-base", "--is-ancestor", commit, other).returncode == 0

    def version(self, commit: str) -> Version:
        """The version that a commit is of.

        :raises HomeroomError: it is none of Homeroom's.
        """
        done = self.git("show", f"{commit}:generator/__init__.py")
        try:
            values = literals(done.stdout if done.returncode == 0 else "")
            found = Version(str(values["VERSION"]), tuple(map(str, values.get("STOPS", ()))))
            _ = found.parts, [parts(stop) for stop in found.stops]
        except (SyntaxError, ValueError, TypeError, KeyError):
            raise HomeroomError(
                f"{commit[:12]} is no version of Homeroom", location="TO", remedy="Name a tag of its repository."
            ) from None
        return found

    def lay_out(self, commit: str, folder: Path) -> None:
        """Have the files of a commit in a folder.

        :raises HomeroomError: its disk is full.
        """
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        archive = folder.with_suffix(".tar")
        try:
            require(
                self.git("archive", "--format=tar", f"--output={archive}", commit),
                what=f"reading {commit[:12]}",
                remedy="See whether the disk is full.",
            )
            require(
                self.runner(["tar", "--extract", f"--file={archive}", f"--directory={folder}"]),
                what=f"laying out {commit[:12]}",
                remedy="See whether the disk is full.",
            )
        finally:
            archive.unlink(missing_ok=True)

    def check_out(self, commit: str, branch: str = "") -> None:
        """Have the directory at a commit: by its branch, where that is still there.

        :raises HomeroomError: a file is in the way, or the disk is full.
        """
        by_branch = bool(branch) and self.commit(f"refs/heads/{branch}") == commit
        words = [branch, "--"] if by_branch else ["--detach", commit, "--"]
        require(
            self.git("checkout", "--quiet", *words),
            what=f"checking {commit[:12]} out",
            remedy="Move the file out of the way, then `make up`.",
        )


def share_packages(here: Path, beside: Path) -> None:
    """Have a version that is laid out beside a tree use the tree's Python packages, where their list is the same."""
    if (beside / REQUIREMENTS).read_bytes() == (here / REQUIREMENTS).read_bytes():
        (beside / ".venv").symlink_to(here / ".venv")


def words(done: Completed) -> str:
    """The last that a command said."""
    return (tail(done.stderr) or [f"exit code {done.returncode}"])[-1]


def literals(source: str) -> dict[str, Any]:
    """The plain values that a module's names are given."""
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                continue
    return found
