"""The deployment whose kernels, images and settings these tests change: of this folder, shared with no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub_deployment import HubDeployment, running_deployment
from tests.person import Person


@pytest.fixture(scope="package")
def workshop(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A running deployment with the defaults of `.env`. Whoever stops or changes it brings it back."""
    with running_deployment(tmp_path_factory.mktemp("workshop"), "hrworkshop") as made:
        yield made


@pytest.fixture
def teacher(workshop: HubDeployment) -> Person:
    """Its administrator with a running lab."""
    person = Person(workshop, "admin")
    person.sign_in(workshop.password)
    person.start_lab()
    return person
