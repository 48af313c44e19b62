"""How services are brought up."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from generator.engine import services as table
from generator.engine.deployment import Deployment
from generator.lifecycle import services
from tests.sample_settings import settings


class Here:
    """A deployment whose services run, each as healthy as it is said to be; restarted, it is well."""

    def __init__(self, health: dict[str, str]) -> None:
        self.settings = settings()
        self.said: list[tuple[str, ...]] = []
        self.left: dict[str, list[Any]] = {}
        self.health = {name: health.get(name, "healthy") for name in table.names(self.settings)}

    def service(self, name: str) -> Any:
        """Its container; None for one that these settings do without."""
        if name not in self.health:
            return None
        state = {
            "Status": "running",
            "StartedAt": datetime.now(UTC).isoformat(),
            "Health": {"Status": self.health[name]},
        }
        return SimpleNamespace(status="running", attrs={"State": state, "RestartCount": 0})

    def containers(self, name: str) -> list[Any]:
        """Its containers, and those that a command left that was cut off."""
        return [*self.left.get(name, ()), *(one for one in (self.service(name),) if one is not None)]

    def compose(self, *words: str, check: bool = True) -> None:
        """Note what is asked of Compose."""
        self.said.append(words)
        if words[0] == "restart":
            self.health.update(dict.fromkeys(words[1:], "healthy"))


@pytest.mark.parametrize("ill", ["guard", "proxy", "hub"])
def test_a_service_that_hangs_is_restarted(ill: str) -> None:
    """`make up` restarts a service that runs and is not healthy, before Compose looks; the others run on."""
    here = Here({ill: "unhealthy"})
    services.bring_up(cast(Deployment, here))
    assert [words[0] for words in here.said] == ["restart", "up"]
    assert here.said[0] == ("restart", ill)


def test_what_is_well_or_starts_is_left_alone() -> None:
    """A service that is healthy, or has only just started, is not restarted."""
    here = Here({"hub": "starting"})
    services.bring_up(cast(Deployment, here))
    assert [words[0] for words in here.said] == ["up"]


def test_what_a_command_left_half_is_cleared() -> None:
    """Of two containers of a service the one that was never started goes; one that is alone is Compose's to start."""
    here, gone = Here({}), list[str]()

    def left(name: str) -> Any:
        return SimpleNamespace(status="created", remove=lambda *, force: gone.append(name))

    here.left = {"guard": [left("guard")]}
    services.bring_up(cast(Deployment, here))
    assert gone == ["guard"]
    here.left = {"hub": [left("hub")]}
    del here.health["hub"]
    services.remove_half_made(cast(Deployment, here), "hub")
    assert services.is_half_made(cast(Deployment, here), "hub")
    assert gone == ["guard"]
