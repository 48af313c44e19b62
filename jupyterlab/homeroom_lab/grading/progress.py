"""How far autograding is: a small file for each assignment, which the pages read while a process grades."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PLACE = Path(".homeroom/progress")
WRITE_SECONDS = 0.5


class Progress:
    """What one process tells of its work.

    :param root: the course's directory.
    :param total: submissions that there are to look at.
    """

    def __init__(self, root: Path, assignment: str, total: int) -> None:
        self._path = path_of(root, assignment)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._written = 0.0
        self._now: dict[str, Any] = {
            "assignment": assignment,
            "process": os.getpid(),
            "began": time.time(),
            "ended": None,
            "total": total,
            "done": 0,
            "marked": {},
            "failed": {},
        }
        self._write()

    def done(self, student: str, troubles: Sequence[str] = ()) -> None:
        """One is graded, or was before; with what people should look at."""
        self._now["done"] += 1
        if troubles:
            self._now["marked"][student] = " ".join(dict.fromkeys(troubles))
        self._write(lazily=True)

    def failed(self, student: str, why: str) -> None:
        """One could not be graded."""
        self._now["failed"][student] = why
        self._write(lazily=True)

    def end(self) -> None:
        """There is nothing more to do."""
        self._now["ended"] = time.time()
        self._write()

    def _write(self, *, lazily: bool = False) -> None:
        if lazily and time.monotonic() - self._written < WRITE_SECONDS:
            return
        self._written = time.monotonic()
        fresh = self._path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(self._now), encoding="utf-8")
        fresh.replace(self._path)


def path_of(root: Path, assignment: str) -> Path:
    """Where it is told of an assignment."""
    return root / PLACE / f"{assignment.replace('/', '_')}.json"


def read(root: Path, assignment: str) -> dict[str, Any]:
    """What was told last; `going` says whether the process that told it is there; empty: nothing was."""
    try:
        found = json.loads(path_of(root, assignment).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    going = found["ended"] is None and Path("/proc", str(found["process"])).exists()
    return {**found, "going": going}
