"""A deployment with HTTPS, and a learning platform that is another website: as they are in a school."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml
from homeroom.lti.claims import CLAIM

from tests import lti_consumer
from tests.certificates import Authority
from tests.edge_deployment import EdgeDeployment, names_lead_here
from tests.hub_deployment import engine
from tests.lti_platform import DEPLOYMENT_ID, LearningPlatform, Website, learning_platform

SCHOOL, COLLEGE = "school.test", "college.test"
LABS = "labs.campus.test"
CANVAS_DEPLOYMENT_ID = "1:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"
OVERRIDE = {
    "services": {
        "hub": {
            "extra_hosts": [f"{SCHOOL}:host-gateway", f"{COLLEGE}:host-gateway"],
            "environment": {"SSL_CERT_FILE": "/srv/site/school.pem"},  # what registers itself has no `ca_file`
        },
        "lms": {"extra_hosts": [f"{SCHOOL}:host-gateway"]},
    }
}
"""The hub finds the platforms by their names and believes their certificates, as those that all the world knows."""


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for the platform's certificate."""
    return Authority.made(tmp_path_factory.mktemp("authority"), "school")


def website(authority: Authority, name: str) -> Website:
    """A name with a certificate; the hub's container reaches it at this machine's address there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.sign(authority.file.parent, [name]))
    gateway = engine().networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    return Website(name=name, context=context, address=gateway)


@pytest.fixture(scope="package")
def school(authority: Authority) -> Iterator[LearningPlatform]:
    """A platform at another site than the hub, which site/lti.yaml names."""
    with learning_platform(website(authority, SCHOOL)) as made:
        yield made


@pytest.fixture(scope="package")
def college(authority: Authority) -> Iterator[LearningPlatform]:
    """Another one, of which the hub knows nothing."""
    with learning_platform(website(authority, COLLEGE)) as made:
        yield made


def keys_of(campus: EdgeDeployment) -> dict[str, Any]:
    """The hub's key set, as a platform fetches it."""
    trust = campus.directory / "authority.pem"
    trust.write_text(campus.authority)
    with requests.Session() as web:
        web.trust_env = False
        found: dict[str, Any] = web.get(f"{campus.url}hub/lti13/jwks", verify=str(trust), timeout=30).json()
    return found


@pytest.fixture(scope="package")
def campus(
    prepared_engine: None,
    tmp_path_factory: pytest.TempPathFactory,
    authority: Authority,
    school: LearningPlatform,
) -> Iterator[EdgeDeployment]:
    """A deployment to which the platform's people come, by LTI 1.3 and by 1.1."""
    settings = {
        "AUTH": "native,lti",
        "TLS": "internal",
        "LAB_FEATURES": "nbgitpuller,nbgrader",
        "LTI_SECRETS": f"{lti_consumer.NAME}:{lti_consumer.SECRET}",
    }
    made = EdgeDeployment(tmp_path_factory.mktemp("campus"), f"hrlti{os.getpid()}", settings, labs_host=LABS)
    made.make("init")
    site = made.directory / "site"
    (site / "school.pem").write_bytes(authority.file.read_bytes())
    platform = school.values(ca_file="school.pem", deployment_ids=[DEPLOYMENT_ID, CANVAS_DEPLOYMENT_ID], courses="made")
    consumer = {"name": lti_consumer.NAME, "key": lti_consumer.KEY, "url": school.url}
    said = {"allow_all": True, "platforms": [platform], "consumers": [consumer]}
    (site / "lti.yaml").write_text(yaml.safe_dump(said))
    (made.directory / "docker-compose.override.yml").write_text(json.dumps(OVERRIDE))
    try:
        with names_lead_here():
            made.up_trusted()
            school.more = {CLAIM + "target_link_uri": f"{made.url}hub/token"}
            school.services.tool_keys = lambda: keys_of(made)
            yield made
    finally:
        made.remove()
