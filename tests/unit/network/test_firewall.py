"""The labs' firewall: what is closed, and what is opened. integration/test_isolation.py sees the rules at work."""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.schema.settings import validation_faults
from generator.topics.network import firewall
from generator.topics.network.render import firewall_rules
from tests.sample_settings import TOKEN, settings


def rules(**values: str) -> list[str]:
    """The lines of the rules for these settings, without comments."""
    text = firewall_rules(settings(**values), ["10.0.0.53", "9.9.9.9"])
    return [line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith("#")]


EDGES = [
    address
    for network in map(IPv4Network, firewall.CLOSED)
    for number in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1)
    if 0 <= number < 2**32
    for address in [IPv4Address(number)]
]


@given(st.ip_addresses(v=4) | st.sampled_from(EDGES))
def test_what_is_not_the_internets_is_closed(address: IPv4Address) -> None:
    """Every address that Python's own table (IANA's registry) calls private, shared or reserved is closed; no other
    is. Addresses for documentation and multicast, which is dropped with broadcast, are left out."""
    documentation = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    if address.is_multicast or any(address in IPv4Network(one) for one in documentation):
        return
    closed = any(address in IPv4Network(one) for one in firewall.CLOSED)
    # Two of 192.0.0.0/24 are the internet's (RFC 7723, RFC 8155), and no lab's business.
    assert closed == (not address.is_global or address in IPv4Network("192.0.0.0/24"))


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "192.0.0.192", "100.100.100.200", "10.0.0.1", "172.16.0.1", "192.168.1.1"]
)
def test_what_everybody_tries_is_closed(address: str) -> None:
    """The clouds' metadata addresses, and the usual first addresses of private networks."""
    assert any(ipaddress.ip_address(address) in IPv4Network(one) for one in firewall.CLOSED)


def test_the_rules_stand_in_their_order() -> None:
    """Answers, the limit of connections, and name servers first, Podman's own resolver on its bridges alone; then
    opened addresses, before this machine itself is closed; then opened networks, which open nothing of this machine;
    what is private is closed last."""
    found = rules(LAB_OPEN_NETWORKS="10.1.2.0/24, 10.9.8.7:443 ,10.3.3.3,10.4.0.0/16:80", LAB_SUBNET="10.214.0.0/22")
    ports = "meta l4proto { tcp, udp } th dport"
    assert found[:2] == ["table ip homeroom_homeroom", "delete table ip homeroom_homeroom"]
    assert "iif != lo ip saddr 10.214.0.0/22 jump labs" in found
    assert found[found.index("chain labs {") + 1 : found.index("chain closed {") - 1] == [
        "ct state established,related accept",
        "add @flows { ip saddr ct count over 2000 } goto closed",
        f"ip daddr {{10.0.0.53, 9.9.9.9}} {ports} 53 accept",
        f'iifname "podman*" ip daddr 10.214.0.1 {ports} 53 accept',
        f"ip daddr 10.9.8.7 {ports} 443 accept",
        "ip daddr 10.3.3.3 accept",
        "fib daddr type local goto closed",
        "fib daddr type != unicast drop",
        "ip daddr 10.1.2.0/24 accept",
        f"ip daddr 10.4.0.0/16 {ports} 80 accept",
        f"ip daddr {{{', '.join(firewall.CLOSED)}}} goto closed",
    ]


def test_other_rules_have_another_digest() -> None:
    """The kernel keeps the digest with the rules: whether those in force are the newest can be told, and the same
    settings give the same one."""
    digests = [
        next(line for line in rules(LAB_OPEN_NETWORKS=value) if line.startswith("comment"))
        for value in ("", "10.1.2.3", "10.1.2.4", "")
    ]
    assert len(set(digests)) == 3
    assert digests[0] == digests[3]
    assert re.fullmatch(r'comment "[0-9a-f]{16}"', digests[0])


def test_nothing_is_opened_by_default() -> None:
    """Without a setting the only rules that accept are for answers, for name servers and for Podman's resolver."""
    assert len([line for line in rules() if line.endswith("accept")]) == 3


def test_off_takes_the_rules_away() -> None:
    """LAB_FIREWALL=off removes what was there before, and the service finds no hook to watch."""
    assert rules(LAB_FIREWALL="off") == ["table ip homeroom_homeroom", "delete table ip homeroom_homeroom"]
    assert any("hook prerouting" in line for line in rules())


def test_two_deployments_have_two_tables() -> None:
    """What one removes or changes is not the other's."""
    assert rules(COMPOSE_PROJECT_NAME="biology")[0] == "table ip homeroom_biology"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("git.uni.example:443", "getent ahostsv4 NAME"),
        ("10.1.2.3/24", "10.1.2.0/24 is"),
        ("10.1.2.0/33", "no network or address"),
        ("fd00::/8", "no network or address of IPv4"),
        ("10.1.2.3:", "nothing is no port"),
        ("10.1.2.3:0", "0 is no port"),
        ("10.1.2.3:65536", "65536 is no port"),
        ("10.1.2.3:https", "https is no port"),
        ("10.1.2.3:443 accept", "443 accept is no port"),
        ("10.0.0.1;10.0.0.2", "no network or address"),
    ],
)
def test_a_slip_is_told(value: str, said: str) -> None:
    """What is no opening is refused with what would be one; a name is not looked up, since its address may change."""
    _, faults = validation_faults({"CONFIGPROXY_AUTH_TOKEN": TOKEN, "LAB_OPEN_NETWORKS": value})
    ((name, cause),) = faults
    assert name == "LAB_OPEN_NETWORKS"
    assert said in cause


@given(st.text())
def test_nothing_else_gets_into_the_rules(value: str) -> None:
    """Whatever the setting holds: it is refused, or it becomes addresses and ports and nothing besides."""
    try:
        openings = firewall.parse_openings(value)
    except ValueError:
        return
    for opening in openings:
        number = r"\d+\.\d+\.\d+\.\d+(/\d+)?"
        assert re.fullmatch(rf"ip daddr {number}( meta l4proto {{ tcp, udp }} th dport \d+)?", opening.match)
