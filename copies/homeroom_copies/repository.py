"""What is asked of the copies: which there are, what is in a folder of a home, and the bytes of a file or folder.

Each question is one call of restic that only reads, is ended when it takes too long, and hands back no more than a page
shows. A home is named by whoever is trusted to know whose it is; a path comes from people, and never leads out of it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

from homeroom_copies import restic

HOMES = PurePosixPath("/copy/homes")
TAG = "homeroom"
HOME = re.compile(r"[a-z0-9-]{1,200}")
COPY = re.compile(r"[0-9a-f]{8,64}")
LONGEST_PATH = 4096
MOST_SHOWN, MOST_FOUND = 1000, 200
QUESTION_SECONDS, CONTENT_SECONDS = 40.0, 900.0
CHUNK_BYTES = 1 << 16
NO_REPOSITORY = 10
UNREACHED, MOST_TRIES = re.compile(rb"Stat\(<config/>\) returned error, retrying"), 3
"""What restic says, again and again, where the first thing that it asks for has no answer."""
KINDS = {"file": "file", "dir": "folder", "symlink": "link"}
Why = Literal["words", "missing", "large", "late", "none", "unreadable"]


class CannotRead(Exception):
    """There is no answer; `why` in a word."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file or folder of a copy that is to be handed out.

    :param is_folder: it is handed out as a tar, whose names begin within it.
    """

    path: PurePosixPath
    is_folder: bool
    size_bytes: int
    mode: int
    changed_at: float


def place(home: str, path: str) -> PurePosixPath:
    """Where a home's file is in a copy.

    :raises CannotRead: the home or the path is none, or leads out of the home.
    """
    parts = path.split("/") if path else []
    wrong = not HOME.fullmatch(home) or len(path.encode(errors="surrogatepass")) > LONGEST_PATH or "\0" in path
    if wrong or any(part in ("", ".", "..") for part in parts):
        raise CannotRead("words")
    return HOMES.joinpath(home, *parts)


def seconds_of(moment: str) -> float:
    """A time of restic's, which has nanoseconds, in seconds since 1970; 0 where it is none."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", moment)
    try:
        return datetime.fromisoformat(found[1] + found[2].replace("Z", "+00:00")).timestamp() if found else 0.0
    except ValueError:
        return 0.0


