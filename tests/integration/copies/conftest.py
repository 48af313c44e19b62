"""One deployment with a place for its copies, for all tests of copies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_deployment import HubDeployment, running_deployment
from tests.integration.copies.repository import sent_to


@pytest.fixture(scope="package")
def copied(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A running deployment with the defaults of `.env`, which has the homes of these tests alone."""
    with running_deployment(tmp_path_factory.mktemp("copied"), "hrcopied") as made:
        yield made


@pytest.fixture(scope="package")
def deployment(copied: HubDeployment) -> HubDeployment:
    """In this folder the one of which copies are made: also where a shared fixture asks for it, such as `admin`."""
    return copied


@pytest.fixture(scope="package")
def place(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory with a first copy of the deployment."""
    directory = tmp_path_factory.mktemp("copies")
    with sent_to(deployment, str(directory)):
        deployment.make("backup")
        yield directory
