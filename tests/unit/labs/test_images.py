"""The images that labs are started from, as the engine tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from generator.core.errors import HomeroomError
from generator.topics.labs import checks
from tests.sample_settings import settings


class Engine:
    """An engine's client: the users of images as these name them, and the numbers that `id -u` gives in them."""

    def __init__(self, users: Mapping[str, str], numbers: Mapping[str, str] | None = None) -> None:
        self._users = users
        self._numbers = numbers or {}
        self.images = self.containers = self

    def get(self, image: str) -> Any:
        """One image."""
        if image not in self._users:
            raise docker.errors.ImageNotFound(image)
        return SimpleNamespace(attrs={"Config": {"User": self._users[image]}})

    def run(self, image: str, *_: Any, **__: Any) -> bytes:
        """What a container of it says."""
        return self._numbers[image].encode()


def deployment(users: Mapping[str, str], numbers: Mapping[str, str] | None = None) -> Any:
    """A deployment whose labs are of the image `course:1`."""
    return SimpleNamespace(settings=settings(DOCKER_NOTEBOOK_IMAGE="course:1"), client=Engine(users, numbers))


@pytest.mark.parametrize(
    ("user", "number"),
    [("1000", ""), ("1000:100", ""), ("jovyan", "1000\n"), ("rstudio", "1000\n"), ("", ""), ("0", "")],
)
def test_an_image_of_the_homes_user_is_taken(user: str, number: str) -> None:
    """Whatever the user is called in it; one that begins as root may become that user by itself."""
    checks.check_user(deployment({"course:1": user}, {"course:1": number}))


@pytest.mark.parametrize(("user", "number"), [("1001", ""), ("1001:1001", ""), ("coder", "1001\n")])
def test_an_image_of_another_user_is_refused(user: str, number: str) -> None:
    """Its labs could not write into homes; what to do is said, and where it is named."""
    with pytest.raises(HomeroomError, match="course:1 runs as user 1001, and homes belong to user 1000") as refused:
        checks.check_user(deployment({"course:1": user}, {"course:1": number}))
    assert refused.value.location == ".env: DOCKER_NOTEBOOK_IMAGE"
    assert "USER 1000:100" in str(refused.value.remedy)


def test_an_image_that_is_not_there_is_told_elsewhere() -> None:
    """It is pulled or built first."""
    checks.check_user(deployment({}))
