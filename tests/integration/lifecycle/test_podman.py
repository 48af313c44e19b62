"""The labs' firewall on Podman that runs as root, with its own bridges, resolver and order of rules: a machine of its
own, the services' own Compose file and image. Whatever is found closed is found open from the machine itself."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from homeroom.spawner.running import STATES

from generator.core.paths import ROOT
from generator.engine.find import OLD_API_COMPOSE
from generator.topics.network.render import firewall_rules
from tests.faults import until
from tests.fresh_machine import FreshMachine, Maker
from tests.hub_deployment import ENGINE_SOCKET, HubDeployment, host_of_packages
from tests.probe import PORT, PROBE, opened
from tests.sample_settings import settings

SUBNET = "10.214.0.0/20"
GATEWAY = "10.214.0.1"
PUBLIC = "198.51.100.77"  # from a range for documentation, which nobody has
METADATA = "169.254.169.254"
PRIVATE = ("10.99.77.77", "172.30.77.77", "192.168.177.77", METADATA)
PUBLISHED = 8100
PACKAGES = "podman netavark aardvark-dns catatonit crun nftables iproute2 docker-compose"
CONFIGURE = f"""\
export DEBIAN_FRONTEND=noninteractive
apt-get update -q && apt-get install -qy --no-install-recommends {PACKAGES}
mkdir -p /etc/containers && cd /etc/containers
printf '[storage]\\ndriver = "overlay"\\nrunroot = "/run/storage"\\ngraphroot = "/var/lib/docker/podman"\\n' \\
    > storage.conf
printf '[containers]\\ndefault_ulimits = ["nofile=1024:1024"]\\n[engine]\\ncgroup_manager = "cgroupfs"\\n' \\
    > containers.conf
mkdir -p /run/podman
setsid podman system service --time=0 unix:///run/podman/podman.sock > /var/log/podman.log 2>&1 < /dev/null &
"""
OUTSIDE = "\n".join(
    [
        "ip netns add outside && ip link add here type veth peer name there netns outside && ip link set here up",
        "ip -n outside link set there up && ip -n outside route add default dev there",
        *(
            f"ip -n outside address add {address}/32 dev there && ip route add {address}/32 dev here"
            for address in (PUBLIC, *PRIVATE)
        ),
        f"setsid ip netns exec outside python3 -m http.server {PORT} > /dev/null 2>&1 < /dev/null &",
        f"setsid python3 -m http.server {PORT} > /dev/null 2>&1 < /dev/null &",
    ]
)


@dataclass(frozen=True)
class Podman:
    """A machine with Podman, a deployment's firewall on it, and a container on the labs' network."""

    machine: FreshMachine
    project: str

    def compose(self, words: str) -> str:
        """Type `docker compose ...` there, as `make up` runs it with Podman."""
        files = f"-f docker-compose.yml -f {OLD_API_COMPOSE.relative_to(ROOT)}"
        program = "DOCKER_HOST=unix:///run/podman/podman.sock /usr/libexec/docker/cli-plugins/docker-compose"
        return self.machine.run(f"cd homeroom && {program} {files} {words}").text

    def write_rules(self, openings: str) -> None:
        """Lay the generated rules where the service reads them."""
        wanted = settings(COMPOSE_PROJECT_NAME=self.project, LAB_SUBNET=SUBNET, LAB_OPEN_NETWORKS=openings)
        rules = firewall_rules(wanted, [])
        self.machine.run(f"mkdir -p homeroom/rendered; printf %s {shlex.quote(rules)} > homeroom/rendered/firewall.nft")

    def firewall(self, words: str) -> bool:
        """Run a command in the firewall's container; whether it ended well."""
        return self.machine.run(f"podman exec {self.project}-firewall-1 {words}", check=False).exit_code == 0

    def until_in_force(self) -> None:
        """Wait for the service's own check, which systemd's timers run on a machine that has them."""
        check = f"homeroom-firewall check {self.project}"
        until(lambda: self.firewall(check), "the rules are in force", interval=0.5)

    def reach(self, targets: set[str], *, lab: bool = True) -> set[str]:
        """Which of the targets are reached: from the lab, or from the machine itself."""
        where = "podman exec lab " if lab else ""
        shown = self.machine.run(f"{where}python3 -c {shlex.quote(PROBE)} {' '.join(sorted(targets))} 2>/dev/null")
        return opened(json.loads(shown.text))


