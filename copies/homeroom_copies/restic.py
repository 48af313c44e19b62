"""Runs restic with the repository's password and the target's credentials: `python3 -m homeroom_copies.restic ...`.

They come from a file that is mounted, so that they are in no command line and in nothing that the engine shows. Of a
report on each file only what is on whole homes is handed on: an engine passes 50 000 short lines slower than restic
reads the files. restic tries for a quarter of an hour what fails, and on a full disk it may wait without end: where
that is in vain it is ended.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

SECRETS = Path("/run/backup/secrets.env")
REPORTS = "--verbose=2"
AS_IT_GOES = (b'{"message_type":"verbose_status"', b'{"message_type":"status"')
ON_A_HOME = re.compile(rb'"item":"/copy/(?:homes|exams)/[^/"]+/"')
IN_VAIN = re.compile(
    rb"retrying after.*(?:no space left|quota exceeded|insufficient storage|read-only file system|permission denied"
    rb"|access key id you provided|signature we calculated|specified bucket does not exist)",
    re.IGNORECASE,
)
REPOSITORY = Path("/repository")
LEAST_FREE_BYTES, LOOK_SECONDS, LOOKS = 1 << 20, 5.0, 2
LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


def read_secrets(text: str) -> dict[str, str]:
    """The variables of a file of lines NAME=value; what begins with # and empty lines are left out."""
    return {found[1]: found[2].strip() for line in text.splitlines() if (found := LINE.fullmatch(line.strip()))}


def told(lines: Iterable[bytes]) -> Iterator[bytes]:
    """What is handed on of a report."""
    for line in lines:
        if not line.startswith(AS_IT_GOES) or ON_A_HOME.search(line):
            yield line


def hand_on_errors(process: subprocess.Popen[bytes]) -> None:
    """Hand on what restic says of errors, and end it where it would try again in vain."""
    for line in process.stderr or ():
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        if IN_VAIN.search(line):
            process.send_signal(signal.SIGINT)


def is_full(place: Path) -> bool:
    """Whether a directory of copies has no room left; another place than a directory is asked by restic."""
    try:
        found = os.statvfs(place)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < LEAST_FREE_BYTES


def watch_room(process: subprocess.Popen[bytes]) -> None:
    """End restic once the disk under the copies was full for two looks."""
    looks = 0
    while process.poll() is None and looks < LOOKS:
        time.sleep(LOOK_SECONDS)
        looks = looks + 1 if is_full(REPOSITORY) else 0
    if process.poll() is None:
        print("no space left on device", file=sys.stderr, flush=True)
        process.kill()


def main() -> int:
    """Run restic, and return its exit code."""
    environment = os.environ | read_secrets(SECRETS.read_text(encoding="utf-8"))
    command = ["restic", *sys.argv[1:]]
    stdout = subprocess.PIPE if REPORTS in command else None
    with subprocess.Popen(command, env=environment, stdout=stdout, stderr=subprocess.PIPE) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        errors = threading.Thread(target=hand_on_errors, args=(process,))
        errors.start()
        if REPORTS in command:
            threading.Thread(target=watch_room, args=(process,), daemon=True).start()
        for line in told(process.stdout or ()):
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        errors.join()
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
