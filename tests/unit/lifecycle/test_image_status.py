"""Which labs run an old image."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from generator.lifecycle.status import runs_old_image


@pytest.mark.parametrize(("current", "old"), [("sha256:a", False), ("sha256:b", True), (None, True)])
def test_an_old_image(current: str | None, old: bool) -> None:
    """A lab is old when its image's name means another image by now, or none."""

    def get(name: str) -> Any:
        assert name == "homeroom-lab:local"
        if current is None:
            raise docker.errors.ImageNotFound("gone")
        return SimpleNamespace(id=current)

    deployment: Any = SimpleNamespace(client=SimpleNamespace(images=SimpleNamespace(get=get)))
    lab: Any = SimpleNamespace(attrs={"Image": "sha256:a", "Config": {"Image": "homeroom-lab:local"}})
    assert runs_old_image(deployment, lab) is old
