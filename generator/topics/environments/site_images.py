"""The images that labs run beside Homeroom's own: the operator's, built from `site/images/<name>/`, and pulled ones.

`DOCKER_NOTEBOOK_IMAGE` and profiles name an image by its folder's name, or as registries do. A Dockerfile of the
operator's may start from Homeroom's own lab image:

    ARG LAB_IMAGE
    FROM ${LAB_IMAGE}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import docker
import docker.errors
import requests

from generator.core import text_file
from generator.core.console import step
from generator.core.errors import HomeroomError, raise_all
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.engine.find import client
from generator.images.base import PullFailed, image_id, pull
from generator.images.spec import BuildSpec
from generator.schema.settings import Settings

FOLDER = "images"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
RESERVED = ("copies", "edge", "hub", "lab", "proxy")
LAB_IMAGE = "LAB_IMAGE"
REGISTRY_ANSWER_SECONDS = 10
SETTING = ".env: DOCKER_NOTEBOOK_IMAGE"


def own(site: Path = SITE) -> dict[str, Path]:
    """The operator's images: each folder of `site/images/` by its name.

    :raises HomeroomError: a folder's name is none for an image, or it holds no Dockerfile.
    """
    found: dict[str, Path] = {}
    errors: list[HomeroomError] = []
    folders = sorted(path for path in (site / FOLDER).glob("*") if path.is_dir() and not path.name.startswith("."))
    for path in folders:
        location = f"site/{FOLDER}/{path.name}"
        if not NAME.fullmatch(path.name) or path.name in RESERVED:
            cause = "is Homeroom's own" if path.name in RESERVED else "is no name for an image"
            remedy = "Name the folder with lower-case letters, digits and `-`, 32 at most."
            errors.append(HomeroomError(f"{path.name} {cause}", location=location, remedy=remedy))
        elif not (path / "Dockerfile").is_file():
            remedy = f"Put {location}/Dockerfile there, or remove the folder."
            errors.append(HomeroomError("there is no Dockerfile in it", location=location, remedy=remedy))
        found[path.name] = path
    raise_all(errors)
    return found


def _dockerfile(path: Path) -> str:
    """How an image is built, by its folder."""
    return text_file.read(path / "Dockerfile", f"site/{FOLDER}/{path.name}/Dockerfile")


def full_name(image: str, settings: Settings, site: Path = SITE) -> str:
    """An image as the engine knows it, from how the operator names it; empty: Homeroom's own lab image."""
    if not image:
        return own_lab(settings)
    if (site / FOLDER / image / "Dockerfile").is_file():
        return tag_of(image, settings)
    return image


def tag_of(name: str, settings: Settings) -> str:
    """The tag under which an image of this deployment is built."""
    return f"{settings.COMPOSE_PROJECT_NAME}-{name}:local"


def own_lab(settings: Settings) -> str:
    """Homeroom's own lab image."""
    return tag_of("lab", settings)


def needs_own_lab(site: Path = SITE) -> bool:
    """Whether an image of the operator's starts from Homeroom's lab image."""
    return any(LAB_IMAGE in _dockerfile(path) for path in own(site).values())


def origins(dockerfile: str, arguments: Mapping[str, str]) -> list[str]:
    """The images that a Dockerfile starts from, its stages' names left out; build arguments are filled in."""
    values = dict(re.findall(r"^ARG +(\w+)=(\S+)", dockerfile, re.M | re.I)) | dict(arguments)
    found: list[str] = []
    stages: set[str] = set()
    pattern = re.compile(r"^FROM +(?:--\S+ +)*(\S+)(?: +AS +(\S+))?", re.M | re.I)
    for name, stage in pattern.findall(dockerfile):
        filled = re.sub(r"\$\{?(\w+)\}?", lambda match: values.get(match[1], ""), name)
        if filled not in stages and filled not in found:
            found.append(filled)
        stages.add(stage)
    return found


def specs(deployment: Deployment, site: Path = SITE) -> list[BuildSpec]:
    """What to build, once Homeroom's own images are there: their ids count, so that a new one is built upon."""
    arguments = {LAB_IMAGE: own_lab(deployment.settings)}
    return [
        BuildSpec(
            name,
            tag_of(name, deployment.settings),
            path,
            path / "Dockerfile",
            arguments,
            origins={origin: image_id(deployment.client, origin) for origin in origins(_dockerfile(path), arguments)},
        )
        for name, path in own(site).items()
    ]


def foreign(named: Iterable[tuple[str, str]], settings: Settings, site: Path = SITE) -> dict[str, str]:
    """Of the images that are named, those that this deployment does not build, each with the location that names it."""
    built = {own_lab(settings), *(tag_of(name, settings) for name in own(site))}
    return {full: location for image, location in named if (full := full_name(image, settings, site)) not in built}


def ensure(deployment: Deployment, named: Iterable[tuple[str, str]], site: Path = SITE) -> None:
    """Have every image that labs may be started from, pulling those that are not there.

    :param named: images as the operator names them, each with the location for an error.
    :raises HomeroomError: for each image that cannot be had.
    """
    errors: list[HomeroomError] = []
    for image, location in foreign(named, deployment.settings, site).items():
        if image_id(deployment.client, image):
            continue
        try:
            with step(f"Getting the image {image}") as shown:
                pull(deployment.client, image, shown)
        except PullFailed as reason:
            errors.append(_missing(image, location, f"it is not on this machine and cannot be pulled: {reason}"))
    raise_all(errors)


def check(deployment: Deployment, named: Iterable[tuple[str, str]], site: Path = SITE) -> None:
    """See that every image can be had, changing nothing: it is there, is built here, or its registry knows it.

    :raises HomeroomError: for each image that cannot be had.
    """
    errors: list[HomeroomError] = []
    asking = client(deployment.engine, timeout_seconds=REGISTRY_ANSWER_SECONDS)
    try:
        for image, location in foreign(named, deployment.settings, site).items():
            if image_id(deployment.client, image):
                continue
            try:
                asking.images.get_registry_data(image)
            except (docker.errors.DockerException, requests.RequestException):
                errors.append(
                    _missing(image, location, "it is not on this machine, and no registry that answers has it")
                )
    finally:
        asking.close()
    raise_all(errors)


def _missing(image: str, location: str, cause: str) -> HomeroomError:
    return HomeroomError(
        f"the image {image} is missing: {cause}",
        location=location,
        remedy=f"Check its name, run `docker pull {image}` by hand, or put a Dockerfile into site/{FOLDER}/<name>/.",
    )
