"""Images under further names: which name leads where."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from generator.topics.updates import images

OLD, NEW = "a" * 40, "b" * 40


class Engine:
    """An engine's images: their names, and what each leads to.

    :param prefix: what an engine puts before names, as Podman does.
    """

    def __init__(self, prefix: str = "", **names: str) -> None:
        self.prefix = prefix
        self.names = {f"{prefix}{name.replace('__', '-')}:local": digest for name, digest in names.items()}

    def get(self, name: str) -> Any:
        """An image by its name."""
        if self.prefix + name not in self.names:
            raise docker.errors.ImageNotFound(name)
        found = self.names[self.prefix + name]

        def tag(repository: str, tag: str) -> None:
            self.names[f"{self.prefix}{repository}:{tag}"] = found

        return SimpleNamespace(tag=tag)

    def list(self) -> list[Any]:
        """All images with their names."""
        return [
            SimpleNamespace(tags=[name for name, found in self.names.items() if found == digest])
            for digest in sorted(set(self.names.values()))
        ]

    def remove(self, name: str) -> None:
        """Remove a name."""
        del self.names[name]

    def local(self, project: str) -> dict[str, str]:
        """What a deployment's services and labs are started from."""
        start, end = f"{self.prefix}{project}-", ":local"
        found = {name: digest for name, digest in self.names.items() if name.startswith(start) and name.endswith(end)}
        return {name.removeprefix(start).removesuffix(end): digest for name, digest in found.items()}


@pytest.mark.parametrize("prefix", ["", "localhost/"], ids=["docker", "podman"])
def test_old_images_stay_and_come_back(prefix: str) -> None:
    """Those that run are kept when the new ones take their names, and have them again afterwards; a service that only
    the new version has is left alone, and so are other deployments, whatever they are called."""
    engine = Engine(prefix, room__hub="old-hub", room__lab="old-lab", room__b__hub="theirs", other__hub="theirs")
    client: Any = SimpleNamespace(images=engine)
    images.lend(client, "room", ["hub", "lab", "edge"])
    assert images.built(client, "room") == ("hub", "lab")
    engine.names |= {f"{prefix}room-next-{name}:local": f"new-{name}" for name in ("hub", "edge")}
    names = images.built(client, "room")
    assert names == ("edge", "hub", "lab")

    images.keep(client, "room", names, OLD)
    images.take(client, "room", names)
    now = engine.local("room")
    assert (now["hub"], now["lab"], now["edge"]) == ("new-hub", "old-lab", "new-edge")
    images.remove_next(client, "room")
    assert images.built(client, "room") == ()

    assert images.missing(client, "room", ["hub", "lab"], OLD) == []
    assert images.missing(client, "room", ["hub", "lab"], NEW) == ["hub", "lab"]
    images.put_back(client, "room", names, OLD)
    images.put_back(client, "room", names, OLD)
    now = engine.local("room")
    assert (now["hub"], now["lab"], now["b-hub"]) == ("old-hub", "old-lab", "theirs")
    images.remove_kept(client, "room", OLD)
    assert images.missing(client, "room", ["hub"], OLD) == ["hub"]
    assert engine.local("room") == now
    assert engine.local("other") == {"hub": "theirs"}


def test_images_are_lent_to_another_deployment() -> None:
    """Under the names that are said, and not under those of the next version; what is not there is left out."""
    engine = Engine(room__hub="hub", room__lab="lab")
    client: Any = SimpleNamespace(images=engine)
    images.lend(client, "room", ["hub", "edge"], to="room-drill")
    assert engine.local("room-drill") == {"hub": "hub"}
    assert images.built(client, "room") == ()


def test_only_what_nobody_uses_is_removed() -> None:
    """Images of Homeroom's that lost their names go; one that a lab runs from stays, and no others are looked at."""
    asked: list[dict[str, Any]] = []
    removed: list[str] = []

    def listed(filters: dict[str, Any]) -> list[Any]:
        asked.append(filters)
        return [SimpleNamespace(id="unused"), SimpleNamespace(id="of a lab")]

    def remove(name: str) -> None:
        if name == "of a lab":
            raise docker.errors.APIError("409: a container uses it")
        removed.append(name)

    client: Any = SimpleNamespace(images=SimpleNamespace(list=listed, remove=remove))
    images.sweep(client)
    assert removed == ["unused"]
    assert asked == [{"dangling": True, "label": "homeroom.context"}]
