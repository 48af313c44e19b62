"""One hub for all launches, with platforms of both kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import lti_consumer
from tests.lti_hub import LTIHub, lti_hub, site_of
from tests.lti_platform import LearningPlatform, learning_platform

CONSUMERS = [
    {"name": lti_consumer.NAME, "key": lti_consumer.KEY},
    {"name": "strict", "key": "strict", "url": "https://moodle.example"},
]


@pytest.fixture(scope="package")
def school() -> Iterator[LearningPlatform]:
    """A platform."""
    with learning_platform() as made:
        yield made


@pytest.fixture(scope="package")
def slow() -> Iterator[LearningPlatform]:
    """A platform whose keys nobody has asked for yet."""
    with learning_platform() as made:
        yield made


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory, school: LearningPlatform, slow: LearningPlatform) -> Iterator[LTIHub]:
    """A hub that takes their launches, and those of two platforms that speak LTI 1.1."""
    text = site_of(school.values(), slow.values("slow"), consumers=CONSUMERS)
    secrets = ",".join(f"{each['name']}:{lti_consumer.SECRET}" for each in CONSUMERS)
    with lti_hub(tmp_path_factory.mktemp("hub"), text, LTI_SECRETS=secrets) as made:
        yield made
