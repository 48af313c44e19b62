"""The images of a deployment under further names: those of the next version, and those that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import docker.errors

from generator.images.spec import CONTEXT_LABEL

NEXT = "-next"
LONGEST_NAME = 31
"""Of a deployment: the schema's."""


def next_name(project: str) -> str:
    """What the version to come of a deployment is called until it takes its place: its images, and its rehearsal."""
    return f"{project[: LONGEST_NAME - len(NEXT)]}{NEXT}"


def built(client: Any, project: str) -> tuple[str, ...]:
    """The names of the images that the next version has built: hub, proxy, lab, ..."""
    return tuple(sorted(name for name, _ in _tagged(client, f"{next_name(project)}-", ":local")))


def keep(client: Any, project: str, names: Sequence[str], commit: str) -> None:
    """Give the images by these names a further one, so that they stay when others take theirs."""
    for name in names:
        _name(client, f"{project}-{name}:local", f"{project}-{name}", _kept(commit))


def take(client: Any, project: str, names: Sequence[str]) -> None:
    """Have the next version's images under the names by which services and labs are started."""
    for name in names:
        _name(client, f"{next_name(project)}-{name}:local", f"{project}-{name}", "local")


def put_back(client: Any, project: str, names: Sequence[str], commit: str) -> None:
    """Have the kept images under these names again."""
    for name in names:
        _name(client, f"{project}-{name}:{_kept(commit)}", f"{project}-{name}", "local")


def lend(client: Any, project: str, names: Sequence[str], *, to: str = "") -> None:
    """Have a deployment's images under another's names, too: what did not change is not built.

    :param to: whose names; empty: the next version's.
    """
    for name in names:
        _name(client, f"{project}-{name}:local", f"{to or next_name(project)}-{name}", "local")


def missing(client: Any, project: str, names: Sequence[str], commit: str) -> list[str]:
    """Of what was kept, what is not there any more."""
    there = {name for name, _ in _tagged(client, f"{project}-", f":{_kept(commit)}")}
    return [name for name in names if name not in there]


def remove_next(client: Any, project: str) -> None:
    """Remove the names of the next version; what runs by other names stays."""
    for _, tag in _tagged(client, f"{next_name(project)}-", ":local"):
        _remove(client, tag)


def remove_kept(client: Any, project: str, commit: str) -> None:
    """Remove what is kept of a commit."""
    for _, tag in _tagged(client, f"{project}-", f":{_kept(commit)}"):
        _remove(client, tag)


def sweep(client: Any) -> None:
    """Remove the images of Homeroom's that have no name any more, whichever deployment's they were, but for those that
    a container was made from: such as a lab, which runs on with the image that it has."""
    for image in client.images.list(filters={"dangling": True, "label": CONTEXT_LABEL}):
        _remove(client, str(image.id))


def _kept(commit: str) -> str:
    return f"kept-{commit[:12]}"


def _name(client: Any, image: str, repository: str, tag: str) -> None:
    """Give an image a name; one that this version does not have is left out."""
    with suppress(docker.errors.ImageNotFound):
        client.images.get(image).tag(repository, tag)


def _tagged(client: Any, start: str, end: str) -> Iterator[tuple[str, str]]:
    """The images whose names begin and end so: what stands between, and the whole name."""
    for image in client.images.list():
        for tag in image.tags:
            plain = tag.removeprefix("localhost/")  # Podman's
            if plain.startswith(start) and plain.endswith(end):
                yield plain.removeprefix(start).removesuffix(end), tag


def _remove(client: Any, tag: str) -> None:
    """Remove a name; the image goes with its last one, unless a lab still runs from it."""
    with suppress(docker.errors.ImageNotFound, docker.errors.APIError):
        client.images.remove(tag)
