"""What copies are made of, and where each part stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from docker.models.containers import Container

from generator.core.labels import DEPLOYMENT_LABEL, SERVER_LABEL, USER_LABEL
from generator.core.paths import ENV_FILE, ROOT, SITE
from generator.engine import kept
from generator.engine.deployment import Deployment
from generator.topics.storage import homes, storage

HOMES, EXAMS, SHARES = "/copy/homes", "/copy/exams", "/copy/shares"
STATE, SCRATCH = "/copy/state", "/copy/scratch"
MADE = f"{SCRATCH}/made"
ROOTS = (HOMES, EXAMS, SHARES, STATE, MADE)
_CACHES = (".cache", ".npm/_cacache", ".conda/pkgs", ".mamba/pkgs", "miniforge3/pkgs")
_PASSING = (".local/share/Trash", ".local/share/jupyter/runtime")
LEFT_OUT = (
    *(f"{root}/*/{name}" for root in (HOMES, EXAMS) for name in (*_CACHES, *_PASSING)),
    "__pycache__",
)
"""What can be made again. An environment of packages is kept, also where it calls itself a cache."""
SIDES = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A volume of the engine, or a path of the host, and where it is mounted for the copy.

    :param exam: of the home of an exam: the labels that say whose it is, and of which lab.
    """

    host: str
    inside: str
    read_only: bool = True
    exam: Mapping[str, str] | None = None

    @property
    def is_path(self) -> bool:
        """Whether it is a path of the host."""
        return self.host.startswith("/")


def of_homes(deployment: Deployment) -> Iterator[Source]:
    """The homes: a volume each, or the folder that has all."""
    if deployment.settings.HOMES:
        yield Source(host=deployment.settings.HOMES, inside=HOMES)
        return
    labels = [f"{DEPLOYMENT_LABEL}={deployment.project}", USER_LABEL]
    prefix = homes.volume_prefix(deployment.project)
    for volume in sorted(deployment.client.volumes.list(filters={"label": labels}), key=lambda one: str(one.name)):
        if not str(volume.name).startswith(prefix):
            continue
        yield Source(host=volume.name, inside=f"{HOMES}/{str(volume.name).removeprefix(prefix)}")


def of_exams(deployment: Deployment) -> Iterator[Source]:
    """The homes of exams: volumes, wherever the others are."""
    labels = [f"{DEPLOYMENT_LABEL}={deployment.project}", USER_LABEL, SERVER_LABEL]
    prefix = homes.exam_prefix(deployment.project)
    for volume in sorted(deployment.client.volumes.list(filters={"label": labels}), key=lambda one: str(one.name)):
        name = str(volume.name)
        if name.startswith(prefix):
            exam = {label: volume.attrs["Labels"][label] for label in (USER_LABEL, SERVER_LABEL)}
            yield Source(host=name, inside=f"{EXAMS}/{name.removeprefix(prefix)}", exam=exam)


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


def home_of(lab: Container) -> str:
    """Where the home that a lab writes into stands in a copy."""
    prefix = homes.exam_prefix(lab.labels[DEPLOYMENT_LABEL])
    for mount in lab.attrs.get("Mounts") or []:
        if str(mount.get("Name") or "").startswith(prefix):
            return f"{EXAMS}/{str(mount['Name']).removeprefix(prefix)}"
    return f"{HOMES}/{homes.home_name(lab.labels[USER_LABEL])}"


def owner_of(inside: str) -> str:
    """Whose home a path of the copy is in; empty where it is in none."""
    rest = inside.removeprefix(f"{HOMES}/")
    return homes.person_of(rest.partition("/")[0]) if rest != inside else ""
