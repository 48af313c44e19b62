"""Copies handouts into a home, as the home's owner, and remembers what was delivered. The standard library alone: the
operator's `make push` runs this file by itself in a container that has nothing but one home.

Never over a file; what was delivered once does not come back, deleted or not; a file is there whole or not at all.

    python deliver.py PLACE HOME    # what is in PLACE/index.json; prints one line of JSON
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLACES = Path("/srv/handouts")
"""Where a lab sees the handouts of each group that its user is in, read-only: a folder each, with an index."""
INDEX = "index.json"
MEMORY = ".local/share/homeroom/handouts.json"
LOCK = ".local/share/homeroom/handouts.lock"
FETCHED = ".local/share/homeroom/.handout-"
"""What the names of folders begin with in which something is that was fetched."""
FETCH_SECONDS = 3600.0
"""No fetching takes so long."""
LARGEST_MEMORY_BYTES = 64 << 20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
FRESH_TRIES = 100
SAVED_AFTER_FILES = 200
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Handout:
    """What is to be in a home.

    :param to: the folder in the home.
    :param revision: another with each change.
    :param folder: where it lies, read-only.
    :param fetch: lays its files into a folder, where they are nowhere yet; it raises OSError where it cannot.
    """

    name: str
    to: str
    revision: str
    folder: Path = Path()
    fetch: Callable[[Path], None] | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """By what it is remembered: one that is to be elsewhere is brought there, too."""
        return f"{self.name}:{self.to}"


@dataclass(kw_only=True)
class Result:
    """How one handout came into a home.

    :param state: `delivered`; `full`: no room was left; `failed`: for another reason, which `why` says.
    :param copied: files that were copied, now or before.
    :param kept: files in whose place something of the owner's was.
    """

    name: str
    to: str
    revision: str
    state: str = "delivered"
    copied: int = 0
    kept: int = 0
    why: str = ""


@dataclass(kw_only=True)
class Delivered:
    """What is remembered of one handout.

    :param whole: the revision that is there whole; empty: none is yet.
    :param copied: the names that were copied, from the handout's folder on; those of folders end with a slash.
    :param kept: those that were in the home already.
    """

    whole: str = ""
    copied: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)


def known(places: Path = PLACES) -> list[Handout]:
    """The handouts that are there for this lab, each once, in the order of their names."""
    found: dict[str, Handout] = {}
    for index in sorted(places.glob(f"*/{INDEX}")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # it is being put in its place
            for one in json.loads(index.read_text(encoding="utf-8"))["handouts"]:
                place = index.parent / one["folder"]
                handout = Handout(name=one["name"], to=one["to"], revision=one["revision"], folder=place)
                found.setdefault(handout.name, handout)
    return [found[name] for name in sorted(found)]


def stamp(places: Path = PLACES) -> tuple[tuple[str, int, int], ...]:
    """Another one whenever there is something new."""
    found = []
    for index in sorted(places.glob(f"*/{INDEX}")):
        with contextlib.suppress(OSError):
            about = index.stat()
            found.append((str(index), about.st_ino, about.st_mtime_ns))
    return tuple(found)


def deliver(handouts: list[Handout], home: Path) -> list[Result]:
    """Bring what is missing into a home; what cannot be brought is said in the results."""
    with _alone(home):
        _tidy(home)
        memory = _read(home)
        return [_deliver(handout, home, memory) for handout in handouts]


def _deliver(handout: Handout, home: Path, memory: dict[str, Delivered]) -> Result:
    known = memory.setdefault(handout.key, Delivered())
    result = Result(name=handout.name, to=handout.to, revision=handout.revision)
    if known.whole != handout.revision:
        try:
            with laid(handout, home) as folder:
                _bring(handout, folder, home, memory)
            known.whole = handout.revision
        except OSError as error:
            result.state = "full" if error.errno in FULL else "failed"
            result.why = f"{Path(str(error.filename or '')).name}: {error.strerror}".removeprefix(": ")
        try:
            _write(home, memory)
        except OSError as error:
            known.whole = ""
            result.state, result.why = ("full" if error.errno in FULL else "failed"), str(error.strerror)
    result.copied = sum(not name.endswith("/") for name in known.copied)
    result.kept = sum(not name.endswith("/") for name in known.kept)
    return result


@contextlib.contextmanager
def laid(handout: Handout, home: Path) -> Iterator[Path]:
    """Where its files lie; what is nowhere yet is fetched into the home, where there is room or not, for as long.

    :raises OSError: they cannot be fetched.
    """
    if handout.fetch is None:
        yield handout.folder
        return
    place = home / f"{FETCHED}{secrets.token_hex(8)}"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir(mode=0o700)
    try:
        handout.fetch(place)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _tidy(home: Path) -> None:
    """Remove what labs left that were killed while they fetched."""
    fetched = home / FETCHED
    for left in fetched.parent.glob(f"{fetched.name}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.lstat().st_mtime > FETCH_SECONDS and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)


def _bring(handout: Handout, folder: Path, home: Path, memory: dict[str, Delivered]) -> None:
    """Copy what was not delivered yet."""
    known, target, brought = memory[handout.key], home / handout.to, 0
    folders: set[Path] = set()
    for name, source in tree(folder):
        if name in known.copied or name in known.kept:
            continue
        if name.endswith("/") and any(source.iterdir()):
            continue  # it comes with what is in it, where that is not there yet
        place = target / name
        if os.path.lexists(place):
            known.kept.add(name)
            continue
        if place.parent not in folders:
            place.parent.mkdir(parents=True, exist_ok=True)
            folders.add(place.parent)
        (known.copied if put(source, place) else known.kept).add(name)
        brought += 1
        if brought % SAVED_AFTER_FILES == 0:
            _write(home, memory)


def tree(folder: Path) -> Iterator[tuple[str, Path]]:
    """All that is in a handout, by its name from there on: a folder, with a slash at its end, before what is in it.

    :raises OSError: it is not there any more, since a newer one is.
    """
    pending = [""]
    while pending:
        inner = pending.pop()
        with os.scandir(folder / inner) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                pending.append(f"{inner}{entry.name}/")
                yield f"{inner}{entry.name}/", Path(entry.path)
            else:
                yield f"{inner}{entry.name}", Path(entry.path)


def put(source: Path, place: Path) -> bool:
    """Copy a file, a link or an empty folder to a name that nothing has; returns False where something has it by now.

    :raises OSError: it cannot be; nothing half copied is left.
    """
    try:
        if source.is_symlink():
            place.symlink_to(source.readlink())
        elif source.is_dir():
            place.mkdir()
        else:
            _put_file(source, place)
    except FileExistsError:
        return False
    return True


def _put_file(source: Path, place: Path) -> None:
    """:raises FileExistsError: something has the name."""
    part = place.with_name(f".homeroom-{secrets.token_hex(8)}")
    try:
        executable = source.stat().st_mode & 0o111
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o777 if executable else 0o666)
        with os.fdopen(descriptor, "wb") as copy, source.open("rb") as original:
            shutil.copyfileobj(original, copy, PIECE_BYTES)
        try:
            os.link(part, place)
        except OSError as error:
            if error.errno not in NO_HARD_LINKS:
                raise
            os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW))  # the name is ours now
            os.replace(part, place)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def fresh(handout: Handout, home: Path) -> str:
    """Copy a handout anew, beside what is there; returns the folder's name in the home.

    :raises OSError: it cannot be. What could be copied stays.
    """
    day = time.strftime("%Y-%m-%d")
    for number in range(1, FRESH_TRIES):
        name = f"{handout.to}-fresh-{day}" + (f"-{number}" if number > 1 else "")
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            (home / name).mkdir()
        except FileExistsError:
            continue
        with laid(handout, home) as folder:
            for inner, source in tree(folder):
                if inner.endswith("/"):
                    (home / name / inner).mkdir()
                else:
                    put(source, home / name / inner)
        return name
    raise FileExistsError(errno.EEXIST, "there are a hundred fresh copies of today already", handout.to)


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Only one lab of a home, or push into it, delivers at a time. Where there is no room for a lock, without one."""
    held = -1
    with contextlib.suppress(OSError):
        (home / LOCK).parent.mkdir(parents=True, exist_ok=True)
        held = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if held >= 0:
            os.close(held)


def _read(home: Path) -> dict[str, Delivered]:
    """What is remembered; nothing where that is not ours any more: then files that are missing come once more."""
    found: dict[str, Delivered] = {}
    try:
        descriptor = os.open(home / MEMORY, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, encoding="ascii") as file:
            if os.fstat(descriptor).st_size > LARGEST_MEMORY_BYTES:
                return {}
            for name, one in json.load(file).items():
                found[str(name)] = Delivered(
                    whole=str(one["whole"]), copied=set(map(str, one["copied"])), kept=set(map(str, one["kept"]))
                )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return found


def _write(home: Path, memory: dict[str, Delivered]) -> None:
    """Keep it, whole also when it is cut off. :raises OSError: there is no room."""
    told = {
        name: {"whole": one.whole, "copied": sorted(one.copied), "kept": sorted(one.kept)}
        for name, one in memory.items()
    }
    place = home / MEMORY
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    try:
        part.write_text(json.dumps(told), encoding="ascii")  # names that are no text are written by their bytes
        os.replace(part, place)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def main(arguments: list[str]) -> int:
    """Deliver what a place has into a home, and print how that went."""
    place, home = map(Path, arguments)
    results: list[dict[str, Any]] = [vars(one) for one in deliver(known(place), home)]
    print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
