"""Of which moment the packages in an image are: what a build is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from generator.core.host_network import BuildNetwork
from generator.core.paths import ROOT
from generator.engine.find import Engine
from generator.images import packages
from generator.images.builder import build_command
from generator.images.spec import BuildSpec

FRIDAY = datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
DOCKER = Engine("docker", Path("/run/some.sock"), "26.1.5", "1.45", rootless=False)
NOTHING_LENT = BuildNetwork((), {})


def test_a_build_of_a_new_week_fetches_packages_anew() -> None:
    """What is built in a week has packages of that week at least, so the engine's cache of an earlier one does not
    serve it; within a week it does."""
    assert packages.this_week(FRIDAY) == "2026-11-23"
    assert packages.newest([], FRIDAY) == packages.newest([None, {}], FRIDAY) == "2026-11-23"
    assert packages.newest([{packages.LABEL: "2026-11-09"}], FRIDAY) == "2026-11-23"


def test_no_build_brings_older_packages_back() -> None:
    """Beside images that were refreshed within the week a build has packages as new as theirs. A moment to come, by a
    clock that was wrong, and one that is none do not count."""
    refreshed = {packages.LABEL: "2026-11-25T03:30"}
    assert packages.newest([refreshed, {}], FRIDAY) == "2026-11-25T03:30"
    for odd in ("2027-01-01", "2026-11-27T14:06", "--no-cache", "2026-11-25T03:30\n"):
        assert packages.newest([{packages.LABEL: odd}], FRIDAY) == "2026-11-23"


def test_a_build_is_told_its_moment_and_says_it() -> None:
    """Our images are built with the moment, and each says afterwards which it has and what it is called; an image of
    the operator's, whose Dockerfile knows no moment, takes nothing from the cache when it is refreshed."""
    ours = BuildSpec("hub", "room-hub:local", ROOT / "jupyterhub", ROOT / "jupyterhub/Dockerfile")
    theirs = BuildSpec("r", "room-r:local", ROOT, ROOT / "Dockerfile", {}, {"room-lab:local": "id"})
    command = build_command(DOCKER, ours, "digest", NOTHING_LENT, packages="2026-11-23", anew=True)
    assert "PACKAGES=2026-11-23" in command
    assert {"homeroom.packages=2026-11-23", "homeroom.image=hub"} <= set(command)
    assert "--no-cache" not in command
    assert "--no-cache" in build_command(DOCKER, theirs, "digest", NOTHING_LENT, packages="2026-11-23", anew=True)
    assert "--no-cache" not in build_command(DOCKER, theirs, "digest", NOTHING_LENT, packages="2026-11-23")


@pytest.mark.parametrize("file", sorted(ROOT.glob("*/Dockerfile")), ids=lambda file: file.parent.name)
def test_all_of_an_image_is_updated(file: Path) -> None:
    """In each stage that begins with the base image, the first that is done is to bring it up to date, under the
    moment: the base image is shared with other deployments, and stays as it is."""
    stages = re.split(r"(?m)^FROM debian:trixie-slim.*\n", file.read_text())[1:]
    assert stages
    for stage in stages:
        assert re.match(
            r'ARG PACKAGES=""\nRUN (?:.*\\\n)*? && apt-get update -q \\\n && apt-get upgrade -qy --with-new-pkgs \\\n',
            stage,
        )
