"""Loads a configuration as the hub would and says what is wrong with it: `python -m homeroom.hub.check_config FILE`.

Ends with 0, or with 2 after a line `FILE:LINE: cause` a fault on standard error. Nothing is started, no database
opened.
"""

from __future__ import annotations

import re
import sys
import traceback
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from homeroom.hub.check_traits import misfits

CONFIGURATION = Path("/srv")
"""Below it lies what the operator's configuration may hold: rendered files and `site/`."""


def load(path: Path) -> Config:
    """The configuration, with every `load_subconfig` in it."""
    return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()


def place(error: BaseException) -> str:
    """`file:line` of a fault: the line itself for a syntax error, else the last line of configuration that ran."""
    if isinstance(error, SyntaxError) and Path(error.filename or "").is_absolute():
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename and frame.filename != __file__]
    configuration = [frame for frame in ours if Path(frame.filename).is_relative_to(CONFIGURATION)]
    frame = (configuration or ours or list(frames))[-1]
    return f"{frame.filename}:{frame.lineno}"


def main(path: Path) -> int:
    """Check one file; print its faults."""
    try:
        config = load(path)
    except (Exception, SystemExit) as error:  # `exit()` would end the hub, too
        cause = error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"
        print(f"{place(error)}: {' '.join(cause.split())}", file=sys.stderr)
        return 2
    faults = list(misfits(config))
    for fault in faults:
        print(f"{set_at(path, fault.name)}: {fault.cause}", file=sys.stderr)
    return 2 if faults else 0


def set_at(path: Path, name: str) -> str:
    """`file:line` where a name is set last: in a file of `hub.d`, which are read last, or in the rendered one."""
    for file in (*sorted(path.parent.glob("hub.d/*.py"), reverse=True), path):
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [number for number, line in enumerate(lines, start=1) if re.search(rf"{re.escape(name)}\b", line)]
        if found:
            return f"{file}:{found[-1]}"
    return f"{path}:1"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
