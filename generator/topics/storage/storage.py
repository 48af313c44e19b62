"""Storage, all of it: what `.env` and `site/` say of homes and shares, for the hub, the guard and `make up`."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors

from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from generator.schema.settings import Settings
from generator.topics.storage import homes, shares
from generator.topics.storage.shares import SharedDirectory

SHARE_LABEL = "homeroom.share"
SKELETON_TARGET = "/srv/skeleton"
"""As in `homeroom.storage.storage`, which a test holds equal."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Checked homes and shares.

    :param skeleton: the host path of `site/skeleton`; empty: there is none.
    """

    settings: Settings
    shared: tuple[SharedDirectory, ...]
    skeleton: str

    @property
    def asks_for_something(self) -> bool:
        """Whether `make up` has anything to prepare."""
        return self.limits_homes or any(not one.source.startswith("/") for one in self.shared)

    @property
    def limits_homes(self) -> bool:
        """Whether homes are to be put under a limit, or may be under one that is no longer wanted."""
        homes_path = self.settings.HOMES
        return bool(homes_path) and (self.settings.HOME_HARD_LIMIT > 0 or os.path.lexists(f"{homes_path}/.projects"))

    def hub_traits(self) -> dict[str, Any]:
        """LabSpawner's traits and their values."""
        return {
            "homes": self.settings.HOMES,
            "home_soft_limit": self.settings.HOME_SOFT_LIMIT,
            "home_hard_limit": self.settings.HOME_HARD_LIMIT,
            "skeleton": self.skeleton,
        }

    def mount_rules(self) -> dict[str, list[dict[str, Any]]]:
        """What `guard.json` lets labs mount beside their homes, and nothing near it."""
        found = shares.guard_rules(self.shared)
        if self.skeleton:
            found["binds"].append({"source": self.skeleton, "target": SKELETON_TARGET, "read_only": True})
        return found

    def home_fields(self) -> dict[str, Any]:
        """What `guard.json` says of homes that are directories."""
        if not self.settings.HOMES:
            return {}
        return {
            "homes_path": self.settings.HOMES,
            "home_limit_bytes": self.settings.HOME_HARD_LIMIT,
            "home_provisioner_image": f"{self.settings.COMPOSE_PROJECT_NAME}-hub:local",
        }


def load(settings: Settings, site: Path, directory: Path, *, known_groups: Collection[str] = ()) -> Storage:
    """Read and check it; changes nothing. Whether the machine has HOMES is told by `homes.homes_faults`.

    :param directory: the deployment's.
    :param known_groups: those of `site/groups.yaml`.
    :raises HomeroomError: what is wrong with the skeleton, or everything that is wrong with shares.
    """
    skeleton = homes.skeleton_path(site)
    shared = shares.load(
        site,
        settings.COMPOSE_PROJECT_NAME,
        protected=homes.closed_places(settings, directory),
        known_groups=known_groups,
    )
    return Storage(settings=settings, shared=tuple(shared), skeleton=skeleton)


def prepare(client: Any, storage: Storage) -> list[str]:
    """Make the volumes of shares that are not there yet, and put homes under their limit; needs the hub's image.

    :returns: what was done, in words; nothing where all was there.
    """
    volumes = [one for one in storage.shared if not one.source.startswith("/")]
    done = [f"volume {one.source}" for one in volumes if _make(client, one, storage)]
    if storage.limits_homes:
        done.append(homes.limit_homes(client, storage.settings))
    return done


def _make(client: Any, shared: SharedDirectory, storage: Storage) -> bool:
    """Make a share's volume, writable by the labs' group; one that is there is left as its users have it."""
    project = storage.settings.COMPOSE_PROJECT_NAME
    try:
        client.volumes.get(shared.source)
        return False
    except docker.errors.NotFound:
        pass
    client.volumes.create(shared.source, labels={DEPLOYMENT_LABEL: project, SHARE_LABEL: shared.share.name})
    try:
        client.containers.run(
            f"{project}-hub:local",
            ["python", "-m", "homeroom.storage.share_root", "/srv/share"],
            user="0:100",
            volumes={shared.source: {"bind": "/srv/share", "mode": "rw"}},
            network_mode="none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            remove=True,
            labels={DEPLOYMENT_LABEL: project, SERVICE_LABEL: "share"},
        )
    except docker.errors.DockerException:
        client.volumes.get(shared.source).remove()  # half made, it would be left as it is the next time
        raise
    return True
