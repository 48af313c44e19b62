"""What is in an image: Debian's packages, Python's, npm's, and the modules of a Go program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from generator.core.errors import HomeroomError
from generator.core.process import indented, tail
from generator.engine.deployment import Deployment
from generator.topics.packages.images import Image, container

SCRIPT = r"""
dpkg-query -W -f 'debian\t${Package}\t${Version}\t${Architecture}\t${source:Package}\n' 2> /dev/null
find / -xdev \( -path /proc -o -path /sys -o -path /home -o -path /usr/lib/python3/dist-packages \) -prune \
    -o -type f -path '*.dist-info/METADATA' -exec awk '
    FNR == 1 { name = ""; seen = 0 }
    !seen && /^Name: / { name = substr($0, 7) }
    !seen && /^Version: / { print "python\t" name "\t" substr($0, 10); seen = 1 }' {} + 2> /dev/null
find / -xdev \( -path /proc -o -path /sys -o -path /home \) -prune \
    -o -type f -path '*/node_modules/.package-lock.json' -print 2> /dev/null | while read -r file; do
    printf 'npm\t%s\n' "$(tr -d '\n\t' < "$file")"
done
! command -v caddy > /dev/null || HOME=/tmp caddy build-info 2> /dev/null | awk '
    $1 ~ /^(mod|dep):?$/ { print "go\t" $2 "\t" $3 }'
exit 0
"""
"""Run in every image; what one does not have is left out. Packages of Debian's that are Python's are Debian's."""
Kind = Literal["debian", "python", "npm", "go"]


@dataclass(frozen=True, order=True)
class Package:
    """A package in an image.

    :param source: the source package of one of Debian's.
    """

    kind: Kind
    name: str
    version: str
    architecture: str = ""
    source: str = ""


def read(deployment: Deployment, image: Image) -> list[Package]:
    """What is in an image: it is looked into, on no network, and nothing of it is changed.

    :raises HomeroomError: it cannot be looked into.
    """
    made = container(deployment, image, SCRIPT, read_only=True)
    try:
        made.start()
        ended = made.wait()
        said = made.logs(stdout=True, stderr=False).decode(errors="replace")
        if ended["StatusCode"]:
            why = tail(made.logs(stdout=False).decode(errors="replace")) or ["it said nothing"]
            raise HomeroomError(
                f"the {image.name} image cannot be looked into:{indented(why)}",
                location=image.tag,
                remedy="It needs a shell, find and awk, as Debian's and Ubuntu's have.",
            )
    finally:
        made.remove(force=True)
    return sorted(set(parse(said)))


def parse(said: str) -> Iterator[Package]:
    """The packages that the script names; a line that is none is left out."""
    for line in said.splitlines():
        kind, *fields = line.split("\t")
        if kind == "debian" and len(fields) == 4:
            yield Package("debian", *fields)
        elif kind == "python" and len(fields) == 2:
            yield Package("python", *fields)
        elif kind == "go" and len(fields) == 2:
            yield Package("go", *fields)
        elif kind == "npm" and len(fields) == 1:
            yield from _of_npm(fields[0])


def _of_npm(lock: str) -> Iterator[Package]:
    """The packages of the lock that npm leaves in `node_modules`."""
    try:
        packages = json.loads(lock)["packages"]
    except (ValueError, KeyError, TypeError):
        return
    for path, entry in packages.items():
        name = path.rpartition("node_modules/")[2]
        if name and "version" in entry:
            yield Package("npm", name, str(entry["version"]))
