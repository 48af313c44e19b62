"""What a lab sees of the disk: pure decisions on homes and shares.

`storage_for` decides; LabSpawner turns its answer into mounts, environment and command, and the guard checks the
mounts once more against its own list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homeroom.contract.mounts import Mount

SKELETON = "/srv/skeleton"
"""Where a lab finds `site/skeleton`, read-only."""

LINKED_SHARES = "/srv/shares"
"""Where shares are mounted whose target is in the home, where a link to them stands."""

LAB_START = Path(__file__).with_name("lab_start.sh").read_text(encoding="utf-8")
RUNTIME = "/tmp/jupyter-runtime"  # noqa: S108 - a lab's own, new with each container
"""Where the lab's programs keep what goes with them: connection files, the secret of the server's cookies. Not in the
home, where a user could have laid something else in their place."""

GROUP_UMASK = "0002"
"""What labs make can be changed by their group. It matters in shares; a home is closed to all others (0700)."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A shared directory, as `c.LabSpawner.shares` has it.

    :param source: a volume's name, or a path on the host.
    :param target: where people find it; differs from `mount_target` in the home, where it is a link.
    :param groups: and `users`: who has it; None for both: all users.
    """

    name: str
    source: str
    target: str
    mount_target: str
    read_only: bool = True
    groups: frozenset[str] | None = None
    users: frozenset[str] | None = None

    @classmethod
    def from_trait(cls, given: Mapping[str, Any]) -> Share:
        """:raises TypeError: for a field that is missing or unknown."""
        chosen = {key: frozenset(given[key]) for key in ("groups", "users") if given.get(key) is not None}
        return cls(**{**given, **chosen})

    def is_for(self, user: str, groups: Collection[str]) -> bool:
        """Whether a user has it."""
        if self.groups is None and self.users is None:
            return True
        return user in (self.users or ()) or not (self.groups or frozenset()).isdisjoint(groups)

    @property
    def mount(self) -> Mount:
        """The mount that brings it into a lab."""
        return Mount(source=self.source, target=self.mount_target, read_only=self.read_only)


@dataclass(frozen=True, kw_only=True)
class LabStorage:
    """One lab's mounts, and what its start script is told."""

    home: Mount | None
    mounts: tuple[Mount, ...]
    environment: Mapping[str, str]

    def command(self, own: Sequence[str]) -> list[str]:
        """The lab's command with the start script before it; images keep their entry points."""
        return ["/bin/sh", "-c", LAB_START, "lab", *own]


def storage_for(
    *,
    user: str,
    groups: Collection[str],
    home_source: str,
    home_target: str,
    ephemeral: bool = False,
    shares: Sequence[Share] = (),
    skeleton: str = "",
    skeleton_folder: str = "",
    soft_limit_bytes: int = 0,
    hard_limit_bytes: int = 0,
) -> LabStorage:
    """Decide on a lab's storage.

    :param home_source: the user's volume, or their directory on the host.
    :param ephemeral: nothing is mounted at the home: it is the container's own and goes with it.
    :param skeleton: the path of `site/skeleton` on the host; empty: there is none.
    :param skeleton_folder: the folder of the home that it comes into, which is made; empty: the home itself.
    """
    own = tuple(share for share in shares if share.is_for(user, groups))
    mounts = [share.mount for share in own]
    environment = {
        "HOMEROOM_HOME": "ephemeral" if ephemeral else "kept",
        "HOMEROOM_LINKED": LINKED_SHARES,
        "HOMEROOM_LINKS": " ".join(f"{one.target}={one.mount_target}" for one in own if one.target != one.mount_target),
        "HOMEROOM_UMASK": GROUP_UMASK,
        "JUPYTER_RUNTIME_DIR": RUNTIME,
    }
    if places := git_places(own, shares):
        environment["HOMEROOM_GIT_PLACES"] = " ".join(places)
    if skeleton:
        mounts.append(Mount(source=skeleton, target=SKELETON, read_only=True))
        environment["HOMEROOM_SKELETON"] = SKELETON
    if skeleton_folder:
        environment["HOMEROOM_SKELETON_FOLDER"] = skeleton_folder
    if soft_limit_bytes and not ephemeral:
        environment["HOMEROOM_HOME_SOFT_LIMIT"] = str(soft_limit_bytes)
    if hard_limit_bytes and not ephemeral:
        environment["HOMEROOM_HOME_HARD_LIMIT"] = str(hard_limit_bytes)
    home = None if ephemeral else Mount(source=home_source, target=home_target, read_only=False)
    return LabStorage(home=home, mounts=tuple(mounts), environment=environment)


def git_places(own: Sequence[Share], shares: Sequence[Share]) -> list[str]:
    """The shares in which Git may use repositories, whoever owns them: the start script makes them `safe.directory`.

    A repository names programs, which Git runs, so Git takes none that is another user's, root's above all. In a share
    that no lab writes they are the operator's. One that is read-only here and written by other labs is not excepted.

    :param own: the shares of this lab, of all `shares` there are.
    """
    written = {share.source for share in shares if not share.read_only}
    return [share.mount_target for share in own if share.read_only and share.source not in written]


def home_source(homes: str, volume: str, name: str) -> str:
    """Where a user's home is: their directory under the host path `homes` or, where that is empty, their volume."""
    return f"{homes}/{name}" if homes else volume
