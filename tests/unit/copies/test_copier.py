"""The container of copies, as the engine keeps it: gone at its end, so that what it had is free."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from generator.core.errors import HomeroomError
from generator.topics.copies import copier, stones
from tests.sample_settings import settings

BUSY, GONE = docker.errors.APIError("409: removal is in progress"), docker.errors.NotFound("no such container")


class Container:
    """One that the engine takes its time to let go of."""

    id = "c0ffee"

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)

    def start(self) -> None:
        """It runs."""

    def remove(self, *, force: bool) -> None:
        """The engine says what comes next."""
        assert force
        if answer := self.answers.pop(0):
            raise answer


def deployment_with(*found: Container) -> Any:
    """A deployment whose engine makes and lists these containers."""
    stream = SimpleNamespace(_response=SimpleNamespace(close=lambda: None), close=lambda: None)
    containers = SimpleNamespace(create=lambda *_, **__: found[0], list=lambda **_: list(found))
    client = SimpleNamespace(containers=containers, api=SimpleNamespace(attach_socket=lambda *_, **__: stream))
    return SimpleNamespace(client=client, project="homeroom", settings=settings())


def test_a_container_that_ended_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine removes it already: until it has, volumes are in use, and the next step would fail on them. So it is
    with what a killed command left."""
    monkeypatch.setattr(copier, "LOOK_SECONDS", 0.0)
    one, other = Container(BUSY, BUSY, GONE), Container(None)
    with copier.held(deployment_with(one), ["cat"]) as held:
        assert held.id == one.id
    assert one.answers == []
    one.answers = [BUSY, GONE]
    assert copier.remove_leftovers(deployment_with(one, other)) == 2
    assert one.answers == other.answers == []


def test_an_engine_that_lets_nothing_go_keeps_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while it goes on; a volume that is in use still is told with its remedy."""
    monkeypatch.setattr(copier, "GONE_SECONDS", -1.0)
    with copier.held(deployment_with(Container(BUSY)), ["cat"]):
        pass

    def refuse() -> None:
        raise docker.errors.APIError("409", explanation="volume is in use - [c0ffee]")

    deployment = deployment_with()
    deployment.client.volumes = SimpleNamespace(get=lambda _: SimpleNamespace(remove=refuse))
    with pytest.raises(HomeroomError, match="in use") as told:
        stones.remove_volumes(deployment, ["ada"])
    assert "docker ps -a --filter volume=homeroom-user-ada" in (told.value.remedy or "")
