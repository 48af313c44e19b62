"""What is asked of a repository's host before anything is fetched: with an end, and told in words.

Upstream asks on the server's only thread, twice, and waits as long as the host does: a host that does not answer stops
the whole lab, kernels' messages too, for minutes. What it then says is `Branch name unresolved`, whatever was wrong.
https://github.com/jupyterhub/nbgitpuller/blob/1.3.0/nbgitpuller/handlers.py
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

ANSWER_SECONDS = 30
PROTOCOLS = "file:git:http:https:ssh"
HEADS, TAGS = "refs/heads/", "refs/tags/"
REFUSALS = (
    (r"no space left|disk quota exceeded", "Your home is full. Delete what you no longer need, and try again."),
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
    (
        r"refused|timed out|unreachable|no route|too slow|hung up|early eof|rpc failed|(?:failed|unable) to connect",
        "Its host does not answer. Try again later; the lab works without.",
    ),
    (r"not allowed|transport .* not", "Its address is of a kind that is not fetched."),
)
OTHERWISE = "What Git says is below."


class PullRefused(Exception):
    """A repository is not fetched; the message is for the person.

    :param can_be_set_aside: it is their own folder that is in the way.
    """

    def __init__(self, message: str, *, can_be_set_aside: bool = False) -> None:
        super().__init__(message)
        self.can_be_set_aside = can_be_set_aside


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


def environment() -> Mapping[str, str]:
    """With what Git is run: it asks nobody for a password, speaks English, and gives up a host that sends nothing."""
    given = os.environ | {"LANG": "C", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false"}
    given |= {"GIT_SSH_COMMAND": given.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")}
    given |= {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": str(ANSWER_SECONDS)}
    return given | {"GIT_ALLOW_PROTOCOL": PROTOCOLS}


def ask(url: str, seconds: float = ANSWER_SECONDS) -> str:
    """The branches and tags of a repository, as `git ls-remote --symref` prints them.

    :raises PullRefused: it cannot be asked, or does not answer in time.
    """
    code, out, said = run(["git", "ls-remote", "--symref", "--", url], seconds, environment())
    if code:
        last = said.strip().rpartition("\n")[2].replace(url, shown(url))[:300]
        raise PullRefused(f"The repository {shown(url)} cannot be fetched. {explained(said, last or OTHERWISE)}")
    return out


def run(
    command: Sequence[str],
    seconds: float,
    environment: Mapping[str, str],
    *,
    cwd: Path | None = None,
    errors: str = "replace",
) -> tuple[int, str, str]:
    """Run Git, with all that it starts, for a while at most.

    :param errors: what becomes of bytes that are no text, as `bytes.decode` has it.
    :returns: its exit code, what it wrote, and what it said; of one that was ended `timed out`, and it wrote nothing.
    """
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors=errors,
        start_new_session=True,
    )
    try:
        out, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        out, said = "", "timed out"
    return process.returncode, out, said


def explained(said: str, otherwise: str = OTHERWISE) -> str:
    """What Git said of a failure, in words."""
    return next((words for form, words in REFUSALS if re.search(form, said, re.IGNORECASE)), otherwise)


def reference_of(told: str, wanted: str | None, url: str) -> str:
    """The branch or tag that is to be fetched, with all of its name (`refs/heads/main`): the one that is wanted, else
    the one that the repository shows first.

    :param told: as `ask` returns it.
    :raises PullRefused: there is none.
    """
    names, head = set(), ""
    for line in told.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith(f"ref: {HEADS}") and name == "HEAD":
            head = value.removeprefix("ref: ")
        elif name.startswith((HEADS, TAGS)):
            names.add(name.removesuffix("^{}"))
    if not wanted:
        if not head:
            raise PullRefused(f"The repository {shown(url)} is empty, or shows no branch first: name one in the link.")
        return head
    for kind in (HEADS, TAGS):
        if kind + wanted in names:
            return kind + wanted
    raise PullRefused(f"The repository {shown(url)} has no branch or tag {wanted[:80]!r}.")


def shown(url: str) -> str:
    """An address without a password that may be in it."""
    parts = urlsplit(url)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.netloc else url
    return plain if len(plain) <= 200 else f"{plain[:200]}..."
