"""What is in an image as a bill of materials that other programs read: CycloneDX, in JSON."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from generator import VERSION
from generator.core.atomic import write_atomically
from generator.core.console import note, step
from generator.core.errors import HomeroomError
from generator.core.host_network import BASE_RELEASE
from generator.engine.deployment import Deployment
from generator.topics.packages import inventory, look
from generator.topics.packages.images import Image
from generator.topics.packages.inventory import Package

if TYPE_CHECKING:
    from packageurl import PackageURL

SUFFIX = ".cdx.json"


def write(deployment: Deployment, folder: str) -> None:
    """Write one of each image into a folder.

    :raises HomeroomError: it cannot be written, or an image cannot be looked into.
    """
    if not folder:
        remedy = "Name a directory: `make sbom TO=/srv/sbom`."
        raise HomeroomError("where to?", location="TO", remedy=remedy)
    place = Path(folder)
    images = look.images(deployment)
    try:
        place.mkdir(parents=True, exist_ok=True)
        for image in images:
            with step(f"Writing {place / image.name}{SUFFIX}") as shown:
                found = inventory.read(deployment, image)
                write_atomically(place / f"{image.name}{SUFFIX}", document(image, found))
                shown.say(f"{len(found)} packages")
    except OSError as error:
        remedy = "Name a directory that can be written to, on a disk with room."
        raise HomeroomError(f"cannot be written: {error.strerror}", location=folder, remedy=remedy) from None
    note("They are in CycloneDX 1.6, which scanners for known holes read.")


def document(image: Image, packages: list[Package]) -> str:
    """The bill of an image."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    bom = Bom()
    root = Component(
        name=f"homeroom-{image.name}",
        version=f"{VERSION}+{image.packages_of or 'unknown'}",
        type=ComponentType.CONTAINER,
        bom_ref=image.image_id,
    )
    bom.metadata.component = root
    parts = [
        Component(
            name=each.name, version=each.version, type=ComponentType.LIBRARY, purl=(url := purl(each)), bom_ref=str(url)
        )
        for each in packages
    ]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(root, parts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what depends on what within an image is not told
        return str(JsonV1Dot6(bom).output_as_string(indent=1)) + "\n"


def purl(package: Package) -> PackageURL:
    """The address by which scanners know a package."""
    from packageurl import PackageURL

    if package.kind == "debian":
        more = {"arch": package.architecture, "distro": BASE_RELEASE}
        if package.source and package.source != package.name:
            more["upstream"] = package.source
        return PackageURL("deb", "debian", package.name, package.version, more)
    if package.kind == "python":
        return PackageURL("pypi", None, package.name, package.version)
    kind = {"npm": "npm", "go": "golang"}[package.kind]
    space, _, name = package.name.rpartition("/")
    return PackageURL(kind, space or None, name, package.version)
