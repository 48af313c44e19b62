"""The records of people, which the guard alone writes: the log, and who was removed.

`python -m homeroom.guard.records VERB` does the same from the server's own shell, in a container of its own; what it
takes and says is JSON on one line. One writes at a time.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from homeroom.contract import records
from homeroom.contract.records import ACCOUNT, FOLDER, LOG, LONGEST_FIELD, PURGE, REMOVE, RESTORE, TOMBSTONES, Tombstone
from homeroom.guard import audit_log
from homeroom.guard.audit_log import Head
from homeroom.guard.values import Refused

FIELDS = ("id", "who", "what", "whom", "why", "result")
WHAT = re.compile(r"[a-z][a-z-]{0,39}")


def checked(given: Any) -> dict[str, str]:
    """An event as it is kept. :raises Refused: it is none."""
    if not isinstance(given, dict) or given.keys() - set(FIELDS):
        raise Refused("an event has the fields " + ", ".join(FIELDS))
    event = {name: given.get(name, "") for name in FIELDS}
    for name, value in event.items():
        if not isinstance(value, str) or len(value) > LONGEST_FIELD:
            raise Refused(f"the event's {name} is no text of {LONGEST_FIELD} characters at most")
    if not WHAT.fullmatch(event["what"]) or not event["who"]:
        raise Refused("an event says who did what")
    return event


def after(known: Mapping[str, Tombstone], event: Mapping[str, str], at: str) -> dict[str, Tombstone]:
    """The tombstones after an event."""
    found, name, what = dict(known), event["whom"], event["what"]
    stone = found.get(name)
    if event["result"] != "done" or not name:
        return found
    if what == REMOVE and (stone is None or not stone.is_in_force):
        found[name] = Tombstone(at=at, by=event["who"])
    elif what == RESTORE:
        found.pop(name, None)
    elif what == PURGE:
        found[name] = replace(stone or Tombstone(at=at, by=event["who"]), purged_at=at, again_at="")
    elif what == ACCOUNT and stone is not None and stone.purged_at and stone.is_in_force:
        found[name] = replace(stone, again_at=at)
    return found


class Records:
    """The records in a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.log = folder / LOG
        self._seen: tuple[int, int] | None = None
        self._kept: dict[str, Tombstone] = {}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        held = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    def take(self, event: Mapping[str, str]) -> Head:
        """Keep an event, and what follows of it. Whoever was removed is noted first: what is cut off after it is
        done when the event comes again.

        :raises OSError: it cannot be kept.
        """
        now = datetime.now(UTC)
        with self._alone():
            known = records.tombstones(self.folder)
            changed = after(known, event, now.isoformat(timespec="seconds"))
            if changed != known:
                self._write(changed)
            return audit_log.append(self.log, event, now)

    def _write(self, stones: Mapping[str, Tombstone]) -> None:
        fresh = self.folder / f".{TOMBSTONES}.new"
        text = json.dumps({name: asdict(stone) for name, stone in sorted(stones.items())}, indent=1)
        with fresh.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / TOMBSTONES)

    def keeps_home(self, name: str) -> bool:
        """Whether somebody of this name was removed whose home may be there. The file is read when it has changed.

        :raises Refused: nobody knows.
        """
        try:
            found = (self.folder / TOMBSTONES).stat()
            seen = (found.st_mtime_ns, found.st_ino)
            if seen != self._seen:
                self._kept, self._seen = records.tombstones(self.folder), seen
        except FileNotFoundError:
            return False
        except (OSError, ValueError) as error:
            raise Refused(f"who was removed cannot be read: {error}") from None
        stone = self._kept.get(name)
        return stone is not None and stone.keeps_home

    def verify(self, anchor: Head) -> dict[str, Any]:
        """How many lines there are, and what was changed, in words."""
        with self._alone():
            found = list(audit_log.lines(self.log))
        return {"lines": len(found), "faults": audit_log.faults(found, anchor)}

    def expire(self, days: int) -> int:
        """Forget what is older than that; how many lines that were."""
        with self._alone():
            return audit_log.expire(self.log, days, datetime.now(UTC))


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Run one verb."""
    parser = argparse.ArgumentParser(prog="homeroom.guard.records", description="What was done to people.")
    parser.add_argument("verb", choices=["take", "removed", "head", "log", "expire", "verify"])
    parser.add_argument("given", nargs="?", default="", help="JSON of an event, for take")
    parser.add_argument("--number", type=int, default=0, help="of the last line that a copy saw")
    parser.add_argument("--digest", default="", help="of that line")
    parser.add_argument("--days", type=int, default=0, help="what is older expires")
    options = parser.parse_args(arguments)
    kept = Records(folder)
    answer: Any = None
    try:
        if options.verb == "take":
            answer = asdict(kept.take(checked(json.loads(options.given))))
        elif options.verb == "removed":
            answer = {name: asdict(stone) for name, stone in records.tombstones(folder).items()}
        elif options.verb == "head":
            answer = asdict(audit_log.head(kept.log))
        elif options.verb == "expire":
            answer = kept.expire(options.days)
        elif options.verb == "verify":
            answer = kept.verify(Head(options.number, options.digest))
        else:
            for line in audit_log.lines(kept.log):
                sys.stdout.write(line.decode(errors="replace") + "\n")
            return 0
    except (Refused, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
