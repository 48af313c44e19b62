"""What copies are made of, and where each part stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.core.labels import DEPLOYMENT_LABEL, USER_LABEL
from generator.core.paths import ENV_FILE, ROOT, SITE
from generator.engine import kept
from generator.engine.deployment import Deployment
from generator.topics.storage import homes, storage

HOMES, SHARES, STATE, SCRATCH = "/copy/homes", "/copy/shares", "/copy/state", "/copy/scratch"
MADE = f"{SCRATCH}/made"
ROOTS = (HOMES, SHARES, STATE, MADE)
LEFT_OUT = (
    *(f"{HOMES}/*/{name}" for name in (".cache", ".npm/_cacache", ".conda/pkgs", ".mamba/pkgs", "miniforge3/pkgs")),
    *(f"{HOMES}/*/.local/share/{name}" for name in ("Trash", "jupyter/runtime")),
    "__pycache__",
)
"""What can be made again. An environment of packages is kept, also where it calls itself a cache."""
SIDES = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A volume of the engine, or a path of the host, and where it is mounted for the copy."""

    host: str
    inside: str
    read_only: bool = True

    @property
    def is_path(self) -> bool:
        """Whether it is a path of the host."""
        return self.host.startswith("/")


def of_homes(deployment: Deployment) -> Iterator[Source]:
    """The homes: a volume each, or the folder that has all. Those of exams are handed in, and kept by that."""
    if deployment.settings.HOMES:
        yield Source(host=deployment.settings.HOMES, inside=HOMES)
        return
    labels = [f"{DEPLOYMENT_LABEL}={deployment.project}", USER_LABEL]
    prefix = homes.volume_prefix(deployment.project)
    for volume in sorted(deployment.client.volumes.list(filters={"label": labels}), key=lambda one: str(one.name)):
        if not str(volume.name).startswith(prefix):
            continue
        yield Source(host=volume.name, inside=f"{HOMES}/{str(volume.name).removeprefix(prefix)}")


def of_shares(deployment: Deployment) -> Iterator[Source]:
    """The shares that people write into, and all that are volumes; a read-only directory is the operator's own."""
    seen: set[str] = set()
    for one in storage.load(deployment.settings, SITE, ROOT).shared:
        if one.source not in seen and not (one.source.startswith("/") and one.share.read_only):
            seen.add(one.source)
            yield Source(host=one.source, inside=f"{SHARES}/{one.share.name}")


def of_state(deployment: Deployment) -> Iterator[Source]:
    """Settings, `site/`, and the volumes that topics keep. Databases are opened there by their owners, who write."""
    yield Source(host=str(ENV_FILE), inside=f"{STATE}/env")
    yield Source(host=str(SITE), inside=f"{STATE}/site")
    for row in kept.there(deployment):
        yield Source(
            host=f"{deployment.project}_{row.volume}",
            inside=f"{STATE}/volumes/{row.volume}",
            read_only=not row.databases,
        )


def left_out(deployment: Deployment) -> list[str]:
    """The patterns of what is not copied: what can be made again, and databases as they lie there."""
    patterns = list(LEFT_OUT)
    for row in kept.there(deployment):
        root = f"{STATE}/volumes/{row.volume}"
        patterns += [f"{root}/{name}" for name in row.without]
        patterns += [f"{root}/{name}{side}" for name in row.databases for side in SIDES]
    return patterns


def home_names(sources: list[Source]) -> list[str]:
    """The names of the homes that are volumes."""
    return [one.inside.removeprefix(f"{HOMES}/") for one in sources if one.inside.startswith(f"{HOMES}/")]


def owner_of(inside: str) -> str:
    """Whose home a path of the copy is in; empty where it is in none."""
    rest = inside.removeprefix(f"{HOMES}/")
    return homes.person_of(rest.partition("/")[0]) if rest != inside else ""
