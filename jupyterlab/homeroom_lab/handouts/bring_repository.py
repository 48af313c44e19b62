"""Gives the files of a repository to the hand-in desk: `python -m homeroom_lab.handouts.bring_repository TOLD`, in a
container of the guard's that is on the labs' network and has one socket of the desk's.

Git is given no terminal, no configuration but ours, few protocols and little time; nothing of what it brings is run. It
prints one line of JSON: `{}`, or the `fault`, a word that the hub's pages have words for, and the `name` of what it is
about.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from homeroom_lab import desk, remote

MOST_FILES = 20_000
"""Of one handout, with its folders."""
MOST_ROWS = 10 * MOST_FILES
"""Of what git lists, with all that is left out: a small repository can list folders in folders without end."""
LEFT_OUT = frozenset({".ipynb_checkpoints", "__pycache__"})
DEEPEST, LONGEST_PART_BYTES, LONGEST_NAME_BYTES = 20, 200, 1000
"""The desk takes no other names; a test holds both equal."""
FETCH_SECONDS = 60.0
SEND_SECONDS = 300.0
CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "fetch.fsckObjects": "true",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "20",
    "credential.helper": "",
    "gc.auto": "0",
    "safe.directory": "*",  # the lab's image lets Git work in few places; here it works in its own alone
    "safe.bareRepository": "all",
}
FAULTS = (
    (r"could not resolve", "host"),
    (r"couldn't find remote ref|remote branch .* not found", "branch"),
    (r"(?:permission|access) denied|authentication failed|could not read username|prompts disabled|40[13]", "private"),
    (r"not found|does not exist|not appear to be a git repository|not a git repository|40[4]", "repository"),
    (r"file size limit|signal 25|too large", "large"),
    (r"certificate|ssl", "certificate"),
    (
        r"refused|timed out|unreachable|no route|too slow|hung up|early eof|rpc failed|(?:failed|unable) to connect",
        "away",
    ),
    (
        r"not allowed|transport .* not|disabled \(in redirect|target url could not be parsed|redirects followed",
        "address",
    ),
)
LINK, SUBMODULE, FOLDER = "120000", "160000", "040000"
PIECE_BYTES = 1 << 16


class Unfit(Exception):
    """It cannot be handed out.

    :param fault: why, in a word.
    :param name: of what that is said.
    :param why: what git said, where there is no word for it.
    """

    def __init__(self, fault: str, name: str = "", why: str = "") -> None:
        super().__init__(fault, name, why)
        self.fault, self.name, self.why = fault, name, why


def fault_of(said: str) -> str:
    """What git said of a failure, in a word."""
    return next((word for form, word in FAULTS if re.search(form, said, re.IGNORECASE)), "git")


def fetch(place: Path, url: str, branch: str, most_bytes: int) -> str:
    """Fetch the newest state of a branch or tag without its history; returns its tree. :raises Unfit: it cannot be."""
    git(place, "init", "--quiet", "--bare", ".")
    (place / "info").mkdir(exist_ok=True)
    (place / "info/attributes").write_text("".join(f"{name} export-ignore\n" for name in sorted(LEFT_OUT)))
    options = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--update-head-ok")
    refspec = f"+{branch or 'HEAD'}:refs/heads/brought"
    git(place, "fetch", *options, "--", url, refspec, limit_bytes=most_bytes)
    return git(place, "rev-parse", "--verify", "refs/heads/brought^{tree}").strip()


def check(place: Path, tree: str, inner: str, most_bytes: int) -> str:
    """See that it can be handed out, before any of it is sent; returns the tree of what is.

    :raises Unfit: it cannot.
    """
    if inner:
        try:
            tree = git(place, "rev-parse", "--verify", f"{tree}:{inner}").strip()
        except Unfit:
            raise Unfit("inner") from None
        if git(place, "cat-file", "-t", tree).strip() != "tree":
            raise Unfit("inner")
    files = folders = total = 0
    for row in _rows(place, tree):
        about, _, name = row.partition("\t")
        mode, _, _, size = about.split()
        if LEFT_OUT.intersection(name.split("/")):
            continue
        if mode == LINK:
            raise Unfit("link", ascii(name)[:120])
        if mode != SUBMODULE and not is_plain(name):
            raise Unfit("name", ascii(name)[:120])
        if mode == FOLDER:
            folders += 1
        elif mode != SUBMODULE:
            files, total = files + 1, total + int(size)
    if files + folders > MOST_FILES:
        raise Unfit("many")
    if total > most_bytes:
        raise Unfit("large")
    if not files:
        raise Unfit("empty")
    return tree


def _rows(place: Path, tree: str) -> list[str]:
    """What git lists of a tree, with its folders. :raises Unfit: that is too much, or it fails."""
    command = [*_command(), "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", tree]
    listed, count = bytearray(), 0
    with subprocess.Popen(command, cwd=place, env=_environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while piece := process.stdout.read(PIECE_BYTES):
            listed += piece
            count += piece.count(0)
            if count > MOST_ROWS:
                process.kill()
                raise Unfit("many")
    if process.returncode:
        raise Unfit("git", why=f"git ls-tree ended with {process.returncode}")
    return [row for row in listed.decode(errors="surrogateescape").split("\0") if row]


def is_plain(name: str) -> bool:
    """Whether the desk takes a file or folder of this name."""
    parts = name.split("/")
    try:
        long = any(len(part.encode()) > LONGEST_PART_BYTES for part in parts) or len(name.encode()) > LONGEST_NAME_BYTES
    except UnicodeEncodeError:
        return False
    return name.isprintable() and not long and len(parts) <= DEEPEST


def send(place: Path, tree: str, socket_path: str = "") -> None:
    """Send its files to the desk. :raises NotTaken: it does not take them."""
    command = [*_command("-c", "tar.umask=0022"), "archive", "--format=tar", tree]
    with subprocess.Popen(command, cwd=place, env=_environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        desk.send_whole("POST", "/handout", iter(lambda: process.stdout.read(PIECE_BYTES), b""), socket_path)  # type: ignore[union-attr]


def git(place: Path, *arguments: str, limit_bytes: int = 0) -> str:
    """Run git, with all that it starts, for a while at most. :raises Unfit: it failed."""
    limit = ["prlimit", f"--fsize={limit_bytes}", "--"] if limit_bytes else []
    command = [*limit, *_command(), *arguments]
    code, out, said = remote.run(command, FETCH_SECONDS, _environment(), cwd=place, errors="surrogateescape")
    if code:
        ended = f"signal {-code} " if code < 0 else ""
        fault = fault_of(ended + said)
        raise Unfit(fault, why=ascii(said.strip()[-300:]) if fault == "git" else "")
    return out


def _command(*more: str) -> Sequence[str]:
    return ["git", *(word for name, value in CONFIG.items() for word in ("-c", f"{name}={value}")), *more]


def _environment() -> dict[str, str]:
    return os.environ | {
        "LC_ALL": "C.UTF-8",
        "GIT_ALLOW_PROTOCOL": "http:https",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def bring(told: dict[str, Any], place: Path, socket_path: str = "") -> dict[str, str]:
    """Give a repository to the desk; what became of it.

    :param told: `url`, `branch`, `inner` (the folder of it; empty: all) and `most_bytes`.
    :param place: an empty directory.
    """
    most_bytes = int(told["most_bytes"])
    try:
        tree = check(place, fetch(place, told["url"], told["branch"], most_bytes), told["inner"], most_bytes)
        send(place, tree, socket_path)
    except Unfit as unfit:
        return {"fault": unfit.fault, "name": unfit.name, **({"why": unfit.why} if unfit.why else {})}
    except desk.NotTaken as error:
        return {"fault": "full" if error.is_full else "desk", "why": str(error)}
    return {}


def main(arguments: list[str]) -> int:
    """Give it, and say what became of it."""
    desk.WAIT_SECONDS = FETCH_SECONDS  # the desk opens for it meanwhile
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(bring(json.loads(arguments[0]), Path(place))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
