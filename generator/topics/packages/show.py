"""`make packages`: of which day each image's packages are, and what is newer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from generator.core.console import note, out, quoted, step, table, warn
from generator.core.errors import HomeroomError, did_you_mean
from generator.engine.deployment import Deployment
from generator.topics.packages import inventory, look, newest
from generator.topics.packages.debian import Newer
from generator.topics.packages.images import Image

Rows = dict[str, list[Newer]]


def show(deployment: Deployment, name: str) -> None:
    """Print it, of one image each package.

    :param name: of that image; empty: of all of them, in numbers.
    :raises HomeroomError: Debian's mirror does not answer; pip's index and npm's registry may be silent.
    """
    images = look.images(deployment)
    if name and name not in (names := [image.name for image in images]):
        remedy = did_you_mean(name, names)
        raise HomeroomError(f"this deployment has no image {name}", location="IMAGE", remedy=remedy)
    chosen = [image for image in images if name in ("", image.name)]
    newer = look.ask(deployment, images).newer
    python, npm = _locked(deployment, chosen)
    if name:
        _each(name, {"Debian": newer.get(name, []), "Python": python.get(name), "npm": npm.get(name)})
        return
    rows = table("image", "packages of", "security updates", "others newer", "Python newer", "npm newer")
    for image in chosen:
        of_debian = newer.get(image.name, [])
        security = sum(each.is_security for each in of_debian)
        others = len(of_debian) - security
        numbers = [str(len(found)) if (found := kind.get(image.name)) is not None else "?" for kind in (python, npm)]
        mark = f"[yellow]{security}[/yellow]" if security else "0"
        rows.add_row(quoted(image.name), image.packages_of or "?", mark, str(others), *numbers)
    out.print(rows)
    note("`make refresh` brings Debian's. Python's and npm's are locked: a new version of Homeroom brings them.")
    note("`make packages IMAGE=lab` names each.")


def _locked(deployment: Deployment, images: Sequence[Image]) -> tuple[Rows, Rows]:
    """What the indexes have newer; of those that do not answer it is said, and nothing is known."""
    with step("Asking the package indexes") as shown, ThreadPoolExecutor(len(images)) as pool:
        found = dict(
            zip(
                (image.name for image in images),
                pool.map(lambda image: inventory.read(deployment, image), images),
                strict=True,
            )
        )
        python = {name: pool.submit(newest.of_python, each) for name, each in found.items()}
        npm = {name: pool.submit(newest.of_npm, each) for name, each in found.items()}
        silent: list[HomeroomError] = []
        known = (_answers(python, silent.append), _answers(npm, silent.append))
        shown.say("one does not answer" if silent else "")
    for error in silent[:1]:
        warn(f"{error.cause}\n  {error.remedy}")
    return known


def _answers(asked: dict[str, Future[list[Newer]]], say: Callable[[HomeroomError], object]) -> Rows:
    rows: Rows = {}
    for name, one in asked.items():
        try:
            rows[name] = one.result()
        except HomeroomError as error:
            say(error)
    return rows


def _each(name: str, found: dict[str, list[Newer] | None]) -> None:
    rows = table("package", "of", "in the image", "newer", "")
    for kind, packages in found.items():
        for each in packages or ():
            mark = "[yellow]security[/yellow]" if each.is_security else ""
            rows.add_row(quoted(each.name), kind, quoted(each.version), quoted(each.newer), mark)
    if rows.row_count:
        out.print(rows)
    else:
        note(f"Nothing is newer than what is in the {name} image.")
