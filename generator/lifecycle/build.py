"""The images of a deployment, and having them."""

from __future__ import annotations

from generator.core.console import step
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.images import bundle
from generator.images.build import ensure_images
from generator.images.spec import BuildSpec
from generator.topics.environments import features, site_images
from generator.topics.labs.checks import check_locale, named_images


def image_specs(deployment: Deployment, *, everything: bool = False) -> list[BuildSpec]:
    """The images that a deployment builds.

    :param everything: also those that it has no use for with these settings.
    """
    settings = deployment.settings
    folders = {"hub": "jupyterhub", "proxy": "proxy"}
    if everything or settings.has_edge:
        folders["edge"] = "edge"
    if everything or settings.BACKUP_TO:
        folders["copies"] = "copies"
    if everything or not settings.DOCKER_NOTEBOOK_IMAGE or site_images.needs_own_lab():
        folders["lab"] = "jupyterlab"
    arguments = {"lab": {"FEATURES": " ".join(features.parse(settings.LAB_FEATURES))}}
    return [
        BuildSpec(
            name,
            f"{deployment.project}-{name}:local",
            ROOT / folder,
            ROOT / folder / "Dockerfile",
            arguments.get(name, {}),
        )
        for name, folder in folders.items()
    ]


def build(deployment: Deployment, *, rebuild: bool = False, packages: str = "") -> None:
    """Have every image: ours, taken out of a bundle beside the tree or built on the base image, then the operator's,
    built where their sources changed; others pulled where they are missing, since labs never pull while a user waits.

    :param packages: a moment: those that are built are built anew, with packages as they are then.
    """
    specs = image_specs(deployment)
    if not rebuild and not packages:
        bundle.take(deployment.engine, specs)
    images = ensure_images(deployment.engine, specs, rebuild=rebuild, packages=packages)
    if own := site_images.specs(deployment):
        images += ensure_images(deployment.engine, own, rebuild=rebuild, packages=packages)
    site_images.ensure(deployment, named_images(deployment.settings))
    check_locale(deployment)
    if not any(image.built for image in images):
        with step("Images are up to date"):
            pass