@pytest.fixture(scope="module")
def podman(deployment: HubDeployment, make_machine: Maker) -> Iterator[Podman]:
    """Podman of Debian 13 with the firewall as `make up` starts it, beside a server outside and another container."""
    machine = make_machine("trixie")
    try:
        machine.run(f"set -e\ngit clone -q homeroom.bundle homeroom\n{CONFIGURE}")
        image = f"{deployment.project}-hub:local"
        docker = f"docker -H unix://{ENGINE_SOCKET}"
        line = f"{docker} save {image} | {docker} exec -i {machine.name} podman load -q"
        loaded = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True)
        assert loaded.returncode == 0, loaded.stderr
        made = Podman(machine, deployment.project)
        lines = f"COMPOSE_PROJECT_NAME={deployment.project}\nLAB_SUBNET={SUBNET}\nCONFIGPROXY_AUTH_TOKEN={'0' * 64}\n"
        machine.run(f"printf %s {shlex.quote(lines)} > homeroom/.env")
        made.write_rules("")
        made.compose("up --no-start --no-deps hub 2>&1")  # which makes the labs' network
        made.compose("up --detach --no-deps firewall 2>&1")
        run = f"podman run -d -q --cap-drop=ALL --user 1000 --entrypoint '[]' {{}} {image}"
        lab = f"{run.format(f'--name lab --network {deployment.project}_labs')} sleep infinity"
        next_door = f"{run.format(f'--name next -p {PUBLISHED}:{PORT}')} python3 -m http.server {PORT} -d /tmp"
        machine.run(f"set -e\n{OUTSIDE}\n{lab}\n{next_door}")
        made.until_in_force()
        yield made
    finally:
        machine.remove()


def own_addresses(podman: Podman) -> set[str]:
    """The machine itself, as the lab's gateway and as others know it."""
    (own,) = podman.machine.run("hostname -i").text.split()
    return {GATEWAY, own}


def test_private_networks_are_closed_and_the_internet_is_open(podman: Podman) -> None:
    """The same server is reached at an address as the internet has them; not in a private network, not as metadata."""
    everywhere = {f"{address}:{PORT}" for address in (PUBLIC, *PRIVATE)}
    until(lambda: podman.reach(everywhere, lab=False) == everywhere, "the machine itself reaches all of them")
    assert podman.reach(everywhere) == {f"{PUBLIC}:{PORT}"}


def test_this_machine_and_other_containers_are_closed(podman: Podman) -> None:
    """A service of the machine's own, a container on another bridge and its published port."""
    address = podman.machine.run("podman inspect -f '{{.NetworkSettings.IPAddress}}' next 2>/dev/null").text.strip()
    others = {f"{address}:{PORT}"}
    for own in own_addresses(podman):
        others |= {f"{own}:{PORT}", f"{own}:{PUBLISHED}"}
    until(lambda: podman.reach(others, lab=False) == others, "the machine itself reaches all of them")
    assert podman.reach(others) == set()


def test_names_are_resolved(podman: Podman) -> None:
    """Podman's resolver is on the machine's own address, and answers labs there all the same."""
    assert f"nameserver {GATEWAY}" in podman.machine.run("podman exec lab cat /etc/resolv.conf").text
    podman.machine.run(f"podman exec lab getent ahostsv4 {host_of_packages()}")


def test_a_setting_opens_what_it_names(podman: Podman) -> None:
    """A port of a network and one of this machine, as soon as the service is started with them; nothing beside."""
    wanted = {f"{PRIVATE[0]}:{PORT}", f"{GATEWAY}:{PORT}"}
    others = {f"{PRIVATE[1]}:{PORT}", *(f"{own}:{PORT}" for own in own_addresses(podman) - {GATEWAY})}
    podman.write_rules(f"10.99.77.0/24:{PORT},{GATEWAY}:{PORT}")
    try:
        podman.compose("restart firewall 2>&1")
        podman.until_in_force()
        assert podman.reach(wanted | others) == wanted
    finally:
        podman.write_rules("")
        podman.compose("restart firewall 2>&1")
    podman.until_in_force()
    assert podman.reach(wanted | others) == set()


def test_rules_that_somebody_removed_come_back(podman: Podman) -> None:
    """Without the rules it is open, so it is they that close it; and the service puts them in force again."""
    target = {f"{PRIVATE[0]}:{PORT}"}

    def is_open_without_them() -> bool:
        podman.firewall(f"nft delete table ip homeroom_{podman.project}")
        return podman.reach(target) == target

    until(is_open_without_them, "it is open without the rules")  # where they were not back before the look
    podman.until_in_force()
    assert podman.reach(target) == set()


def test_the_hub_may_ask_for_labs_by_their_states(podman: Podman) -> None:
    """Podman refuses to look for a state that it does not know, and no lab would start."""
    filters = " ".join(f"--filter status={state}" for state in STATES)
    assert "lab" in podman.machine.run(f"podman ps --all {filters} --format '{{{{.Names}}}}'").text.split()
    assert podman.machine.run("podman ps --filter status=restarting", check=False).exit_code != 0
