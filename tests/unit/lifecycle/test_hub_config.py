"""generator/lifecycle/hub_config.py: what is said where the hub's configuration does not load."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from generator.core.errors import HomeroomError, SeveralErrors
from generator.lifecycle import check, hub_config

HERE: Any = SimpleNamespace(project="homeroom", client=None, engine=None, settings=None)
OURS = HomeroomError("No module named 'homeroom.new'", location="rendered/jupyterhub_config.py line 9", remedy="r")
THEIRS = HomeroomError("name 'x' is not defined", location="site/hub.d/a.py line 3", remedy="r")


@pytest.fixture
def image(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The hub's image, as a test has it: whether it is there, built from this code, and what loading comes to."""
    known = SimpleNamespace(there=True, old=False, error=None)

    def load(*_: Any) -> None:
        if known.error is not None:
            raise known.error

    monkeypatch.setattr(hub_config, "image_id", lambda *_: "sha256:1" if known.there else "")
    monkeypatch.setattr(hub_config, "image_specs", lambda _: [SimpleNamespace(tag="homeroom-hub:local")])
    monkeypatch.setattr(hub_config, "outdated", lambda *_: {"hub": "digest"} if known.old else {})
    monkeypatch.setattr(hub_config, "check_hub_loads", load)
    return known


def test_an_image_of_an_older_version_is_told_as_such(image: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """After an update `make check` says that `make up` builds the image first, and not that a module is missing; and it
    goes on, since nothing is wrong."""
    image.old, image.error = True, OURS
    with pytest.raises(hub_config.OldHubImage) as caught:
        hub_config.check_hub_if_built(HERE, {})
    assert "`make up` builds the new image first" in str(caught.value)
    check._check_hub(HERE, {})
    said = " ".join(capsys.readouterr().out.split())
    assert "homeroom-hub:local was built from an older version" in said
    assert "No module" not in said


@pytest.mark.parametrize(
    ("old", "error"), [(False, OURS), (True, THEIRS), (True, SeveralErrors([OURS, THEIRS])), (False, THEIRS)]
)
def test_other_faults_are_told_as_they_are(image: Any, old: bool, error: HomeroomError) -> None:
    """What the operator wrote is theirs to correct, whatever the image; and an image of this version is not blamed."""
    image.old, image.error = old, error
    with pytest.raises(HomeroomError) as caught:
        check._check_hub(HERE, {})
    assert caught.value is error


def test_a_configuration_that_loads_is_told(image: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Also in an image of an older version; without an image nothing is said."""
    image.old = True
    check._check_hub(HERE, {})
    assert "the hub's configuration loads" in capsys.readouterr().out
    image.there = False
    check._check_hub(HERE, {})
    assert capsys.readouterr().out == ""


def test_a_container_of_a_killed_check_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next check removes it: only one that has ended a while ago, and this deployment's alone."""
    asked: list[Any] = []
    removed: list[str] = []

    def containers(**given: Any) -> list[dict[str, Any]]:
        asked.append(given)
        return [{"Id": "old", "Created": time.time() - 3600}, {"Id": "of-another-command", "Created": time.time()}]

    api = SimpleNamespace(containers=containers, remove_container=lambda name, **_: removed.append(name))
    hub_config._remove_left(cast(Any, SimpleNamespace(project="homeroom", client=SimpleNamespace(api=api))))
    assert removed == ["old"]
    chosen = asked[0]["filters"]
    assert re.match(chosen["name"], "/homeroom-check-1a2b3c4d")
    assert not re.match(chosen["name"], "/homeroom-hub-1")
    assert not re.match(chosen["name"], "/other-homeroom-check-1")
    assert chosen["status"] == "exited"
