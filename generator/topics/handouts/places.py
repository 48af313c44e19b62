"""Where handouts lie on this machine: the folder of each audience, which its labs see, and what is kept beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT, SITE
from generator.schema.settings import Settings

FOLDER = ROOT / "handouts"
"""Closed to everybody but the deployment's owner: what stands in it is on the way into labs, or not to be seen yet."""
SEEN_AT = "/srv/handouts"
"""Where labs see them; as in `homeroom_lab.handouts.deliver`, which a test holds equal."""
EVERYBODY = "everybody"
INDEX = "index.json"


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who sees the same handouts: a group's members, or everybody where the group is None."""

    group: str | None

    @property
    def key(self) -> str:
        """The name of its folder: groups have names that no folder may have."""
        return EVERYBODY if self.group is None else f"g-{hashlib.sha256(self.group.encode()).hexdigest()[:16]}"

    def folder(self, place: Path | None = None) -> Path:
        """What its labs see, and nothing that is not visible yet."""
        return (place or FOLDER).resolve() / "labs" / self.key

    def trait(self) -> dict[str, Any]:
        """As LabSpawner.handouts has it."""
        target = f"{SEEN_AT}/{self.key}"
        return {
            "name": f"handouts:{self.key}",
            "source": str(self.folder()),
            "target": target,
            "mount_target": target,
            "read_only": True,
            "groups": None if self.group is None else [self.group],
        }

    def rule(self) -> dict[str, Any]:
        """As the guard's policy has it."""
        return {"source": str(self.folder()), "target": f"{SEEN_AT}/{self.key}", "read_only": True}


def audiences(groups: Iterable[list[str] | None]) -> list[Audience]:
    """Each once, in the order of their folders."""
    found = {Audience(group=group) for wanted in groups for group in (wanted if wanted is not None else [None])}
    return sorted(found, key=lambda audience: audience.key)


def make(wanted: Iterable[Audience], place: Path = FOLDER) -> None:
    """Make the folders that labs mount: one that is missing would keep a lab from starting.

    :raises HomeroomError: they cannot be made.
    """
    try:
        for audience in wanted:
            place.mkdir(mode=0o700, exist_ok=True)
            for folder in (audience.folder(place).parent, audience.folder(place)):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o755)
    except OSError as error:
        remedy = "Run as the user who owns the deployment."
        raise HomeroomError(f"cannot be made: {error.strerror}", location=str(place), remedy=remedy) from None


def sources(settings: Settings) -> Path:
    """The directory in which `from` is looked for."""
    return Path(settings.HANDOUTS_FROM) if settings.HANDOUTS_FROM else SITE / "handouts"
