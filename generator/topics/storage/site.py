"""The form of site/shares.yaml."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, model_validator

from generator.site.models import Form, Name, Person, Strict, Text

SHARES_FILE = "shares.yaml"
HOME = PurePosixPath("/home/jovyan")
TARGET_ROOTS = (PurePosixPath("/data"), PurePosixPath("/mnt"), PurePosixPath("/srv"))
LINKED_SHARES = PurePosixPath("/srv/shares")
"""Where a share is mounted whose target is in the home: there stands a link to it. A mount inside a home would leave
directories of root's there, and a link in its place would move the mount within the lab."""
TAKEN = (LINKED_SHARES, *(PurePosixPath(f"/srv/{name}") for name in ("handouts", "kernels", "skeleton")))
"""What Homeroom itself mounts in labs."""


def check_target(value: str) -> str:
    """Require a place where a mount covers nothing of the lab's own."""
    path = PurePosixPath(value)
    if not PLAIN_PATH.fullmatch(value) or str(path) != value or ".." in path.parts:
        raise ValueError("must be a plain absolute path such as /home/jovyan/data or /srv/data")
    if path.is_relative_to(HOME) and path != HOME and not path.relative_to(HOME).parts[0].startswith("."):
        return value
    if path == TARGET_ROOTS[0] or any(path.is_relative_to(root) and path != root for root in TARGET_ROOTS):
        taken = next((one for one in TAKEN if path.is_relative_to(one)), None)
        if taken is None:
            return value
        raise ValueError(f"must not be under {taken}, which Homeroom itself mounts in labs")
    raise ValueError("must be a visible place under /home/jovyan, or one under /srv, /data or /mnt")


def check_path(value: str) -> str:
    """Require a path that the engine, the guard and a user read alike."""
    if not PLAIN_PATH.fullmatch(value) or str(PurePosixPath(value)) != value or ".." in PurePosixPath(value).parts:
        raise ValueError(
            "must be an absolute path of letters, digits and . _ @ + - without .. and without a slash at its end"
        )
    return value


class Share(Strict):
    """One shared directory.

    :param path: a directory of this machine; or else `volume`, the short name of a volume that `make up` makes.
    :param groups: and `users`: who has it; with neither, all users.
    """

    name: Name
    target: Annotated[str, AfterValidator(check_target)]
    path: Annotated[str, AfterValidator(check_path)] | None = None
    volume: Name | None = None
    read_only: bool = True
    groups: list[Text] | None = None
    users: list[Person] | None = None

    @model_validator(mode="after")
    def one_source(self) -> Share:
        """Require a path or a volume, and users who have it."""
        if (self.path is None) == (self.volume is None):
            raise ValueError("needs either path or volume")
        if [] in (self.groups, self.users):
            raise ValueError("has an empty list of groups or users: leave it out to share with all")
        return self

    @property
    def mount_target(self) -> str:
        """Where it is mounted; `target` then is that place, or a link to it."""
        return f"{LINKED_SHARES}/{self.name}" if PurePosixPath(self.target).is_relative_to(HOME) else self.target


class Shares(Strict):
    """`site/shares.yaml`."""

    shares: list[Share]


FORMS = (
    Form(
        name=SHARES_FILE,
        model=Shares,
        what="Directories that several people have in their labs, read-only or to write into.",
        page="labs-storage",
        order=30,
    ),
)
PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_.@+-]+)+")


def volume_name(project: str, volume: str) -> str:
    """What a share's volume is called on the engine; no home's name begins like it."""
    return f"{project}-share-{volume}"
