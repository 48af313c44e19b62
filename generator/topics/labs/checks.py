"""Whether there is an image for every lab, with the locale that is set."""

from __future__ import annotations

from typing import Any

import docker.errors

from generator.core.errors import HomeroomError, raise_all
from generator.core.labels import SERVICE_LABEL
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.topics.environments import site_images
from generator.topics.labs import labs, site

ROOT_USER, HOME_USER = 0, 1000


def of_images(deployment: Deployment) -> None:
    """See that every image for labs is there or can be had, has the locale that is set, and the user that homes have;
    changes nothing.

    :raises HomeroomError: for each image that cannot be had, lacks the locale, or has another user.
    """
    check_images(deployment)
    check_locale(deployment)
    check_user(deployment)


def named_images(settings: Settings) -> list[tuple[str, str]]:
    """Every image that labs may be started from, as the operator names it, with the location."""
    named = [(profile.image, f"site/{site.PROFILES}: {profile.name}") for profile in labs.profiles_of(SITE)]
    return [
        (settings.DOCKER_NOTEBOOK_IMAGE, site_images.SETTING),
        *((image, location) for image, location in named if image),
    ]


def check_images(deployment: Deployment) -> None:
    """See that every image for labs is there or can be had; changes nothing.

    :raises HomeroomError: for each image that cannot be had.
    """
    site_images.check(deployment, named_images(deployment.settings))


def check_locale(deployment: Deployment) -> None:
    """See that every image for labs that is there has the locale that is set; C.UTF-8 every image has.

    :raises HomeroomError: for each image that lacks it.
    """
    wanted = deployment.settings.LAB_LANG
    if _plain(wanted) in ("c", "posix", "cutf8"):
        return
    named = named_images(deployment.settings)
    errors: list[HomeroomError] = []
    for image in dict.fromkeys(site_images.full_name(name, deployment.settings) for name, _ in named):
        known = _locales(deployment, image)
        if known and _plain(wanted) not in map(_plain, known):
            cause = f"the image {image} has no locale {wanted}"
            remedy = f"It has {', '.join(known)}. Leave LAB_LANG out for C.UTF-8, or use images that have yours."
            errors.append(HomeroomError(cause, location=".env: LAB_LANG", remedy=remedy))
    raise_all(errors)


def check_user(deployment: Deployment) -> None:
    """See that every image for labs that is there runs as the user to whom homes belong, whatever that is called there.
    One that begins as root is left alone: it may become that user by itself.

    :raises HomeroomError: for each image of another user.
    """
    named = named_images(deployment.settings)
    errors: list[HomeroomError] = []
    for image in dict.fromkeys(site_images.full_name(name, deployment.settings) for name, _ in named):
        number = user_number(deployment, image)
        if number not in (None, ROOT_USER, HOME_USER):
            cause = (
                f"the image {image} runs as user {number}, and homes belong to user {HOME_USER}: labs could not write"
            )
            remedy = (
                f"End its Dockerfile with `USER {HOME_USER}:100`, and have what it installs be readable for everyone: "
                "labs could not write else, nor could what they hand in be run and taken. The home is at /home/jovyan."
            )
            errors.append(HomeroomError(cause, location=_location(named, image, deployment.settings), remedy=remedy))
    raise_all(errors)


def user_number(deployment: Deployment, image: str) -> int | None:
    """As whom an image's programs run, by number; None: it is not there, or cannot be asked."""
    try:
        found: Any = deployment.client.images.get(image)
        user = str(found.attrs["Config"].get("User") or ROOT_USER).partition(":")[0]
        if not user.isdigit():
            said: Any = deployment.client.containers.run(
                image, ["-u"], entrypoint="id", network_mode="none", remove=True, labels={SERVICE_LABEL: "check"}
            )
            user = said.decode(errors="replace").strip()
    except (docker.errors.ContainerError, docker.errors.APIError):  # ImageNotFound is one of the latter
        return None
    return int(user) if user.isdigit() else None


def _location(named: list[tuple[str, str]], image: str, settings: Settings) -> str:
    return next(location for name, location in named if site_images.full_name(name, settings) == image)


def _locales(deployment: Deployment, image: str) -> list[str]:
    """The locales of an image; none of one that is not there, or has no program that tells them."""
    try:
        listed: Any = deployment.client.containers.run(
            image, ["-a"], entrypoint="locale", network_mode="none", remove=True, labels={SERVICE_LABEL: "check"}
        )
    except (docker.errors.ContainerError, docker.errors.APIError):  # ImageNotFound is one of the latter
        return []
    found: list[str] = listed.decode(errors="replace").split()
    return found


def _plain(locale: str) -> str:
    """A locale's name as the C library compares it: `de_AT.UTF-8` is `de_AT.utf8`."""
    return locale.lower().replace("-", "").replace(".", "")
