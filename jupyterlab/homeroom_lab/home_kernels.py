"""Kernels of a user's own, offered beside the image's: virtual environments and conda's that have ipykernel, and what
`ipykernel install --user`, `IRkernel::installspec()` and their like put into the home.

The server only reads, and little: no file but regular ones, none above LARGEST_BYTES, no folder beyond its first
MOST_ENTRIES entries. Nothing that is found is run before its owner starts that kernel, and then as any kernel is: by
their own user, as the first to go when memory runs out. What a kernel says of itself beside its command, its name and
its environment (who launches it, scripts and pictures for the page) is not taken.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGEST_BYTES = 65_536
MOST_ENTRIES = 500
LONGEST_NAME = 100
LONGEST_WORD = 4096
MOST_WORDS = 64
SPECS = ".local/share/jupyter/kernels"
LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


@dataclass(frozen=True)
class HomeKernel:
    """A kernel that was found in a home."""

    display_name: str
    language: str
    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    interrupt_mode: str = "signal"
    debugger: bool = False

    def spec(self) -> dict[str, Any]:
        """What the server is told of it, as in a `kernel.json`."""
        return {
            "argv": list(self.argv),
            "display_name": self.display_name,
            "language": self.language,
            "env": dict(self.env),
            "interrupt_mode": self.interrupt_mode,
            "metadata": {"debugger": self.debugger},
        }


def read_text(path: Path) -> str | None:
    """A small regular file's text; None for whatever else is there. Never waits for a writer."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            return None
        data = b""
        while len(data) <= LARGEST_BYTES and (chunk := os.read(number, LARGEST_BYTES + 1)):
            data += chunk
    finally:
        os.close(number)
    if len(data) > LARGEST_BYTES:
        return None
    return data.decode(errors="replace")


def folders(path: Path) -> Iterator[Path]:
    """The folders in a folder, by name, among its first entries; links are none."""
    found: list[str] = []
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        for _, entry in zip(range(MOST_ENTRIES), entries, strict=False):
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.name)
    for name in sorted(found):
        yield path / name


def find(home: Path) -> dict[str, HomeKernel]:
    """The kernels of a home, by the names that notebooks keep."""
    found = {
        folder.name.lower(): kernel
        for folder in folders(home / SPECS)
        if re.fullmatch(r"[\w.-]{1,100}", folder.name, re.ASCII) and (kernel := read_spec(folder))
    }
    listed = {kernel.argv[0] for kernel in found.values()}
    for place in environments(home):
        python = str(place / "bin/python")
        if python not in listed and has_ipykernel(place):
            called = place.relative_to(home).as_posix().removesuffix("/.venv")
            found.setdefault(
                name_of(called), HomeKernel(f"Python ({called})", "python", [python, *LAUNCH], debugger=True)
            )
    return found


def name_of(called: str) -> str:
    """The name of an environment's kernel: that of its folder, as far as a kernel may have it."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", called.lower(), flags=re.ASCII)
    mark = "" if plain == called else "-" + hashlib.sha256(called.encode(errors="replace")).hexdigest()[:8]
    return f"home-{plain[:80]}{mark}"


def environments(home: Path) -> Iterator[Path]:
    """Virtual environments where people make them, and conda's."""
    for folder in [home, *folders(home)]:
        for place in (folder, folder / ".venv"):
            if place != home and _is_file(place / "pyvenv.cfg"):
                yield place
        if folder != home and (folder / "conda-meta").is_dir():
            yield folder
        if folder != home and (folder.name == ".conda" or (folder / "conda-meta").is_dir()):
            yield from (place for place in folders(folder / "envs") if (place / "conda-meta").is_dir())
    yield from (place for place in folders(home / ".virtualenvs") if _is_file(place / "pyvenv.cfg"))


def has_ipykernel(place: Path) -> bool:
    """Whether a kernel can be started there, as far as can be told without trying."""
    if not (place / "bin/python").exists():
        return False
    if re.search(r"^include-system-site-packages\s*=\s*true\s*$", read_text(place / "pyvenv.cfg") or "", re.M | re.I):
        return True
    pythons = (folder for folder in folders(place / "lib") if folder.name.startswith("python3"))
    return any((folder / "site-packages/ipykernel").is_dir() for folder in pythons)


def _is_file(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def read_spec(folder: Path) -> HomeKernel | None:
    """What a folder's `kernel.json` says, as far as it is taken; None where it says nothing that can be started."""
    try:
        said = json.loads(read_text(folder / "kernel.json") or "null")
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not (argv := _command(said.get("argv"))):
        return None
    metadata = said.get("metadata")
    return HomeKernel(
        display_name=_line(said.get("display_name")) or folder.name,
        language=_line(said.get("language")),
        argv=argv,
        env=_environment(said.get("env")),
        interrupt_mode="message" if said.get("interrupt_mode") == "message" else "signal",
        debugger=isinstance(metadata, dict) and metadata.get("debugger") is True,
    )


def _line(value: object) -> str:
    """One short line that can be shown; empty for anything else."""
    return value.strip()[:LONGEST_NAME] if isinstance(value, str) and value.isprintable() else ""


def _is_word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_WORD and "\0" not in value


def _command(value: object) -> list[str]:
    """A command; one without a path is looked for where its owner's programs are, not where the server's are."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_WORDS or not all(map(_is_word, value)) or not value[0]:
        return []
    return [*([] if value[0].startswith("/") else ["/usr/bin/env", "--"]), *value]


def _environment(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MOST_WORDS:
        return {}
    return {name: word for name, word in value.items() if re.fullmatch(r"[A-Za-z_]\w*", name) and _is_word(word)}
