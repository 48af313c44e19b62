"""All that an update does to a deployment, one verb each: what tests stand in for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Protocol


class Machine(Protocol):
    """A deployment, its images, its database and its tree. Each verb can be repeated after it was cut off."""

    @property
    def folder(self) -> Path:
        """Where the update keeps its files."""

    def commit(self) -> str:
        """The commit that the tree is at."""

    def lay_out(self, commit: str) -> None:
        """Have the tree of a commit beside the one that runs."""

    def rehearse(self) -> tuple[str, ...]:
        """Have the new version build its images under names of their own, and start on a copy of the database.

        :returns: the names of its images.
        :raises HomeroomError: it cannot.
        """

    def stop_hub(self) -> None:
        """Stop the hub alone; labs go on."""

    def copy_database(self, to: Path) -> None:
        """Copy the hub's database, and see that the copy is whole."""

    def put_database(self, copy: Path) -> None:
        """Put a copy in the place of the hub's database."""

    def keep_images(self, names: Sequence[str], commit: str) -> None:
        """Give the images that run a further name, by which they are kept."""

    def take_images(self, names: Sequence[str]) -> None:
        """Have the new images under the names by which services and labs are started."""

    def put_images_back(self, names: Sequence[str], commit: str) -> None:
        """Have the kept images under these names again."""

    def check_out(self, commit: str, branch: str = "") -> None:
        """Have the tree at a commit."""

    def prove(self, seconds: float) -> str:
        """Bring up what the tree is at, and see whether it is well within so many seconds; why not, else empty."""

    def begin_anew(self) -> NoReturn:
        """Run `make up` again, by the tree as it is now."""

    def tidy(self) -> None:
        """Remove what was made for the preparation."""

    def forget(self, commit: str) -> None:
        """Remove what is kept of a commit."""
