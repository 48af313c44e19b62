"""What a lab reaches: asked from within running labs, as the person who works there. Every probe that finds something
closed is run from somewhere else too, where it finds it open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.engine import address
from tests.faults import until
from tests.hub_deployment import HubDeployment, engine, host_of_packages, openings_for_pip
from tests.person import Person
from tests.probe import (
    OPEN,
    PORT,
    SERVER,
    Outside,
    address_in,
    gateway,
    listening,
    opened,
    outside,
    reach,
    reach_from_here,
    until_open,
)

PEOPLE = ("probe-ada", "probe-bela")


@pytest.fixture(scope="module")
def people(deployment: HubDeployment) -> Iterator[dict[str, Person]]:
    """Two people with running labs."""
    found = {}
    for name in PEOPLE:
        found[name] = Person(deployment, name)
        found[name].sign_in(deployment.new_password(name))
        found[name].start_lab()
    yield found
    for person in found.values():
        person.stop_lab_if_any()


@pytest.fixture(scope="module")
def lab(deployment: HubDeployment, people: dict[str, Person]) -> Any:
    """The container of one of the two labs."""
    return deployment.lab(PEOPLE[0])


ASK = r"""
import socket, struct, sys
kind, *names = sys.argv[1:]
for name in names:
    parts = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
    query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + parts + b"\0" + struct.pack(">2H", int(kind), 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(20)
        asking.sendto(query, ("127.0.0.11", 53))
        try:
            answer = asking.recv(4096)
        except TimeoutError:
            answer = bytes(12)
    count, data = struct.unpack(">H", answer[6:8])[0], answer[len(query):]
    print(name, count, "".join(chr(one) if 32 < one < 127 else "." for one in data))
"""
ADDRESS, POINTER = "1", "12"
"""Kinds of questions to a name server."""


def test_the_resolver_names_nobody(deployment: HubDeployment, lab: Any, people: dict[str, Person]) -> None:
    """Whoever asks the engine's resolver whose an address is among labs is told a name that says nothing, and nobody's
    name leads to an address. It is the resolver that answers: the names are those of the containers."""
    other = deployment.lab(PEOPLE[1])
    address = other.attrs["NetworkSettings"]["Networks"][f"{deployment.project}_labs"]["IPAddress"]
    asked = f"{'.'.join(reversed(address.split('.')))}.in-addr.arpa"
    name, count, answer = lab.exec_run(["/usr/bin/python3", "-c", ASK, POINTER, asked]).output.decode().split()
    assert (name, count) == (asked, "1")
    assert other.name in answer
    assert not [one for one in ("ada", "bela", "probe") if one in answer]
    person = PEOPLE[1]
    guesses = [person, *(f"{deployment.project}-jupyter-{one}" for one in (person, person.replace("-", "-2d")))]
    found = lab.exec_run(["/usr/bin/python3", "-c", ASK, ADDRESS, *guesses]).output.decode().splitlines()
    assert [line.split()[:2] for line in found] == [[guess, "0"] for guess in guesses]


@pytest.fixture(scope="module")
def server(deployment: HubDeployment) -> Iterator[Outside]:
    """A server beside this machine."""
    with outside(f"{deployment.project}-lab:local", f"hrout{os.getpid()}") as made:
        yield made


@pytest.fixture(scope="module")
def neighbour(deployment: HubDeployment) -> Iterator[Any]:
    """A container of somebody else's on another bridge, with a published port."""
    made: Any = engine().containers.run(
        f"{deployment.project}-lab:local", SERVER, name=f"hrnext{os.getpid()}", ports={f"{PORT}/tcp": None}, detach=True
    )
    try:
        yield made
    finally:
        made.remove(force=True)


def own_addresses(deployment: HubDeployment) -> tuple[str, ...]:
    """This machine, as a lab's gateway, on the engine's default bridge, and as others know it."""
    return gateway(f"{deployment.project}_labs"), gateway("bridge"), address.own_address()


def test_private_networks_are_closed_and_the_internet_is_open(lab: Any, server: Outside) -> None:
    """The same server is reached at an address as the internet has them, and at none of a private network."""
    private = {f"{address}:{PORT}" for address in server.private}
    public = f"{server.public}:{PORT}"
    assert opened(reach_from_here(public, *private)) == {public, *private}
    assert opened(reach(lab, public, *private)) == {public}


def test_metadata_is_closed(lab: Any) -> None:
    """The clouds' metadata addresses are refused at once, whether or not there is a cloud."""
    found = reach(lab, "169.254.169.254:80", "192.0.0.192:80", "100.100.100.200:80")
    assert set(found.values()) == {"ECONNREFUSED"}


def test_this_machine_is_closed(deployment: HubDeployment, lab: Any) -> None:
    """A service that listens on all addresses of this machine is reached at none of them, by TCP or UDP."""
    addresses = own_addresses(deployment)
    with listening(*addresses) as port:
        targets = {f"{kind}{address}:{port}" for address in addresses for kind in ("", "udp:")}
        assert opened(reach_from_here(*targets)) == targets
        assert opened(reach(lab, *targets)) == set()


def test_other_containers_are_closed(deployment: HubDeployment, lab: Any, neighbour: Any) -> None:
    """Neither a container on another bridge nor its published port, nor this deployment's proxy and hub."""
    until_open(f"{address_in(neighbour, 'bridge')}:{PORT}")
    published = neighbour.attrs["NetworkSettings"]["Ports"][f"{PORT}/tcp"][0]["HostPort"]
    others = {f"{address_in(neighbour, 'bridge')}:{PORT}", f"{address.own_address()}:{published}"}
    others.add(f"{address_in(deployment.container('proxy'), f'{deployment.project}_front')}:8000")
    assert opened(reach_from_here(*others)) == others
    assert opened(reach(lab, *others)) == set()

    networks = (f"{deployment.project}_front", f"{deployment.project}_labs")
    hub = [
        f"{address_in(deployment.container('hub'), network)}:{port}"
        for network in networks
        for port in (80, 8000, 8081)
    ]
    assert opened(reach(lab, *hub)) == set()


@pytest.mark.parametrize("service", ["hub", "proxy"])
def test_hub_and_proxy_listen_on_no_other_port(deployment: HubDeployment, service: str) -> None:
    """The hub listens on no port at all, and the proxy, whose API is a socket, on the published one alone."""
    look = "cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == \"0A\" && $2 !~ /^0B00007F/ { print $2 }'"
    ports = {
        row.split(":")[1] for row in deployment.container(service).exec_run(["sh", "-c", look]).output.decode().split()
    }
    assert ports == ({f"{8000:04X}"} if service == "proxy" else set())


def test_another_lab_is_closed(deployment: HubDeployment, people: dict[str, Person], lab: Any) -> None:
    """A port that somebody opens in their lab is reached from no other lab."""
    other = deployment.lab(PEOPLE[1])
    other.exec_run(["python3", "-m", "http.server", str(PORT)], detach=True)
    target = f"{address_in(other, f'{deployment.project}_labs')}:{PORT}"
    until_open(target)
    assert reach(other, f"127.0.0.1:{PORT}") == {f"127.0.0.1:{PORT}": OPEN}
    assert opened(reach(lab, target)) == set()


# Each is looked at: a directory's own list shows a socket that is mounted on a file as a file.
FIND_SOCKETS = """
import os, stat
for place, folders, files in os.walk("/"):
    if place == "/":
        folders[:] = [name for name in folders if name not in ("proc", "sys")]
    for path in (os.path.join(place, name) for name in files):
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            print(path)
"""


def sockets_in(container: Any) -> set[str]:
    """Every socket that a container's own user finds in its files."""
    code, output = container.exec_run(["python3", "-c", FIND_SOCKETS])
    assert code == 0, output.decode()
    return set(output.decode().split())


def test_a_lab_has_its_own_socket_and_the_hubs_alone(
    deployment: HubDeployment, lab: Any, people: dict[str, Person]
) -> None:
    """Of all sockets there are two in a lab: not another lab's, not the proxy's API, not the guard's or the engine's;
    and nothing can be put beside the hub's."""
    assert sockets_in(lab) == {"/run/lab/lab.sock", "/run/hub/hub.sock"}
    assert opened(reach(lab, "/run/lab/lab.sock", "/run/hub/hub.sock")) == {"/run/lab/lab.sock", "/run/hub/hub.sock"}
    seen_by_hub = sockets_in(deployment.container("hub"))
    assert len([path for path in seen_by_hub if path.startswith("/run/labs/")]) >= len(PEOPLE)
    assert {"/run/proxy/api.sock", "/run/guard/engine.sock"} <= seen_by_hub
    assert "/run/docker.sock" in sockets_in(deployment.container("guard"))
    assert lab.exec_run(["touch", "/run/hub/mine"]).exit_code != 0
    assert lab.exec_run(["touch", "/run/lab/mine"]).exit_code == 0
    lab.exec_run(["rm", "/run/lab/mine"])


def test_a_lab_has_one_network_and_no_ipv6(lab: Any) -> None:
    """One interface beside the loopback, without an IPv6 address, which the rules would not know."""
    look = "import os; print(sorted(os.listdir('/sys/class/net')), [l.split()[5] for l in open('/proc/net/if_inet6')])"
    output = lab.exec_run(["python3", "-c", look]).output.decode()
    assert output in ("['eth0', 'lo'] []\n", "['eth0', 'lo'] ['lo']\n")


def test_names_are_resolved(lab: Any) -> None:
    """A lab finds the address of the package index, although the name servers may have private addresses. What
    `pip install` then does: test_environments.py."""
    code, output = lab.exec_run(["getent", "ahostsv4", host_of_packages()])
    assert code == 0, output.decode()


def test_a_setting_opens_what_it_names(deployment: HubDeployment, lab: Any, server: Outside, neighbour: Any) -> None:
    """LAB_OPEN_NETWORKS opens a port of a network and a port of this machine, also to a lab that runs; nothing beside
    them, and not this machine by a network around its address. Taken back, all is closed again."""
    env = deployment.directory / ".env"
    before = env.read_text()
    first, second = server.private[:2]
    bridge, _, own = own_addresses(deployment)
    with listening(bridge, own) as port:
        wanted = {f"{first}:{PORT}", f"{bridge}:{port}", f"udp:{bridge}:{port}"}
        others = {f"{second}:{PORT}", f"{own}:{port}"}
        assert opened(reach_from_here(*wanted, *others)) == wanted | others
        kept = [line for line in before.splitlines() if not line.startswith("LAB_OPEN_NETWORKS=")]
        around = ".".join([*own.split(".")[:3], "0/24"])
        values = [openings_for_pip(), f"{first.rpartition('.')[0]}.0/24:{PORT}", f"{bridge}:{port}", around]
        env.write_text("\n".join([*kept, f"LAB_OPEN_NETWORKS={','.join(filter(None, values))}", ""]))
        try:
            deployment.up()
            assert opened(reach(lab, *wanted, *others)) == wanted
        finally:
            env.write_text(before)
            deployment.make("render")
            deployment.compose("restart", "firewall")
        assert opened(reach(lab, *wanted, *others)) == set()


def test_rules_that_somebody_removed_come_back(deployment: HubDeployment, lab: Any, server: Outside) -> None:
    """Whatever flushes the host's rules, the service puts them in force again."""
    target = f"{server.private[0]}:{PORT}"
    firewall = deployment.container("firewall")

    def is_open_without_them() -> bool:
        firewall.exec_run(["nft", "delete", "table", "ip", f"homeroom_{deployment.project}"])
        return opened(reach(lab, target)) == {target}

    until(is_open_without_them, "it is open without the rules")  # where they were not back before the look
    until(lambda: not opened(reach(lab, target)), "it is closed again")
    until(lambda: b"again in force" in firewall.logs(), "it says so")  # a moment after it is so


def test_no_lab_starts_without_its_firewall(
    deployment: HubDeployment, people: dict[str, Person], lab: Any, server: Outside
) -> None:
    """Where the firewall does not run its rules stay for those who work, and nobody starts a lab unprotected: they are
    told why. Once it runs, labs start."""
    person = people[PEOPLE[1]]
    person.stop_lab_if_any()
    deployment.compose("stop", "firewall")
    try:
        assert opened(reach(lab, f"{server.private[0]}:{PORT}")) == set()
        answer = person.api("POST", f"users/{person.name}/server")
        said = answer.text if answer.status_code >= 400 else person.progress_until("firewall")
        assert "firewall is not in force" in said
        assert deployment.labs(person.name) == []
    finally:
        deployment.compose("start", "firewall")
    person.start_lab()
    assert person.run("print(6 * 7)") == "42\n"


FLOOD = """
import socket, sys
with socket.socket(type=socket.SOCK_DGRAM) as flood:
    for port in range(1, 10_001):
        try:
            flood.sendto(b"?", (sys.argv[1], port))
        except OSError:
            pass
"""


def connections_of_the_machine() -> int:
    """How many connections the kernel keeps, of all that go through this machine."""
    return int(Path("/proc/sys/net/netfilter/nf_conntrack_count").read_text())


def test_one_lab_keeps_nobody_from_the_network(deployment: HubDeployment, lab: Any, server: Outside) -> None:
    """The kernel's list of connections is everybody's, sign-in's too: a lab that opens as many as it can shuts itself
    out, before the list is full."""
    wild, target = deployment.lab(PEOPLE[1]), f"{server.public}:{PORT}"
    before = connections_of_the_machine()
    try:
        assert wild.exec_run(["python3", "-c", FLOOD, server.public]).exit_code == 0
        assert connections_of_the_machine() - before < 5000
        assert opened(reach(wild, target)) == set()
        assert opened(reach(lab, target)) == {target}
    finally:
        deployment.compose("restart", "firewall")  # whoever is given this address next begins with nothing counted
