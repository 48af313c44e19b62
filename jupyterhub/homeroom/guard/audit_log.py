"""The log of what was done to people: a line an event, each with the digest of the line before it.

A line that was changed, or is missing, breaks the chain. An end that was cut off does not: that is found by an anchor,
the last line's number and digest at an earlier time, which copies carry.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FIRST = "0" * 64
EXPIRY = "audit-expiry"
REMEMBERED_BYTES = 1 << 16
"""How much of the end is looked through for an event that comes a second time."""
SHOWN_FAULTS = 5


@dataclass(frozen=True)
class Head:
    """The last line: its number, and its digest; 0 where there is none."""

    number: int = 0
    digest: str = FIRST


def digest(line: bytes) -> str:
    """By what a line is known again."""
    return hashlib.sha256(line).hexdigest()


def lines(path: Path) -> Iterator[bytes]:
    """The whole lines of the log, the oldest first; one that a power cut left half written is none."""
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line[:-1]
    except FileNotFoundError:
        return


def head(path: Path) -> Head:
    """The last line. One that is none of the log's ends nothing: what follows it goes on from the last number there
    is, and `faults` finds it."""
    last = b""
    for line in lines(path):
        last = line
    if not last:
        return Head()
    number = _parsed(last).get("n")
    if not isinstance(number, int):
        numbers = [found for line in lines(path) if isinstance(found := _parsed(line).get("n"), int)]
        number = numbers[-1] if numbers else 0
    return Head(number, digest(last))


@dataclass(frozen=True)
class End:
    """The end of the log.

    :param lines: its last whole lines.
    :param whole_bytes: where the last of them ends in the file.
    """

    lines: Sequence[bytes] = ()
    whole_bytes: int = 0


def end(path: Path) -> End:
    """The last REMEMBERED_BYTES, and nothing else of the file."""
    try:
        with path.open("rb") as file:
            begin = max(0, os.fstat(file.fileno()).st_size - REMEMBERED_BYTES)
            file.seek(begin)
            content = file.read()
            if begin and b"\n" not in content:  # none of our lines is so long
                begin = file.seek(0)
                content = file.read()
    except FileNotFoundError:
        return End()
    whole = content.rfind(b"\n") + 1
    found = content[:whole].split(b"\n")[:-1]
    return End(found[1:] if begin else found, begin + whole)


def append(path: Path, event: Mapping[str, Any], at: datetime) -> Head:
    """Add an event, and return the new head once the disk has it. One that is there already is not added again. Of the
    log only the end is read.

    :param event: its fields, `id` among them.
    """
    known = end(path)
    events = [_parsed(line) for line in known.lines]
    is_plain = bool(events) and isinstance(events[-1].get("n"), int)
    before = Head(events[-1]["n"], digest(known.lines[-1])) if is_plain else head(path)
    if event.get("id") and any(found.get("id") == event["id"] for found in events):
        return before
    fields = {"n": before.number + 1, "at": at.isoformat(timespec="seconds"), **event, "before": before.digest}
    line = json.dumps(fields, ensure_ascii=True).encode()
    with path.open("ab") as file:
        os.fchmod(file.fileno(), 0o640)
        file.truncate(known.whole_bytes)
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return Head(before.number + 1, digest(line))


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def expire(path: Path, days: int, now: datetime) -> int:
    """Forget what is older than that, and note up to which line; returns how many lines are gone.

    The note comes first: cut off in between, the whole log is still there, and the next time does it.
    """
    old = _older(lines(path), now - timedelta(days=days), now)
    if not old:
        return 0
    last = _parsed(old[-1])
    append(path, {"who": "homeroom", "what": EXPIRY, "upto": last["n"], "digest": digest(old[-1])}, now)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        os.fchmod(file.fileno(), 0o640)
        file.writelines(line + b"\n" for line in list(lines(path))[len(old) :])
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return len(old)


def _older(found: Iterable[bytes], since: datetime, now: datetime) -> Sequence[bytes]:
    """The beginning of the log, up to the last line that is older than that. What was written by a clock that was far
    ahead, or is none of the log's, is as old as what follows it: it keeps nothing from expiring."""
    begin, end = (moment.isoformat(timespec="seconds") for moment in (since, now))
    old: list[bytes] = []
    undated: list[bytes] = []
    for line in found:
        event = _parsed(line)
        at = event.get("at")
        if not isinstance(at, str) or not isinstance(event.get("n"), int) or at > end:
            undated.append(line)
        elif at >= begin:
            break
        else:
            old += [*undated, line]
            undated = []
    return old


def faults(found: Sequence[bytes], anchor: Head = Head()) -> list[str]:  # it is frozen
    """What was changed in a log, in words; the first ones.

    :param anchor: what its end was at an earlier time.
    """
    said: list[str] = []
    number, before = None, FIRST
    digests: dict[int, str] = {}
    expired = {}
    for place, line in enumerate(found, start=1):
        event = _parsed(line)
        mine = event.get("n")
        if not isinstance(mine, int):
            said.append(f"line {place} is none of the log's")
            continue
        if number is not None and (mine != number + 1 or event.get("before") != before):
            said.append(f"line {place}, number {mine}, does not follow the one before it: something was changed there")
        elif number is None and mine == 1 and event.get("before") != FIRST:
            said.append("the first line is another one")
        if event.get("what") == EXPIRY:
            expired[event.get("upto")] = event.get("digest")
        number, before = mine, digest(line)
        digests[mine] = before
    first = _parsed(found[0]) if found else {}
    start = first.get("n", 1)
    if start != 1 and expired.get(start - 1) != first.get("before"):
        said.append(f"the log begins with number {start}, and what stood before it did not expire")
    said += _against(anchor, digests, number or 0)
    return said[:SHOWN_FAULTS]


def _against(anchor: Head, digests: Mapping[int, str], last: int) -> list[str]:
    if anchor.number > last:
        return [f"its end is missing: the last copy saw number {anchor.number}, the log ends with {last}"]
    if anchor.number in digests and digests[anchor.number] != anchor.digest:
        return [f"number {anchor.number} is not the one that the last copy saw: the log was written anew"]
    return []
