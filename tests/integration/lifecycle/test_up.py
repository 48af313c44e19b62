"""The operator's first minutes: what `make up` leaves behind, and that doing it again changes nothing."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path

import pytest
import requests

from generator.engine import services as table
from tests.hub_deployment import HubDeployment
from tests.sample_settings import settings

SERVICES = table.names(settings())


def started(deployment: HubDeployment) -> dict[str, str]:
    """When each service was started, by container."""
    return {container.id: container.attrs["State"]["StartedAt"] for container in map(deployment.container, SERVICES)}


def test_first_up_tells_where_to_go_and_who_is_administrator(deployment: HubDeployment) -> None:
    """After the first `make up` an operator knows address, name and password, and the address answers."""
    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", deployment.password)
    assert requests.get(f"{deployment.url}hub/login", timeout=30).status_code == 200


def test_env_is_private_and_secrets_are_nowhere_else(deployment: HubDeployment) -> None:
    """`.env` is for its owner alone, and no generated file repeats a secret of it."""
    env = deployment.directory / ".env"
    assert env.stat().st_mode & 0o777 == 0o600
    token = re.search(r"^CONFIGPROXY_AUTH_TOKEN=(\w{64})$", env.read_text(), re.MULTILINE)
    assert token
    for path in (deployment.directory / "rendered").rglob("*"):
        if path.is_file():
            assert token[1] not in path.read_text(errors="replace"), path


def test_second_up_changes_nothing(deployment: HubDeployment) -> None:
    """`make up` twice: no container is restarted, no file rewritten, no password shown again."""
    before = started(deployment)
    files = {
        path: path.stat().st_mtime_ns
        for path in deployment.directory.rglob("*")
        if path.is_file() and ".venv" not in path.parts
    }
    output = deployment.make("up").stdout
    after = {path: path.stat().st_mtime_ns for path in files}
    assert started(deployment) == before
    assert after == files
    assert "Password:" not in output
    assert deployment.url.partition("//")[2].split("/")[0] in output


@pytest.mark.parametrize("service", SERVICES)
def test_services_have_least_privilege(deployment: HubDeployment, service: str) -> None:
    """Every service runs on a read-only root, limited, logged within bounds, healthy, and without capabilities but for
    the firewall's one."""
    container = deployment.container(service)
    host = container.attrs["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    added = [name.removeprefix("CAP_") for name in host["CapAdd"] or []]
    assert added == (["NET_ADMIN"] if service == "firewall" else [])
    assert not host["Privileged"]
    assert any("no-new-privileges" in option for option in host["SecurityOpt"])
    assert host["ReadonlyRootfs"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Config"].keys() >= {"max-size", "max-file"}
    assert container.attrs["State"]["Health"]["Status"] == "healthy"


def test_only_the_guard_has_the_engine_and_only_it_is_root(deployment: HubDeployment) -> None:
    """The engine's socket is root: nobody but the guard is given it, and hub and proxy are not root."""
    for service in ("proxy", "hub"):
        container = deployment.container(service)
        assert not any("docker.sock" in mount["Source"] for mount in container.attrs["Mounts"])
        assert container.exec_run(["id", "-u"]).output.strip() != b"0"
    assert deployment.container("guard").attrs["HostConfig"]["NetworkMode"] == "none"


def test_nothing_but_the_proxy_is_published(deployment: HubDeployment) -> None:
    """One port is open, the one in `.env`, at the address in `.env`."""
    published = {
        (service, binding["HostIp"], binding["HostPort"])
        for service in SERVICES
        for bindings in deployment.container(service).attrs["NetworkSettings"]["Ports"].values()
        for binding in bindings or []
    }
    assert published == {("proxy", "127.0.0.1", str(deployment.port))}


def test_status_shows_services_people_and_machine(deployment: HubDeployment) -> None:
    """`make status` answers at a glance what runs, who is there and what is left."""
    output = deployment.make("status").stdout
    for word in (*SERVICES, "healthy", "running", "account", "memory", "disk"):
        assert word in output


def test_check_passes_on_a_good_deployment(deployment: HubDeployment) -> None:
    """`make check` looks everything over, says what it saw, and changes nothing."""
    before = started(deployment)
    output = deployment.make("check").stdout
    assert "the hub's configuration loads" in output
    assert started(deployment) == before


def test_logs_from_then_on_and_about_one_person(deployment: HubDeployment) -> None:
    """`make logs SINCE=1h PERSON=walter` ends by itself and shows what names walter; a slip is told."""
    requests.get(f"{deployment.url}hub/of/walter", timeout=30)
    shown = deployment.make("logs", "SINCE=1h", "PERSON=Walter").stdout
    assert re.search(r"^\S+ \| hub \| .*/hub/of/walter", shown, re.MULTILINE)
    assert "walter" not in deployment.make("logs", "SINCE=1h", "PERSON=walt").stdout
    assert "/hub/of/walter" in deployment.make("logs", "SINCE=1h", "SERVICE=hub").stdout
    done = deployment.verb("logs", "--since=yesterday")
    assert done.returncode == 2
    assert "yesterday is no time that has been" in done.stdout


def test_doctor_finds_nothing_wrong_with_a_good_deployment(deployment: HubDeployment, tmp_path: Path) -> None:
    """`make doctor` looks at everything, changes nothing, and writes a file without a secret for who helps."""
    before, bundle = started(deployment), tmp_path / "support.tar.gz"
    done = deployment.verb("doctor", f"--file={bundle}", "--all=1")
    assert done.returncode == 0, done.stdout
    assert re.search("All is well|It works", done.stdout)
    assert "the way in" in done.stdout
    assert started(deployment) == before
    with tarfile.open(bundle) as found:
        texts = {entry.name: found.extractfile(entry).read().decode() for entry in found}  # type: ignore[union-attr]
    assert {f"homeroom-support/logs/{name}.log" for name in SERVICES} <= texts.keys()
    secrets = re.findall(
        r"^(?:\w+(?:TOKEN|KEY|SECRET))=(\S{6,})$", (deployment.directory / ".env").read_text(), re.MULTILINE
    )
    assert secrets
    for secret in (*secrets, deployment.password):
        assert [name for name, text in texts.items() if secret in text] == []


def test_doctor_says_what_is_wrong_first(deployment: HubDeployment) -> None:
    """On a deployment that is broken it names the service, its last words and the command that mends it; with a fault
    in `.env`, the line."""
    deployment.container("proxy").stop()
    try:
        done = deployment.verb("doctor")
    finally:
        deployment.compose("start", "proxy")
    assert done.returncode == 1, done.stdout
    assert re.search(r"1\. services +proxy: does not run", done.stdout)
    assert "`make up` starts it." in done.stdout
    env = deployment.directory / ".env"
    kept = env.read_text()
    try:
        env.write_text(f"{kept}LAB_MEMROY=1G\n")
        done = deployment.verb("doctor")
    finally:
        env.write_text(kept)
    assert done.returncode == 1
    assert "there is no setting LAB_MEMROY" in done.stdout
    assert "Did you mean LAB_MEMORY?" in done.stdout


def test_compose_reads_the_same_project(deployment: HubDeployment) -> None:
    """`docker compose` typed by hand in the directory finds the services that `make up` started."""
    services = [json.loads(line)["Service"] for line in deployment.compose("ps", "--format", "json").splitlines()]
    assert sorted(services) == sorted(SERVICES)


def test_a_new_password_replaces_the_old(deployment: HubDeployment) -> None:
    """`make password` gives the administrator a new password, and the old one no longer opens."""
    from tests.person import Person

    old = deployment.password
    output = deployment.make("password").stdout
    shown = re.search(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", output)
    assert shown
    deployment.password = shown[0]
    assert Person(deployment, "admin").sign_in(old).status_code == 403
    assert Person(deployment, "admin").sign_in(deployment.password).url.endswith("/hub/home")


def test_an_account_can_be_made_from_the_shell(deployment: HubDeployment) -> None:
    """`make account` gives a person an approved account without a sign-up."""
    from tests.person import Person

    shown = re.search(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", deployment.make("account", "NAME=by-shell").stdout)
    assert shown
    assert Person(deployment, "by-shell").sign_in(shown[0]).url.endswith("/hub/home")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nonsense",), "there is no verb 'nonsense'"),
        (("logs", "SERVICE=hubb"), "there is no service hubb"),
        (("password", "NAME=nobody-here"), "nobody-here has no account"),
        (("account", "NAME=admin"), "admin has an account already"),
        (("password", "NAME=-rf"), "-rf has no account"),
        (("account", "NAME=Admin"), "admin has an account already"),
        (("account", "NAME=Ada/"), "is no user name"),
        (("account", "NAME=ada l"), "'ada l' is no user name"),
        (("account", "NAME=--help"), "'--help' is no user name"),
        (("prewarm", "GROUP=--help"), "there is no group --help"),
        (("account",), "NAME is missing"),
    ],
)
def test_a_wrong_argument_is_told(deployment: HubDeployment, arguments: tuple[str, ...], words: str) -> None:
    """A verb or argument that is wrong is named, with what would be right, and no traceback."""
    done = deployment.make(*arguments, check=False)
    assert done.returncode == 2
    assert words in done.stdout
    assert "Traceback" not in done.stdout
