"""docker-compose.yml against the schema, and the rules that every service keeps."""

from __future__ import annotations

import re
from typing import Any
from unittest import mock

import pytest
import yaml

from generator.core.paths import COMPOSE_FILE
from generator.engine import deployment, resources
from generator.engine import services as table
from generator.engine.kept import known
from generator.lifecycle import down
from generator.schema import settings
from generator.schema.types import parse_size
from tests.sample_settings import settings as sample

SERVICES = table.names()

TEXT = COMPOSE_FILE.read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SPECS = {spec.name: spec for spec in settings.specs()}
READERS = {"reader", "reader-remote"}
CAPABILITIES = {"firewall": ["NET_ADMIN"], **{name: ["DAC_READ_SEARCH"] for name in READERS}}
INTERPOLATIONS = re.findall(r"\$\{([A-Za-z_][A-Za-z0-9_]*)([^}]*)\}", TEXT)


def test_it_interpolates_something() -> None:
    """The expression that finds interpolations finds them, so the tests below are about something."""
    assert ("HUB_PORT", ":-8000") in INTERPOLATIONS
    assert "$" not in re.sub(r"\$\{[A-Za-z_][A-Za-z0-9_]*[^}]*\}", "", TEXT)


@pytest.mark.parametrize(("name", "rest"), sorted(set(INTERPOLATIONS)))
def test_an_interpolated_variable_is_a_setting_with_its_default(name: str, rest: str) -> None:
    """Compose reads only what the schema knows, and alone (`docker compose ps`) takes the same defaults."""
    assert name in SPECS
    default = SPECS[name].default
    if default is None:
        assert rest == ':?is not set - run "make init"'
    else:
        assert rest == f":-{default}"


@pytest.mark.parametrize("name", SPECS)
def test_what_compose_reads_is_marked_so(name: str) -> None:
    """A setting is marked as read by Compose exactly where docker-compose.yml interpolates it."""
    used = name in {found for found, _ in INTERPOLATIONS}
    assert used == ("compose" in SPECS[name].about.consumers)


def test_a_volume_is_kept_by_copies_or_made_again() -> None:
    """What is in a volume is in the copies, or it holds sockets alone, by its name: these `make clean` removes."""
    kept = {row.volume for row in known(sample(), COMPOSE["volumes"])}
    assert {name for name in COMPOSE["volumes"] if not name.endswith(down.SOCKETS)} == kept
    assert not any(name.endswith(down.SOCKETS) for name in kept)


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_may_use_is_not_the_labs(name: str) -> None:
    """The table has the limit of each service, by whose sum the memory of all labs is reckoned."""
    limit = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", str(COMPOSE["services"][name]["mem_limit"]))
    (row,) = [row for row in table.known() if row.name == name]
    assert row.memory_bytes(sample()) == parse_size(limit)


def test_a_secret_goes_nowhere_but_into_environments() -> None:
    """No secret is interpolated into a command line, a label or a healthcheck, which anyone on the host can read."""
    secrets = [name for name, spec in SPECS.items() if spec.about.secret]
    for service in COMPOSE["services"].values():
        shown = yaml.safe_dump({key: value for key, value in service.items() if key != "environment"})
        assert [name for name in secrets if name in shown] == []