def entry(node: Mapping[str, Any], top: PurePosixPath) -> dict[str, Any]:
    """An entry as it is told: its path from `top` on, its kind, size, and when it was changed."""
    return {
        "path": str(PurePosixPath(node["path"]).relative_to(top)),
        "kind": KINDS.get(node["type"], "other"),
        "size": int(node.get("size", 0)),
        "changed_at": seconds_of(str(node.get("mtime", ""))),
    }


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The copies of one deployment.

    :param options: what restic is told of the place.
    :param secrets: the file with the password.
    """

    deployment: str
    options: Sequence[str]
    secrets: Path = restic.SECRETS

    def copies(self) -> list[dict[str, Any]]:
        """The copies there are, the newest first. :raises CannotRead: nobody knows."""
        found: list[dict[str, Any]] = []
        words = ("snapshots", "--json", f"--host={self.deployment}", f"--tag={TAG}")
        with self._run(*words, seconds=QUESTION_SECONDS) as output:
            text = output.read()
        for each in json.loads(text or b"[]"):
            found.append({"name": str(each["id"]), "made_at": seconds_of(str(each["time"]))})
        return sorted(found, key=lambda one: one["made_at"], reverse=True)

    def folder(self, copy: str, home: str, path: str) -> dict[str, Any]:
        """What is in a folder, folders first; `more` where that is too much to show.

        :raises CannotRead: there is no such folder in the copy, or nobody knows.
        """
        top = place(home, path)
        found: list[dict[str, Any]] = []
        is_there = False

        def take(node: Mapping[str, Any]) -> bool:
            nonlocal is_there
            one = PurePosixPath(node["path"])
            is_there |= one == top and node["type"] == "dir"
            if one.parent == top:
                found.append(entry(node, top))
            return len(found) <= MOST_SHOWN

        self._look(take, copy, top)
        if not is_there:
            raise CannotRead("missing")
        found.sort(key=lambda one: (one["kind"] != "folder", one["path"].lower()))
        return {"entries": found[:MOST_SHOWN], "more": len(found) > MOST_SHOWN}

    def search(self, copy: str, home: str, words: str) -> dict[str, Any]:
        """The files and folders of a home whose name has these letters; `more` where that is too much to show.

        :raises CannotRead: there is no such home in the copy, or nobody knows.
        """
        top, wanted = place(home, ""), words.lower()
        found: list[dict[str, Any]] = []
        is_there = False

        def take(node: Mapping[str, Any]) -> bool:
            nonlocal is_there
            one = PurePosixPath(node["path"])
            is_there |= one == top
            if one != top and one.is_relative_to(top) and wanted in one.name.lower():
                found.append(entry(node, top))
            return len(found) <= MOST_FOUND

        self._look(take, copy, top, "--recursive")
        if not is_there:
            raise CannotRead("missing")
        return {"entries": found[:MOST_FOUND], "more": len(found) > MOST_FOUND}

    def find(self, copy: str, home: str, path: str, most_bytes: int) -> Found:
        """A file or folder of a home, with all that is in it.

        :raises CannotRead: it is not in the copy, is larger than that, or is neither file nor folder.
        """
        top = place(home, path)
        nodes: list[Mapping[str, Any]] = []
        total = 0

        def take(node: Mapping[str, Any]) -> bool:
            nonlocal total
            one = PurePosixPath(node["path"])
            if one == top:
                nodes.append(node)
            if one.is_relative_to(top):
                total += int(node.get("size", 0))
            return total <= most_bytes

        self._look(take, copy, top, "--recursive")
        if not nodes or nodes[0]["type"] not in ("file", "dir"):
            raise CannotRead("missing")
        if total > most_bytes:
            raise CannotRead("large")
        node = nodes[0]
        return Found(
            path=top,
            is_folder=node["type"] == "dir",
            size_bytes=total,
            mode=int(node["mode"]) & 0o777,
            changed_at=seconds_of(str(node.get("mtime", ""))),
        )

    def content(self, copy: str, found: Found) -> Iterator[bytes]:
        """The bytes of what was found. :raises CannotRead: they end in the middle."""
        what = [f"{copy}:{found.path}", "/"] if found.is_folder else [copy, str(found.path)]
        with self._run("dump", "--archive=tar", *what, seconds=CONTENT_SECONDS) as output:
            while piece := output.read(CHUNK_BYTES):
                yield piece

    def _look(self, take: Callable[[Mapping[str, Any]], bool], copy: str, top: PurePosixPath, *words: str) -> None:
        """Hand on each entry of a folder that a copy has, until no more is wanted."""
        if not COPY.fullmatch(copy):
            raise CannotRead("words")
        with self._run("ls", "--json", *words, copy, str(top), seconds=QUESTION_SECONDS) as output:
            for line in output:
                try:
                    node = json.loads(line)
                except ValueError:  # it is being ended in the middle of a line
                    continue
                if node.get("message_type", node.get("struct_type")) == "node" and not take(node):
                    raise Enough

    @contextmanager
    def _run(self, *words: str, seconds: float) -> Iterator[IO[bytes]]:
        """restic's output while it runs; it is ended with the body, and after so many seconds.

        :raises CannotRead: it failed.
        """
        try:
            environment = os.environ | restic.read_secrets(self.secrets.read_text(encoding="utf-8"))
        except OSError:
            raise CannotRead("none") from None
        command = ["restic", *self.options, "--no-lock", *words]
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            late = threading.Event()
            threading.Thread(target=hand_on_errors, args=(process,), daemon=True).start()

            def end() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(seconds, end)
            timer.start()
            try:
                yield process.stdout
                code = process.wait()
            except Enough:
                return
            finally:
                timer.cancel()
                process.kill()
        if code:
            raise CannotRead(_why(code, is_late=late.is_set()))


def hand_on_errors(process: subprocess.Popen[bytes]) -> None:
    """Hand on what restic says of errors, and end it where the place of the copies does not answer: whoever looks at a
    page does not wait for as long as a copy may."""
    tries = 0
    for line in process.stderr or ():
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        tries += bool(UNREACHED.match(line))
        if tries >= MOST_TRIES:
            process.kill()


class Enough(Exception):
    """No more of restic's output is wanted."""


def _why(code: int, *, is_late: bool) -> Why:
    if is_late:
        return "late"
    return "none" if code == NO_REPOSITORY else "unreadable"
