"""What a bundle holds: of which version and for which machines it is, its images, and a digest of each of its files."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from generator.core.errors import HomeroomError

FORMAT = 1
NAME = "manifest.json"
IMAGES, TREE, WHEELS = "images.tar.gz", "version.gitbundle", "wheels"
PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(?:/[A-Za-z0-9][A-Za-z0-9._+-]*)?")
COMMIT, DIGEST = re.compile(r"[0-9a-f]{40}"), re.compile(r"[0-9a-f]{64}")
IMAGE, VERSION = re.compile(r"[a-z][a-z0-9-]{0,31}"), re.compile(r"\d+(?:\.\d+){1,3}")
AGAIN = "Copy the file again, and compare `sha256sum` of it here and where it was made."


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A bundle, as its first file says.

    :param machine: the architecture of its images, as `uname -m` has it.
    :param images: its images by their names, and of each the digest of what it was built from.
    :param files: of each file its SHA-256 and how many bytes it has.
    """

    format: int = FORMAT
    version: str
    commit: str
    machine: str
    made_at: str = ""
    images: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """All of its files."""
        return sum(size for _, size in self.files.values())

    def tag(self, name: str) -> str:
        """What one of its images is called while it is carried."""
        return f"homeroom-bundle-{self.commit[:12]}-{name}:local"

    def text(self) -> str:
        """As it is written."""
        return json.dumps(asdict(self), indent=1) + "\n"


def parse(content: bytes, location: str) -> Manifest:
    """A manifest as it is read; nothing of it is believed before it was looked at.

    :raises HomeroomError: it is none, or of a later kind than this version reads.
    """
    try:
        found: dict[str, Any] = json.loads(content)
        later = int(found["format"]) > FORMAT
        files = {str(name): (str(digest), int(size)) for name, (digest, size) in found["files"].items()}
        made = Manifest(**{**found, "files": files})
        is_one = later or all(_looked_at(made))
    except (ValueError, TypeError, KeyError, AttributeError):
        later = is_one = False
    if later:
        remedy = "Unpack the file in another directory and read docs/updates.md there."
        raise HomeroomError("this bundle is of a later kind than this version reads", location=location, remedy=remedy)
    if not is_one:
        raise HomeroomError("this is no bundle of Homeroom's, or it was altered", location=location, remedy=AGAIN)
    return made


def _looked_at(made: Manifest) -> Iterator[bool]:
    yield bool(COMMIT.fullmatch(made.commit)) and bool(VERSION.fullmatch(made.version))
    yield {IMAGES, TREE} <= made.files.keys()
    yield from (bool(IMAGE.fullmatch(name) and DIGEST.fullmatch(digest)) for name, digest in made.images.items())
    for name, (digest, size) in made.files.items():
        yield bool(PATH.fullmatch(name) and DIGEST.fullmatch(digest)) and size >= 0


def require_machine(made: Manifest, location: str, here: str = "") -> None:
    """See that a bundle's images run on this machine.

    :raises HomeroomError: they are for another kind.
    """
    here = here or platform.machine()
    if made.machine != here:
        raise HomeroomError(
            f"this bundle is for {made.machine} machines, and this one is {here}",
            location=location,
            remedy=f"Run `make bundle` on a machine that is {here}, too.",
        )
