"""The operator's own images: their names, what they start from, and which have to be pulled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.images.context import context_digest
from generator.images.spec import BuildSpec
from generator.topics.environments import site_images
from tests.sample_settings import settings

Lay = Callable[[str, str], Path]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Lays a Dockerfile into `site/images/<name>/` and gives the site."""

    def write(name: str, text: str) -> Path:
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(text)
        return tmp_path

    return write


def test_an_image_is_named_by_its_folder_or_as_registries_do(lay: Lay) -> None:
    """`r` is the operator's own when `site/images/r` is there, and a registry's otherwise; nothing is Homeroom's."""
    site = lay("r", "FROM x\n")
    names = ("", "r", "python", "quay.io/jupyter/r:1")
    assert [site_images.full_name(name, settings(), site) for name in names] == [
        "homeroom-lab:local",
        "homeroom-r:local",
        "python",
        "quay.io/jupyter/r:1",
    ]
    named = [(name, f"location of {name}") for name in names]
    assert site_images.foreign(named, settings(), site) == {
        "python": "location of python",
        "quay.io/jupyter/r:1": "location of quay.io/jupyter/r:1",
    }


@pytest.mark.parametrize("name", ["lab", "hub", "Upper", "under_score"])
def test_names_that_would_clash_are_refused(lay: Lay, name: str) -> None:
    """An image of the operator's cannot take the place of one of Homeroom's, nor have a name that no tag can."""
    with pytest.raises(HomeroomError, match=f"site/images/{name}"):
        site_images.own(lay(name, "FROM x\n"))


def test_a_folder_without_a_dockerfile_is_refused(lay: Lay) -> None:
    """A half-made image is told with its folder, before anything is built."""
    site = lay("r", "FROM x\n")
    (site / "images/r/Dockerfile").unlink()
    with pytest.raises(HomeroomError, match=r"site/images/r: there is no Dockerfile"):
        site_images.own(site)


def test_what_a_dockerfile_starts_from() -> None:
    """Build arguments are filled in, stages of its own left out, so a new lab image has it built anew."""
    text = """\
        ARG LAB_IMAGE
        ARG TAG=trixie-slim
        FROM ${LAB_IMAGE} AS lab
        FROM --platform=linux/amd64 debian:$TAG as base
        FROM base
        COPY --from=lab /opt /opt
        """
    lines = "\n".join(line.strip() for line in text.splitlines())
    assert site_images.origins(lines, {"LAB_IMAGE": "homeroom-lab:local"}) == [
        "homeroom-lab:local",
        "debian:trixie-slim",
    ]


def test_a_new_origin_calls_for_a_build(lay: Lay) -> None:
    """The same files on a new lab image are another image."""
    folder = lay("r", "FROM x\n") / "images/r"
    spec = BuildSpec("r", "t", folder, folder / "Dockerfile", {}, {"homeroom-lab:local": "id-1"})
    changed = replace(spec, origins={"homeroom-lab:local": "id-2"})
    assert context_digest(spec) != context_digest(changed)


def test_the_lab_image_is_built_for_an_image_upon_it(lay: Lay) -> None:
    """Homeroom's lab image is there, also where labs run another by default, when one of the operator's needs it."""
    site = lay("plain", "FROM debian:trixie-slim\n")
    assert not site_images.needs_own_lab(site)
    assert site_images.needs_own_lab(lay("r", "ARG LAB_IMAGE\nFROM ${LAB_IMAGE}\n"))
