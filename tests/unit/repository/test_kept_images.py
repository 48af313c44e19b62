"""tests/kept_images.py: what one deployment of the tests had built is another's, where it is the same."""

from __future__ import annotations

import contextlib

import pytest

from tests import kept_images


class Images:
    """Stands in the engine's place: names of images, and what each is."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}

    def get(self, name: str) -> Image:
        """The image of a name."""
        return Image(self, self.named[name])

    def remove(self, name: str, **_: bool) -> None:
        """Take a name away."""
        del self.named[name]


class Image:
    """One of them."""

    def __init__(self, images: Images, what: str) -> None:
        self.images, self.what = images, what

    def tag(self, name: str, tag: str) -> None:
        """Give it one more name."""
        self.images.named[f"{name}:{tag}"] = self.what


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> Images:
    """An engine without images, and nothing kept."""
    monkeypatch.setattr(kept_images, "_kept", {})
    monkeypatch.setattr(kept_images, "_end", contextlib.ExitStack())
    return Images()


def test_what_is_the_same_is_lent(images: Images) -> None:
    """A lab with other features is another image; whose labs run from another image is lent no lab; at the end no name
    is left but those of the deployments."""
    kept_images.lend("first", {})
    assert images.named == {}
    images.named = {"first-hub:local": "hub", "first-proxy:local": "proxy", "first-lab:local": "plain lab"}
    kept_images.keep(images, "first", {})
    kept_images.lend("second", {"AUTH": "dummy"})
    kept_images.lend("git", {"LAB_FEATURES": "git"})
    kept_images.lend("own", {"DOCKER_NOTEBOOK_IMAGE": "example/lab"})
    assert images.named["second-lab:local"] == "plain lab"
    assert {f"{project}-{name}:local" for project in ("git", "own") for name in ("hub", "proxy")} <= set(images.named)
    assert not {"git-lab:local", "own-lab:local"} & set(images.named)

    images.named["git-lab:local"] = "lab with git"
    kept_images.keep(images, "git", {"LAB_FEATURES": "git"})
    kept_images.lend("third", {"LAB_FEATURES": "git"})
    assert images.named["third-lab:local"] == "lab with git"
    kept_images.remove_all()
    assert all(name.endswith(":local") for name in images.named)
