"""What Debian has newer than the images, of all of them at once; and what the last look found, for those who ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generator.core.atomic import write_atomically
from generator.core.console import counted, step
from generator.core.errors import HomeroomError
from generator.core.host_network import read_host_network
from generator.engine.deployment import Deployment
from generator.topics.packages import debian
from generator.topics.packages.debian import Newer
from generator.topics.packages.images import Image, built
from generator.topics.updates import record

FILE = "packages.json"


@dataclass(frozen=True)
class Look:
    """What a look found.

    :param at: when, in ISO 8601; empty: nobody has looked yet.
    :param newer: what Debian has newer, by the images' names.
    """

    at: str = ""
    newer: dict[str, list[Newer]] = field(default_factory=dict)

    @property
    def security(self) -> int:
        """How many packages have security updates, each counted once."""
        return len({each.name for found in self.newer.values() for each in found if each.is_security})

    @property
    def others(self) -> int:
        """How many packages are newer otherwise."""
        return len({each.name for found in self.newer.values() for each in found if not each.is_security})

    def in_words(self) -> str:
        """How many there are."""
        if not self.security and not self.others:
            return "nothing is newer"
        more = f", and {counted(self.others, 'other package')} newer" if self.others else ""
        return f"{counted(self.security, 'security update')}{more}"


def images(deployment: Deployment) -> list[Image]:
    """The images to look into.

    :raises HomeroomError: there are none.
    """
    found = built(deployment)
    if not found:
        raise HomeroomError("this deployment has no images yet", location="images", remedy="Run `make up` first.")
    return found


def ask(deployment: Deployment, looked_into: Sequence[Image]) -> Look:
    """Ask Debian's mirror what it has newer, and keep the answer.

    :raises HomeroomError: it does not answer.
    """
    with step("Asking Debian what is newer than the images") as shown:
        newer = debian.ask(deployment, looked_into, read_host_network())
        found = Look(datetime.now(UTC).isoformat(timespec="seconds"), newer)
        shown.say(found.in_words())
    write(found)
    return found


def write(look: Look, folder: Path | None = None) -> None:
    """Keep it."""
    place = folder or record.FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    write_atomically(place / FILE, json.dumps(asdict(look), indent=1) + "\n", mode=0o600)


def read(folder: Path | None = None) -> Look:
    """What the last look found; an empty one where nobody looked, or the file is not ours any more."""
    try:
        found: dict[str, Any] = json.loads(((folder or record.FOLDER) / FILE).read_text(encoding="utf-8"))
        newer = {name: [Newer(**each) for each in rows] for name, rows in found["newer"].items()}
        return Look(str(found["at"]), newer)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Look()