def test_the_commands_know_every_service() -> None:
    """`make status`, `make logs` and `make shell` know the services that there are."""
    assert set(SERVICES) == set(COMPOSE["services"])


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_keeps_the_rules(name: str) -> None:
    """Healthcheck, restart, limits of memory, processes and log, least privilege, a label; and no image is pulled."""
    service = COMPOSE["services"][name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == CAPABILITIES.get(name, [])
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["pull_policy"] == "never"
    assert service["labels"] == {"homeroom.service": name}
    assert service["image"].startswith("${COMPOSE_PROJECT_NAME:-homeroom}-")


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_who_is_waited_for_is_healthy(name: str) -> None:
    """A service starts when those it needs are healthy, not merely started."""
    for needed in COMPOSE["services"][name].get("depends_on", {}).values():
        assert needed == {"condition": "service_healthy"}


def test_only_the_guard_holds_the_engine() -> None:
    """The engine's socket, which is root on the host, is mounted into the guard alone; the guard has no network."""
    holders = [name for name, service in COMPOSE["services"].items() if "ENGINE_SOCKET" in str(service)]
    assert holders == ["guard"]
    assert COMPOSE["services"]["guard"]["network_mode"] == "none"


def test_the_firewall_holds_nothing_else() -> None:
    """Who may change the host's network reads one directory, writes nowhere, and is on no network of its own; only the
    guard, it, and who reads copies run as root."""
    firewall = COMPOSE["services"]["firewall"]
    assert firewall["volumes"] == ["./rendered:/srv/jupyterhub:ro"]
    assert not firewall.keys() & {"networks", "ports", "environment", "tmpfs", "devices", "pid", "ipc"}
    on_host = [name for name, service in COMPOSE["services"].items() if service.get("network_mode") == "host"]
    assert on_host == ["firewall"]
    assert {name for name, service in COMPOSE["services"].items() if "user" in service} == {
        "guard",
        "firewall",
        *READERS,
    }


@pytest.mark.parametrize("name", sorted(READERS))
def test_who_reads_copies_writes_nothing_else(name: str) -> None:
    """It sees the copies and their password read-only, no home and no other socket, and writes where its own socket is;
    copies in a directory are read without a network. Nobody else has the password."""
    service = COMPOSE["services"][name]
    written = [one for one in service["volumes"] if isinstance(one, str) and not one.endswith(":ro")]
    assert written == ["reader-socket:/run/reader"]
    assert all(one["read_only"] is True for one in service["volumes"] if isinstance(one, dict))
    assert (service.get("network_mode"), service.get("networks")) == (
        ("none", None) if name == "reader" else (None, ["front"])
    )
    holders = {one for one, each in COMPOSE["services"].items() if "./backup" in str(each)}
    assert holders == READERS


def test_labs_wait_for_the_firewall() -> None:
    """The hub starts when the firewall is in force."""
    assert "firewall" in COMPOSE["services"]["hub"]["depends_on"]


def test_only_proxy_and_edge_are_published() -> None:
    """People reach the proxy, and the edge where there is one, and nothing else."""
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy", "edge"]


def test_the_edge_reaches_the_proxy_by_its_socket_alone() -> None:
    """The edge is given one socket, of the proxy's, and no other of this deployment; nobody else is given that one."""
    sockets = [each for each in COMPOSE["services"]["edge"]["volumes"] if "/run/" in each]
    assert sockets == ["edge-socket:/run/edge:ro"]
    holders = [name for name, service in COMPOSE["services"].items() if "edge-socket" in str(service["volumes"])]
    assert holders == ["proxy", "edge"]


def test_the_desk_is_on_no_network() -> None:
    """The hand-in desk is reached by sockets alone, and nobody but it has what people handed in."""
    desk = COMPOSE["services"]["desk"]
    assert desk["network_mode"] == "none"
    holders = [name for name, service in COMPOSE["services"].items() if "courses:/srv/courses" in service["volumes"]]
    assert holders == ["desk"]
    assert [name for name, one in COMPOSE["services"].items() if "desk-socket" in str(one["volumes"])] == [
        "hub",
        "desk",
    ]


def test_the_desk_alone_asks_for_runs() -> None:
    """The guard's socket for what was handed in is seen by guard and desk, and written by the guard."""
    found = {name: one["volumes"] for name, one in COMPOSE["services"].items() if "runs-socket" in str(one["volumes"])}
    assert list(found) == ["guard", "desk"]
    assert "runs-socket:/run/runs:ro" in found["desk"]
    assert "--runs=/run/runs/runs.sock" in COMPOSE["services"]["guard"]["command"]


def test_a_volume_says_what_its_loss_costs() -> None:
    """Each volume has its comment, so an operator knows what to back up."""
    for name in COMPOSE["volumes"]:
        assert re.search(rf"^  {name}: +# .*[Ll]ost: \w+", TEXT, re.MULTILINE), name


def test_at_most_three_anchors() -> None:
    """docker-compose.yml has at most three anchors, so that it can be read from top to bottom."""
    assert len([key for key in COMPOSE if key.startswith("x-")]) <= 3


def test_the_generator_calls_network_and_volumes_as_compose_does() -> None:
    """The names that the hub and the guard are given are those that Compose makes."""
    names = resources.resource_names(sample(COMPOSE_PROJECT_NAME="bio"))
    networks = {
        settings_of.get("name", f"${{COMPOSE_PROJECT_NAME:-homeroom}}_{name}")
        for name, settings_of in COMPOSE["networks"].items()
    }
    made = {name.replace("${COMPOSE_PROJECT_NAME:-homeroom}", "bio") for name in networks}
    assert names["lab_network"] in made
    assert {names["hub_socket_volume"], names["lab_sockets_volume"]} <= {f"bio_{name}" for name in COMPOSE["volumes"]}


def test_labs_do_not_see_each_other() -> None:
    """The labs' network forbids traffic from container to container; its subnet is the setting's."""
    labs = COMPOSE["networks"]["labs"]
    assert labs["driver_opts"] == {"com.docker.network.bridge.enable_icc": "false"}
    assert labs["ipam"]["config"] == [{"subnet": "${LAB_SUBNET:-10.213.0.0/20}"}]
    assert labs["enable_ipv6"] is False
    assert [name for name, one in COMPOSE["services"].items() if "labs" in one.get("networks", [])] == ["hub"]


def test_a_service_that_not_everybody_has_is_a_profile_of_compose() -> None:
    """Compose starts it only where the settings ask for it; the others it starts unasked."""
    for row in table.known():
        wanted = [row.name] if row.is_optional else None
        assert COMPOSE["services"][row.name].get("profiles") == wanted, row.name


def test_an_optional_service_is_asked_for_where_it_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose is told its profile with one setting and not with another, and the table of services has it or not."""
    edge = table.Service(
        name="edge", order=5, memory_bytes=table.of_mib(1), exists=lambda settings: settings.BASE_URL != "/"
    )
    monkeypatch.setattr(table, "EVERYWHERE", (*table.EVERYWHERE, edge))
    asked = mock.Mock(return_value=mock.Mock(stdout=""))
    monkeypatch.setattr(deployment, "run_compose", asked)
    for base_url in ("/", "/biology/"):
        here = deployment.Deployment(sample(BASE_URL=base_url), mock.Mock())
        here.compose("up", "--wait")
        assert ("edge" in table.names(here.settings)) == (base_url != "/")
    assert [call.args[1] for call in asked.mock_calls] == [["up", "--wait"], ["--profile=edge", "up", "--wait"]]
