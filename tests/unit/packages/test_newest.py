"""What the package indexes have newer."""

from __future__ import annotations

import json

import pytest

from generator.core.errors import HomeroomError
from generator.topics.packages import newest
from generator.topics.packages.debian import Newer
from generator.topics.packages.inventory import Package
from tests.fake_runner import always
from tests.providers import Answer, Asked, Provider

PYTHON = [Package("python", "tornado", "6.5"), Package("debian", "tzdata", "1", "all", "tzdata")]
NPM = [Package("npm", "@s/b", "2.1"), Package("npm", "a", "1.0")]


def test_pip_says_what_is_newer() -> None:
    """What pip lists as outdated is newer; a pip that cannot ask is an error in words, and not `nothing is newer`."""
    listed = json.dumps([{"name": "tornado", "version": "6.5", "latest_version": "6.6"}])
    assert newest.of_python(PYTHON, runner=always(0, out=listed)) == [Newer("tornado", "6.5", "6.6")]
    for silent in (always(1, err="ERROR: no network"), always(0, out="[]", err="WARNING: Retrying (Retry(total=4")):
        with pytest.raises(HomeroomError, match="Python's package index does not answer"):
            newest.of_python(PYTHON, runner=silent)


class Registry(Provider):
    """A registry that knows the newest versions of some packages."""

    def __init__(self, versions: dict[str, str]) -> None:
        super().__init__()
        self.versions = versions

    def answer(self, asked: Asked) -> Answer:
        """What it says."""
        version = self.versions.get(asked.path)
        return 200 if version else 404, {"version": version}


def test_npms_registry_says_what_is_newer() -> None:
    """Each package is asked for where this machine's npm would, scoped ones too; one that does not answer is told."""
    with Registry({"/@s%2Fb/latest": "3.0", "/a/latest": "1.0"}).running() as registry:
        address = f"{registry.url}/"
        assert newest.of_npm(NPM, {"NPM_CONFIG_REGISTRY": address}) == [Newer("@s/b", "2.1", "3.0")]
        with pytest.raises(HomeroomError, match="npm's registry does not answer"):
            newest.of_npm([Package("npm", "gone", "1")], {"NPM_CONFIG_REGISTRY": address})
    with pytest.raises(HomeroomError, match="names no registry"):
        newest.of_npm(NPM, {"NPM_CONFIG_REGISTRY": "file:///srv"})
    assert newest.of_npm(PYTHON, {}) == []
