"""`make refresh` on a deployment that runs: the images are built anew, and labs go on."""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.hub_deployment import HubDeployment, deployment_with_site, engine
from tests.person import Person
from tests.stub_lab import COMMAND

LIGHT = f"c.Spawner.pre_spawn_hook = lambda spawner: setattr(spawner, 'cmd', {COMMAND!r})\n"
NAME = "hrrefresh"
OLD = "2026-01-05"
PACKAGE = "ca-certificates"
AGED = f"""\
FROM %s
USER root
RUN sed -i '/^Package: {PACKAGE}$/,/^$/s/^Version: .*/Version: 20200101/' /var/lib/dpkg/status
USER %s
LABEL homeroom.packages={OLD}
"""
STATUS = "/var/lib/dpkg/status"


@pytest.fixture
def stale(prepared_engine: None, tmp_path: Path) -> Iterator[HubDeployment]:
    """A deployment that runs from images which are of months ago, as far as they and dpkg in them say."""
    light = {"DOCKER_NOTEBOOK_IMAGE": f"{NAME}{os.getpid()}-hub:local", "LAB_MEMORY": "128M"}
    with deployment_with_site(tmp_path / "stale", NAME, {"hub.d/10-light.py": LIGHT}, **light) as made:
        for name in ("hub", "proxy"):
            tag = f"{made.project}-{name}:local"
            user = engine().images.get(tag).attrs["Config"]["User"]
            engine().images.build(fileobj=io.BytesIO((AGED % (tag, user)).encode()), tag=tag, rm=True, forcerm=True)
        made.up()
        yield made


def packages_of(deployment: HubDeployment, name: str) -> str:
    """Of which moment an image says that its packages are."""
    found: Any = engine().images.get(f"{deployment.project}-{name}:local")
    return str(found.labels["homeroom.packages"])


def dpkg_status(deployment: HubDeployment, name: str) -> tuple[str, float]:
    """What dpkg wrote down in an image, and when."""
    made = engine().containers.create(f"{deployment.project}-{name}:local", ["true"], network_mode="none")
    try:
        packed, _ = made.get_archive(STATUS)
        with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
            (member,) = archive.getmembers()
            file = archive.extractfile(member)
            assert file is not None
            return file.read().decode(), member.mtime
    finally:
        made.remove(force=True)


def test_labs_go_on_while_the_images_are_built_anew(stale: HubDeployment) -> None:
    """What is outdated is shown; the builds take nothing of Debian's from the engine's cache, the services run from the
    new images afterwards, a lab goes on and is the hub's, and who was signed in stays so. Once nothing is newer,
    nothing is built."""
    ada = Person(stale, "ada")
    ada.sign_in("")
    ada.start_lab()
    lab = stale.lab("ada")
    started = lab.attrs["State"]["StartedAt"]
    assert packages_of(stale, "hub") == packages_of(stale, "proxy") == OLD
    shown = stale.make("packages").stdout
    assert shown.count(OLD) == 2, shown
    named = stale.make("packages", "IMAGE=hub").stdout
    assert PACKAGE in named
    assert "20200101" in named
    old = {name: stale.container(name).image.id for name in ("hub", "proxy", "guard")}

    began = time.time()
    said = stale.make("refresh", "WITHIN=400").stdout
    print(said)
    assert "The services run from the new images" in said
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for name in ("hub", "proxy"):
        assert packages_of(stale, name).startswith(today)
        status, written_at = dpkg_status(stale, name)
        assert "20200101" not in status
        assert written_at >= began - 60, "it was fetched anew"
    new = {name: stale.container(name).image.id for name in old}
    assert not set(new.values()) & set(old.values())
    lab.reload()
    assert (lab.status, lab.attrs["State"]["StartedAt"]) == ("running", started)
    assert "started" in ada.get("user/ada/lab").text
    assert ada.api("GET", "users/ada").json()["servers"][""]["ready"]
    ada.stop_lab()
    ada.start_lab()
    assert stale.lab("ada").image.id == engine().images.get(f"{stale.project}-hub:local").id

    assert "nothing is built" in stale.make("refresh").stdout
    assert packages_of(stale, "hub").startswith(today)
    assert {name: stale.container(name).image.id for name in old} == new
