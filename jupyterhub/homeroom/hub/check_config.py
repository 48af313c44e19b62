"""Loads a configuration as the hub would and says what is wrong with it: `python -m homeroom.hub.check_config FILE`.

Ends with 0, or with 2 after one line `FILE:LINE: cause` on standard error. Nothing is started, no database opened.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

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
        load(path)
    except (Exception, SystemExit) as error:  # `exit()` would end the hub, too
        cause = error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"
        print(f"{place(error)}: {' '.join(cause.split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
