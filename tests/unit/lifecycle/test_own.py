"""A verb that stops something stops no other directory's deployment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.lifecycle import down, own, restart, timers
from tests.sample_settings import settings


def here(*directories: object, project: str = "homeroom") -> Any:
    """A deployment of which containers of these directories carry the name."""
    labels = {"com.docker.compose.project": project, "com.docker.compose.project.working_dir": ""}
    rows = [
        {"Id": str(n), "Names": [f"/{n}"], "Labels": {**labels, "com.docker.compose.project.working_dir": str(each)}}
        for n, each in enumerate(directories)
    ]
    client = SimpleNamespace(api=SimpleNamespace(containers=lambda **_: rows))
    return SimpleNamespace(project="homeroom", client=client, settings=settings())


@pytest.mark.parametrize("verb", ["down", "clean", "restart"])
def test_another_directorys_deployment_is_left_alone(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is another directory's, which is named; nothing is stopped, and its timers stay."""
    for module in (down, restart):
        monkeypatch.setattr(module, "open_deployment", lambda: here(ROOT, tmp_path))
    monkeypatch.setattr(timers, "take_away", lambda _: pytest.fail("taken away"))
    with pytest.raises(HomeroomError) as caught:
        {"down": down.down, "clean": down.clean, "restart": restart.restart}[verb]()
    assert f"belongs to the directory {tmp_path}" in caught.value.cause
    assert f"`make {verb}` there" in caught.value.remedy
    assert "COMPOSE_PROJECT_NAME=homeroom2" in caught.value.remedy


def test_what_is_ours_or_nobodys_may_be_stopped(tmp_path: Path) -> None:
    """Nothing, our own, a directory that is gone, as one that was moved, and other names."""
    for deployment in (here(), here(ROOT), here(tmp_path / "gone"), here(tmp_path, project="other")):
        own.require_own(deployment, "down")
