"""An earlier release's deployment, with people and what is theirs, is brought up by this tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_deployment import HubDeployment
from tests.person import Person
from tests.releases import ReleasedDeployment, releases
from tests.stub_lab import COMMAND

NEWEST = releases()[-1]
LIGHT = f"c.Spawner.pre_spawn_hook = lambda spawner: setattr(spawner, 'cmd', {COMMAND!r})\n"
"""Labs run from the hub's image, so that the release's lab image need not be built."""
FILE = "/home/jovyan/kept.txt"


@pytest.fixture
def released(prepared_engine: None, tmp_path: Path) -> Iterator[ReleasedDeployment]:
    """A deployment of the newest release of all that are named, as it was brought up then."""
    if not NEWEST.is_here():
        pytest.skip(f"this clone does not hold {NEWEST.version} ({NEWEST.commit[:12]}): `git fetch --unshallow`")
    name = f"hrreleased{os.getpid()}"
    light = {"DOCKER_NOTEBOOK_IMAGE": f"{name}-hub:local"}
    made = ReleasedDeployment(tmp_path / "released", name, light, release=NEWEST)
    try:
        made.make("init")
        (made.directory / "site/hub.d/10-light.py").write_text(LIGHT)
        yield made
    finally:
        made.remove()


def account(deployment: HubDeployment, name: str) -> tuple[Person, str]:
    """Somebody with an account, signed in, and the password."""
    password = deployment.new_password(name)
    person = Person(deployment, name)
    assert person.sign_in(password).url.endswith("hub/home")
    return person, password


def test_an_upgrade_keeps_people_homes_and_labs(released: ReleasedDeployment) -> None:
    """`make up` of this tree over the last release: its settings are read, who was signed in stays so, passwords and
    approvals that wait are as they were, a lab that runs goes on and is the hub's, and the next one has its files."""
    released.up()
    ada, password = account(released, "ada")
    ada.start_lab()
    lab = released.lab("ada")
    assert lab.exec_run(["sh", "-c", f"echo mine > {FILE}"], user="root", privileged=True).exit_code == 0
    Person(released, "bela").sign_up("a long enough password")
    started = lab.attrs["State"]["StartedAt"]

    released.become_this_tree()
    released.up()

    lab.reload()
    assert (lab.status, lab.attrs["State"]["StartedAt"]) == ("running", started)
    assert "started" in ada.get("user/ada/lab").text
    again = Person(released, "ada")
    assert again.sign_in(password).url.endswith("hub/home")
    assert again.api("GET", "users/ada").json()["servers"][""]["ready"]
    admin = Person(released, "admin")
    assert admin.sign_in(released.password).url.endswith("hub/home")
    assert "bela" in admin.get("hub/authorize").text
    ada.stop_lab()
    ada.start_lab()
    assert released.lab("ada").id != lab.id
    assert released.lab("ada").exec_run(["cat", FILE], user="root", privileged=True).output == b"mine\n"
