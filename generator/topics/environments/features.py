"""`LAB_FEATURES`: what the lab image can hold beside JupyterLab; each feature is a folder of `jupyterlab/features/`.

A feature may have `server.in` (the server's environment), `kernel.in` (the Python of notebooks), both locked in the
`.txt` beside; `apt.txt`, Debian's packages, one a line; `root/`, files laid into the image as they are; and
`finish.sh`, run in the image as root at the end. The first line of its `server.in`, `kernel.in` or `apt.txt` says what
it is for.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from generator.core.errors import nearest

FEATURES = Path(__file__).resolve().parents[3] / "jupyterlab" / "features"
SOURCES = ("server.in", "kernel.in", "apt.txt")
# Two builds of the same library cannot lie in one environment.
EXCLUSIVE = (frozenset({"tensorflow", "tensorflow-gpu"}),)


@functools.cache
def known(folder: Path = FEATURES) -> Mapping[str, str]:
    """Every feature's name with what it is for; a folder is looked at once in a process."""
    return {path.name: _purpose(source) for path in sorted(folder.iterdir()) if (source := _source(path))}


def _source(feature: Path) -> Path | None:
    return next((path for name in SOURCES if (path := feature / name).is_file()), None)


def _purpose(source: Path) -> str:
    return source.read_text(encoding="utf-8").splitlines()[0].lstrip("# ").strip()


def parse(value: str, folder: Path = FEATURES) -> tuple[str, ...]:
    """`science, git` as sorted names; whitespace and repetitions do not count.

    :raises ValueError: for a name that is none (with the nearest that is), or two that exclude each other.
    """
    names = {name for part in value.split(",") if (name := part.strip())}
    there = known(folder)
    for name in sorted(names - there.keys()):
        near = nearest(name.lower(), there)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(there)}"
        raise ValueError(f"names an unknown feature {name}; {hint}")
    for group in EXCLUSIVE:
        if len(both := sorted(group & names)) > 1:
            raise ValueError(f"can hold only one of {' and '.join(both)}")
    return tuple(sorted(names))


def check(value: str) -> str:
    """The setting's validator: `value` as it is, when `parse` takes it."""
    parse(value)
    return value
