"""A deployment goes to another machine while somebody works, and people go on there."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import cast

import pytest
import requests

from tests.faults import until
from tests.fresh_machine import HUB_PORT, FreshMachine, Maker
from tests.hub_deployment import ENGINE_SOCKET, HubDeployment, deployment_with_site, engine
from tests.integration.copies.servers import rest_server
from tests.person import Person

USER = "ada"
WRITES = "while :; do date +%s.%N >> moved.txt; sleep 0.1; done"
TELL = "tail -n 1 /home/moved.txt; wc -l < /home/moved.txt; sha256sum < /home/moved.txt"
HTML = {"Accept": "text/html", "Accept-Language": "en"}

pytestmark = pytest.mark.timeout(2400)  # an engine is installed on a machine that has none


def as_it_lies(old: HubDeployment) -> str:
    """What was written until the end, on the old machine."""
    output: bytes = engine().containers.run(
        f"{old.project}-copies:local",
        ["sh", "-c", TELL],
        user="1000:100",
        network_mode="none",
        volumes={f"{old.project}-user-{USER}": {"bind": "/home", "mode": "ro"}},
        remove=True,
    )
    return output.decode()


def address_beside(machine: FreshMachine) -> str:
    """This machine as the other one reaches it, whose own engine has the usual addresses itself."""
    machine.container.reload()
    return str(machine.container.attrs["NetworkSettings"]["Networks"][machine.network]["Gateway"])


def prepare(machine: FreshMachine, old: HubDeployment) -> None:
    """An engine with the images of this version, and a clone; as `make up` makes them, which takes longer."""
    given = f"COMPOSE_PROJECT_NAME={old.project} BACKUP_TO={old.settings['BACKUP_TO']}"
    machine.run(f"git clone -q homeroom.bundle homeroom && cd homeroom && {given} make init")
    machine.start_engine()
    images = " ".join(f"{old.project}-{name}:local" for name in ("hub", "lab", "proxy", "copies"))
    docker = f"docker -H unix://{ENGINE_SOCKET}"
    line = f"{docker} save {images} | {docker} exec -i {machine.name} docker load -q"
    loaded = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr


def test_people_go_on_at_the_new_machine(prepared_engine: None, make_machine: Maker, tmp_path: Path) -> None:
    """What somebody wrote until the last moment is at the new machine, where they sign in with their old password and
    work; at the old one nobody gets in, and all are told where to go. It opens again when that is meant, also after
    copies were made at the new one."""
    machine = make_machine("trixie")
    host = address_beside(machine)
    (tmp_path / "store/hub").mkdir(parents=True)
    with (
        rest_server(tmp_path, host) as port,
        deployment_with_site(
            tmp_path / "old",
            "hrmove",
            {},
            AUTH="native",
            BACKUP_TO=f"rest:http://{host}:{port}/hub/",
            LAB_MEMORY="512M",
        ) as old,
    ):
        prepare(machine, old)
        word = old.new_password(USER)
        ada = Person(old, USER)
        ada.sign_in(word)
        ada.start_lab()
        ada.run(f"import subprocess; subprocess.Popen(['sh', '-c', {WRITES!r}], start_new_session=True)")
        old.make("move", f"TO={machine.url}")
        last = as_it_lies(old)
        copy = json.loads((old.directory / ".moved").read_text())["copy"][:8]

        secrets = (old.directory / "backup/secrets.env").read_text()
        machine.run(
            f"cd homeroom && umask 077 && mkdir backup && printf %s {shlex.quote(secrets)} > backup/secrets.env"
        )
        said = " ".join(machine.run(f"cd homeroom && make restore ALL={old.project}").text.split())
        assert "and all else are as they were" in said
        machine.run(f"cd homeroom && sed -i 's/^HUB_IP=.*/HUB_IP=0.0.0.0/; s/^HUB_PORT=.*/HUB_PORT={HUB_PORT}/' .env")
        volume = f"{old.project}-user-{USER}:/home:ro"
        run = f"docker run --rm -u 1000:100 -v {volume} {old.project}-copies:local sh -c {shlex.quote(TELL)}"
        assert machine.run(run).text == last
        assert copy in machine.run("cd homeroom && make restore").text
        machine.run("cd homeroom && make up")

        again = Person(cast(HubDeployment, machine), USER)
        assert again.sign_in(word).url == f"{machine.url}hub/home"
        again.start_lab()
        assert again.run("print(open('moved.txt').read().split()[-1])").strip() == last.split()[0]
        page = requests.get(f"{old.url}hub/login", headers=HTML, timeout=60).text
        assert f'<a href="{machine.url}">' in page
        assert old.labs(USER) == []

        machine.run("cd homeroom && make backup")
        assert "has made a copy since" in old.verb("move-back").stdout
        old.make("move-back", "ANYWAY=1")
        until(lambda: ada.sign_in(word).url == f"{old.url}hub/home", "people sign in at the old one again", interval=1)
