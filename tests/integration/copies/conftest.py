"""One place with copies of the shared deployment, for all tests of copies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_deployment import HubDeployment
from tests.integration.copies.repository import sent_to


@pytest.fixture(scope="package")
def place(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory with a first copy of the shared deployment, which has none when the tests are over."""
    directory = tmp_path_factory.mktemp("copies")
    with sent_to(deployment, str(directory)):
        deployment.make("backup")
        yield directory
    shutil.rmtree(deployment.directory / "backup", ignore_errors=True)
