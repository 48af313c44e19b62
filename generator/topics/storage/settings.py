"""Where homes are, and how large they may be."""

from __future__ import annotations

from collections.abc import Iterator

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Limit, OptionalPath

STORAGE = Group(title="Storage", text="Where homes are, and how large they may be.", page="labs-storage")


class StorageSettings(Part):
    """Where homes are, and how large they may be."""

    HOMES: OptionalPath = setting(
        "",
        About(group=STORAGE, consumers=("hub", "generator"), example="/srv/homes"),
        """Directory on this machine that holds each user's home directory, such as /srv/homes. Root must own it, and
        only root may write into it. Empty: each home is a volume of the engine. Changing it moves no files.""",
    )
    HOME_SOFT_LIMIT: Limit = setting(
        "",
        About(group=STORAGE, consumers=("hub", "generator"), unit="bytes, as 512M or 2G", example="2G"),
        "Size of a home above which its owner is warned in the lab. Empty: no warning.",
    )
    HOME_HARD_LIMIT: Limit = setting(
        "",
        About(group=STORAGE, consumers=("hub", "generator"), unit="bytes, as 512M or 2G", example="3G"),
        """Largest size of a home. Needs HOMES on ext4 or XFS mounted with `prjquota`. A lab with a full home still
        starts, so that its owner can delete files. Empty: no limit.""",
    )

    def cross_checks(self) -> Iterator[tuple[str, str, str]]:
        """Yield (setting, cause, remedy) for what no single value shows."""
        if self.HOME_HARD_LIMIT and not self.HOMES:
            yield (
                "HOME_HARD_LIMIT",
                "homes that are volumes of the engine cannot have a hard limit",
                "Set HOMES to a directory on ext4 or XFS mounted with prjquota, or use HOME_SOFT_LIMIT alone.",
            )
        if 0 < self.HOME_HARD_LIMIT <= self.HOME_SOFT_LIMIT:
            yield (
                "HOME_SOFT_LIMIT",
                "must be below HOME_HARD_LIMIT; otherwise users are not warned before their home is full",
                "Set it to nine tenths of HOME_HARD_LIMIT, for example.",
            )
