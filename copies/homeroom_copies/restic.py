"""Runs restic with the repository's password and the target's credentials: `python3 -m homeroom_copies.restic ...`.

They come from a file that is mounted, so that they are in no command line and in nothing that the engine shows. Of a
report on each file only what is on whole homes is handed on: an engine passes 50 000 short lines slower than restic
reads the files.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

SECRETS = Path("/run/backup/secrets.env")
REPORTS = "--verbose=2"
AS_IT_GOES = (b'{"message_type":"verbose_status"', b'{"message_type":"status"')
ON_A_HOME = re.compile(rb'"item":"/copy/homes/[^/"]+/"')
LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


def read_secrets(text: str) -> dict[str, str]:
    """The variables of a file of lines NAME=value; what begins with # and empty lines are left out."""
    return {found[1]: found[2].strip() for line in text.splitlines() if (found := LINE.fullmatch(line.strip()))}


def told(lines: Iterable[bytes]) -> Iterator[bytes]:
    """What is handed on of a report."""
    for line in lines:
        if not line.startswith(AS_IT_GOES) or ON_A_HOME.search(line):
            yield line


def main() -> int:
    """Run restic, and return its exit code."""
    environment = os.environ | read_secrets(SECRETS.read_text(encoding="utf-8"))
    command = ["restic", *sys.argv[1:]]
    if REPORTS not in command:
        os.execvpe("restic", command, environment)  # noqa: S606  # no shell is wanted
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        for line in told(process.stdout or ()):
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
