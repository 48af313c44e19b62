"""What `make down` and `make clean` remove."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import docker.errors
import pytest
from homeroom.contract import runs
from homeroom.guard import handouts, seal, take_back

from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from generator.engine.deployment import Deployment
from generator.lifecycle import down
from generator.lifecycle.build import image_specs
from generator.topics.environments import site_images
from tests.sample_settings import settings


def here(*, containers: list[Any] = [], volumes: tuple[str, ...] = ()) -> Deployment:  # noqa: B006  # only read
    """A deployment with these containers and volumes."""
    client = SimpleNamespace(
        containers=SimpleNamespace(list=lambda **_: containers),
        volumes=SimpleNamespace(list=lambda: [SimpleNamespace(name=name) for name in volumes]),
    )
    return cast(Deployment, SimpleNamespace(project="hub", settings=settings(), client=client))


def test_what_is_made_again_goes_and_nothing_else() -> None:
    """Sockets, kernels and what was laid out for a copy; no home, no share, no accounts, and nothing of a deployment
    whose name begins alike."""
    volumes = ("hub_lab-sockets", "hub_reader-socket", "hub_runs-socket", "hub_kernels", "hub_copies")
    others = ("hub_data", "hub-user-ada-socket", "hub-share-kernels", "hub2_guard-socket", "hub_courses")
    assert [volume.name for volume in down.made_again(here(volumes=(*volumes, *others)))] == list(volumes)


def test_what_the_guard_was_doing_goes_and_other_commands_go_on() -> None:
    """A submission that is run when the guard is ended is ended too, as is each of its errands; a copy that is being
    made is left alone."""
    removed: list[str] = []
    errands = [runs.SERVICE, seal.SERVICE, handouts.SERVICE, take_back.SERVICE]

    def container(service: str) -> Any:
        labels = {DEPLOYMENT_LABEL: "hub", SERVICE_LABEL: service}
        return SimpleNamespace(labels=labels, remove=lambda **_: removed.append(service))

    down.remove_errands(here(containers=[container(each) for each in ("copies", *errands)]))
    assert removed == errands


def test_what_is_in_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A volume that a command uses stays, with the reason; the rest is removed all the same."""

    def in_use() -> None:
        raise docker.errors.APIError("409", explanation="volume is in use")

    down._remove("hub_copies", in_use)
    assert "hub_copies stays: volume is in use" in capsys.readouterr().err


def test_an_image_of_the_operators_has_no_name_of_ours() -> None:
    """A folder of site/images/ could take the place of an image of Homeroom's."""
    ours = {spec.name for spec in image_specs(here(), everything=True)}
    assert ours == set(site_images.RESERVED)
