"""A deployment whose users choose among kinds of labs that do not all fit, and a host whose repositories they fetch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.git_server import GitServer
from tests.hub_deployment import HubDeployment, deployment_with_site, engine
from tests.person import Person

PROFILES = """\
profiles:
  - {name: small, memory: 300M, cpus: 0.5, max_age_seconds: 1500, more_time_seconds: 0}
  - {name: exam, display_name: Exam room, description: "<b>No</b> network", memory: 300M, network: none}
  - {name: large, memory: 700M}
"""


@pytest.fixture(scope="package")
def git_server(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A host of repositories, at an address of this machine that labs can be let reach."""
    gateway = engine().networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    with GitServer(tmp_path_factory.mktemp("git"), gateway).running() as running:
        yield running


@pytest.fixture(scope="package")
def chooser(git_server: GitServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with three kinds of labs, room for one large or two small ones; sign-in by name alone."""
    settings = {"TOTAL_LAB_MEMORY": "700M", "QUEUE_SECONDS": "15", "LAB_FEATURES": "nbgitpuller"}
    settings["LAB_OPEN_NETWORKS"] = git_server.url.removeprefix("http://")
    made = tmp_path_factory.mktemp("chooser")
    with deployment_with_site(made, "hrchoice", {"profiles.yaml": PROFILES}, **settings) as deployment:
        yield deployment


@pytest.fixture
def holder(chooser: HubDeployment) -> Iterator[Person]:
    """Somebody with a small lab, so that no large one fits."""
    person = Person(chooser, "holder")
    person.sign_in("")
    person.start_lab(profile="small")
    yield person
    person.stop_lab_if_any()
