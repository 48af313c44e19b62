"""What nbgitpuller asks of a repository's host before it fetches: in its own thread, with an end, and told in words.

Upstream asks on the server's only thread, twice, and waits as long as the host does: a host that does not answer stops
the whole lab, kernels' messages too, for minutes. What it then says is `Branch name unresolved`, whatever was wrong.
https://github.com/jupyterhub/nbgitpuller/blob/1.3.0/nbgitpuller/handlers.py
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ANSWER_SECONDS = 30.0
PROTOCOLS = "file:git:http:https:ssh"
REFUSALS = (
    (r"dubious ownership", "It can be written by other people, so Git takes nothing from it."),
    (
        r"(?:permission|access) denied|authentication failed|could not read username|prompts disabled|error: 40[13]",
        "It is private, or there is none of this name. Ask whoever gave you the link.",
    ),
    (
        r"not found|does not exist|does not appear to be a git repository|not a git repository|error: 404|no such file",
        "There is none of this name, or it is private. Ask whoever gave you the link.",
    ),
    (r"could not resolve host", "There is no such host, or this lab has no network."),
    (r"certificate|ssl", "This lab does not trust its host's certificate. Tell your administrator."),
    (r"refused|timed out|unreachable|no route", "Its host does not answer. Try again later; the lab works without."),
    (r"not allowed|transport .* not", "Its address is of a kind that is not fetched."),
)
OTHERWISE = "It cannot be fetched. The log below has what Git says."


class PullRefused(Exception):
    """A repository is not fetched; the message is for the person."""


def inner_target(root: str, target: str) -> str:
    """Where a repository is to be in the home.

    :param root: the folder that the lab's page shows.
    :raises PullRefused: it is elsewhere, the home itself, or a folder that its owner does not see: a link from a mail
        could lay there what programs run when they start.
    """
    top = os.path.normpath(root)
    found = os.path.normpath(os.path.join(top, target))  # noqa: PTH118 - links within are looked at by its real path
    inner = os.path.relpath(found, top)
    parts = Path(inner).parts
    real_top, real = os.path.realpath(top), os.path.realpath(found)
    if not parts or parts[0] == ".." or inner == "." or os.path.commonpath([real_top, real]) != real_top:
        raise PullRefused("This link leads out of your files: its `targetpath` must be a folder of your home.")
    if any(part.startswith(".") for part in (*parts, *Path(os.path.relpath(real, real_top)).parts)):
        raise PullRefused("This link leads to a hidden folder: its `targetpath` must be one that you see.")
    return found


def ask(url: str, seconds: float = ANSWER_SECONDS) -> str:
    """The branches and tags of a repository, as `git ls-remote --symref` prints them.

    :raises PullRefused: it cannot be asked, or does not answer in time.
    """
    environment = os.environ | {"LANG": "C", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false"}
    environment |= {"GIT_SSH_COMMAND": environment.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")}
    environment |= {"GIT_ALLOW_PROTOCOL": PROTOCOLS}
    process = subprocess.Popen(
        ["git", "ls-remote", "--symref", "--", url],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        out, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        out, said = "", "timed out"
    if process.returncode:
        raise PullRefused(f"The repository {shown(url)} cannot be fetched. {explained(said)}")
    return out


def explained(said: str) -> str:
    """What Git said of a failure, in words."""
    return next((words for form, words in REFUSALS if re.search(form, said, re.IGNORECASE)), OTHERWISE)


def branch_of(told: str, wanted: str | None, url: str) -> str:
    """The branch or tag that is to be fetched: the one that is wanted, else the one that the repository shows first.

    :param told: as `ask` returns it.
    :raises PullRefused: there is none.
    """
    names, head = set(), ""
    for line in told.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: refs/heads/") and name == "HEAD":
            head = value.removeprefix("ref: refs/heads/")
        elif match := re.fullmatch(r"refs/(?:heads|tags)/(.+?)(?:\^\{\})?", name):
            names.add(match[1])
    if wanted and wanted not in names:
        raise PullRefused(f"The repository {shown(url)} has no branch or tag {wanted[:80]!r}.")
    if not wanted and not head:
        raise PullRefused(f"The repository {shown(url)} is empty, or shows no branch first: name one in the link.")
    return wanted or head


def shown(url: str) -> str:
    """An address without a password that may be in it."""
    parts = urlsplit(url)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.netloc else url
    return plain if len(plain) <= 200 else f"{plain[:200]}..."


class AsksFirst:
    """Stands before nbgitpuller's `GitPuller`: what that asks while it is made is asked where it fetches, in a thread
    of its own, and a folder is set aside (`backup`) only once there is something to put in its place."""

    def __init__(self, git_url: str, repo_dir: str, **options: Any) -> None:
        self._wanted: str | None = options.pop("branch", None) or None
        self._sets_aside = bool(options.pop("backup", False))
        target = inner_target(options["parent"].root_dir, repo_dir)
        super().__init__(git_url, target, branch="", **options)  # type: ignore[call-arg]

    def branch_exists(self, branch: str) -> None:
        """Nothing yet: it is asked in `pull`."""

    def pull(self) -> Iterator[str]:
        """Ask, then fetch as upstream does.

        :raises PullRefused: it cannot be fetched.
        """
        puller: Any = self
        yield f"Asking for {shown(puller.git_url)}\n"
        puller.branch_name = branch_of(ask(puller.git_url), self._wanted, puller.git_url)
        if self._sets_aside and Path(puller.repo_dir).exists():
            puller.backup_repo_dir()
        yield from super().pull()  # type: ignore[misc]


def install() -> None:
    """Have nbgitpuller ask so, and open what it fetched in JupyterLab: there is no other application here."""
    from nbgitpuller import handlers, pull

    os.environ.setdefault("NBGITPULLER_APP", "lab")
    handlers.GitPuller = type("LinkPuller", (AsksFirst, pull.GitPuller), {})
