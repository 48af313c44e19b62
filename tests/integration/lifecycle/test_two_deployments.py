"""Two deployments on one machine, one of them under a path."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.hub_deployment import HubDeployment
from tests.person import Person
from tests.probe import PORT, SERVER, address_in, opened, reach, reach_from_here, until_open


@pytest.fixture(scope="module")
def biology(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A second deployment, under /biology/."""
    second = HubDeployment(tmp_path_factory.mktemp("biology"), f"hrbio{os.getpid()}", {"BASE_URL": "/biology/"})
    try:
        second.up()
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
