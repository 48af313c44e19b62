"""Two deployments on one machine, one of them under a path."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest

from generator.engine.kept import known
from tests.hub_deployment import HubDeployment, engine
from tests.person import Person
from tests.probe import PORT, SERVER, address_in, opened, reach, reach_from_here, until_open
from tests.sample_settings import settings


@pytest.fixture(scope="module")
def biology(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A second deployment, under /biology/."""
    second = HubDeployment(tmp_path_factory.mktemp("biology"), f"hrbio{os.getpid()}", {"BASE_URL": "/biology/"})
    try:
        second.first_up()
        yield second
    finally:
        second.remove()


def test_both_serve_at_once(deployment: HubDeployment, biology: HubDeployment) -> None:
    """Each has its own accounts, labs and homes, and the one under a path works like the other."""
    for each in (deployment, biology):
        person = Person(each, "admin")
        assert person.sign_in(each.password).url == f"{each.url}hub/home"
        person.start_lab()
        assert person.run(f"open('whose', 'w').write('{each.project}'); print(6 * 7)") == "42\n"
    assert Person(biology, "admin").sign_in(deployment.password).status_code == 403
    assert deployment.lab("admin").id != biology.lab("admin").id


def test_labs_of_one_do_not_reach_the_other(deployment: HubDeployment, biology: HubDeployment) -> None:
    """A port in a lab there, and the other's proxy on its network, are closed to a lab here, though not to this
    machine."""
    for each in (deployment, biology):
        person = Person(each, "admin")
        person.sign_in(each.password)
        person.start_lab()
    other = biology.lab("admin")
    other.exec_run(SERVER, detach=True)
    target = f"{address_in(other, f'{biology.project}_labs')}:{PORT}"
    proxy = f"{address_in(biology.container('proxy'), f'{biology.project}_front')}:8000"
    until_open(target)
    assert opened(reach_from_here(target, proxy)) == {target, proxy}
    assert opened(reach(deployment.lab("admin"), target, proxy)) == set()


def test_stopping_one_leaves_the_other(deployment: HubDeployment, biology: HubDeployment) -> None:
    """`make down` here is not noticed there; it takes its own firewall along and no other."""
    person = Person(deployment, "admin")
    person.sign_in(deployment.password)
    person.start_lab()
    with person.kernel() as kernel:
        kernel.run("mark = 1")
        assert biology.firewall_rules()
        biology.make("down")
        assert kernel.run("print(mark)") == "1\n"
    assert not biology.firewall_rules()
    assert deployment.firewall_rules()
    biology.up()


def test_a_changed_path_is_told_to_whoever_had_a_lab(biology: HubDeployment) -> None:
    """A lab knows the path it was started under. Where that changes `make up` says that labs end by it, and their
    people read why and start them again, rather than find nothing."""
    person = Person(biology, "admin")
    person.sign_in(biology.password)
    person.start_lab()
    environment = biology.directory / ".env"
    environment.write_text(environment.read_text().replace("BASE_URL=/biology/", "BASE_URL=/chemistry/"))
    biology.settings["BASE_URL"] = "/chemistry/"
    assert "BASE_URL has changed. 1 lab started under the old one" in biology.up()
    person = Person(biology, "admin")
    person.sign_in(biology.password)
    assert "The address of this hub has changed" in person.get("hub/home").text
    person.start_lab()
    assert person.run("print(6 * 7)") == "42\n"


def test_a_name_that_is_taken_is_refused(deployment: HubDeployment, bare_deployment: HubDeployment) -> None:
    """A second directory with the first one's name is told so before it touches anything of it: it neither brings it
    up, restarts it, nor takes it down."""
    bare_deployment.project = deployment.project
    hub = deployment.container("hub")
    try:
        for verb in ("up", "restart", "down", "clean"):
            done = bare_deployment.verb(verb)
            assert done.returncode == 2, verb
            assert str(deployment.directory) in done.stdout
            assert "COMPOSE_PROJECT_NAME" in done.stdout
    finally:
        bare_deployment.project = "hrnone"
    began = hub.attrs["State"]["StartedAt"]
    hub.reload()
    assert hub.attrs["State"]["StartedAt"] == began


def test_clean_leaves_what_cannot_be_made_again(biology: HubDeployment) -> None:
    """`make clean` removes containers, networks, images and volumes, also those that .env asks for no more: there is
    left what people made, and what copies keep."""
    labels = {"com.docker.compose.project": biology.project, "com.docker.compose.volume": "reader-socket"}
    engine().volumes.create(f"{biology.project}_reader-socket", labels=labels)
    home = f"{biology.project}-user-who-left"
    engine().volumes.create(home, labels={"homeroom.deployment": biology.project, "homeroom.user": "who-left"})
    engine().images.build(
        fileobj=io.BytesIO(b"FROM scratch\nLABEL homeroom.image=copies\n"), tag=f"{biology.project}-copies:local"
    )
    environment = biology.directory / ".env"
    before = environment.read_text()
    environment.write_text(f"{before}LAB_FIREWALL=off\n")
    try:
        biology.make("clean")
    finally:
        environment.write_text(before)
    client = engine()
    assert [tag for image in client.images.list() for tag in image.tags if biology.project in tag] == []
    assert client.networks.list(names=[biology.project]) == []
    assert client.containers.list(all=True, filters={"label": f"com.docker.compose.project={biology.project}"}) == []
    volumes = {volume.name for volume in client.volumes.list() if volume.name.startswith(biology.project)}
    assert home in volumes
    of_services = {name.removeprefix(f"{biology.project}_") for name in volumes if "-user-" not in name}
    assert "data" in of_services
    assert of_services <= {row.volume for row in known(settings(), of_services)}
