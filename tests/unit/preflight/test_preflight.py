"""Preflight: each decision on plain data, and those readers that need no engine."""

from __future__ import annotations

import datetime
import errno
import ipaddress
import os
import re
import shlex
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from threading import enumerate as enumerate_threads
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.finding import in_units, ok, warning
from generator.core.machine import parse_meminfo
from generator.engine.find import ComposeMissing, Engine
from generator.preflight import Finding, Requirements, Route, errors_of, free_subnet, host_routes, run, run_checks
from generator.preflight.clock import judge_clock, read_offset, server_time
from generator.preflight.deployment import judge_deployment, other_directories
from generator.preflight.directory import Access, judge_access, read_access
from generator.preflight.disk import Filesystem, judge_filesystem, judge_storage, parse_kind, read_filesystem
from generator.preflight.engine import judge_limits, judge_tools
from generator.preflight.engine_state import Container, EngineState, Network, Volume, read_engine_state
from generator.preflight.firewall import judge_firewall
from generator.preflight.memory import engine_memory, judge_cpus, judge_lab_size, judge_memory, judge_open_files
from generator.preflight.names import hosts_to_resolve, judge_names, resolve
from generator.preflight.port import (
    PortFacts,
    Process,
    in_the_way,
    judge_port,
    parse_listeners,
    parse_local_addresses,
    publishers,
    read_port,
)
from generator.preflight.sources import Sources, pick_index, pick_mirror, pick_proxies, read_mirror
from generator.preflight.subnet import judge_subnet, parse_name_servers, parse_routes, routes_to_judge
from generator.preflight.traps import judge_traps

MIB = 2**20
GIB = 2**30
WANTED = Requirements(
    project="homeroom",
    directory=Path("/srv/homeroom"),
    hub_ip="0.0.0.0",
    hub_port=8000,
    lab_subnet="10.213.0.0/20",
    lab_firewall=True,
    lab_open_networks="",
    lab_memory_bytes=GIB,
    total_lab_memory_bytes=0,
    lab_cpus=1.0,
    total_lab_cpus=0,
    lab_pids=1024,
    lab_open_files=1024,
    services_memory_bytes=2 * GIB,
    released=datetime.date(2026, 11, 1),
)
HEALTHY = EngineState(
    kind="docker",
    rootless=False,
    root_directory=Path("/var/lib/docker"),
    storage_driver="overlay2",
    containerd_store=False,
    cgroup_version="2",
    cpus=4,
    memory_bytes=16 * GIB,
    memory_limit=True,
    swap_limit=True,
    cpu_limit=True,
    pids_limit=True,
    security_options=("name=seccomp,profile=builtin",),
    forwards_ipv4=True,
    containers=(),
    networks=(),
    volumes=(),
    built=True,
)
FREE = PortFacts(
    address_errno=None,
    port_errno=None,
    listening=False,
    holders=(),
    unprivileged_from=1024,
    free_port=8001,
    addresses=("192.0.2.2", "127.0.0.1"),
)
TAKEN = replace(FREE, port_errno=errno.EADDRINUSE, listening=True)
OWN_PROXY = Container(
    name="homeroom-proxy-1",
    project="homeroom",
    service="proxy",
    directory="/srv/homeroom",
    ports=(("0.0.0.0", 8000),),
)
DOCKER = Engine(kind="docker", socket=Path("/s"), version="26.1.5", api_version="1.45", rootless=False)


def levels(findings: Iterable[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def only(findings: Iterable[Finding], level: str) -> Finding:
    """The single finding, which must have the level, and a location and a remedy unless it is fine."""
    (finding,) = findings
    assert finding.level == level, finding
    if level != "ok":
        assert finding.location, finding
        assert finding.remedy, finding
    return finding


# Findings


def test_only_errors_stop() -> None:
    """Warnings never become errors, and an error keeps its cause, location and remedy."""
    bad = Finding(name="x", level="error", cause="c", location="p", remedy="r")
    (found,) = errors_of([ok("a", "b"), warning("w", "c", location="p", remedy="r"), bad])
    assert (found.cause, found.location, found.remedy) == ("c", "p", "r")


def test_sizes_are_readable() -> None:
    """Sizes are shown in the unit that an operator thinks in."""
    assert in_units(512 * 2**20) == "512 MiB"
    assert in_units(4 * GIB) == "4.0 GiB"


# The engine's tools and limits


def test_good_tools_pass() -> None:
    """A Docker with Compose and buildx has nothing to fix."""
    assert levels(judge_tools(DOCKER, (2, 26, 1), buildx=True)) == ["ok", "ok", "ok"]


def test_missing_compose_and_buildx_are_shown_together() -> None:
    """Both missing tools are named in one pass, each with a command."""
    missing = ComposeMissing("no Compose", remedy="install it")
    found = [one for one in judge_tools(DOCKER, missing, buildx=False) if one.level == "error"]
    assert [one.name for one in found] == ["compose", "builder"]
    assert found[0].remedy == "install it"
    assert "docker-buildx" in found[1].remedy


def test_limits_in_force_pass() -> None:
    """An engine that enforces all limits has nothing to fix."""
    only(judge_limits(HEALTHY, None), "ok")


def test_rootful_without_memory_limit_is_refused() -> None:
    """Without the memory cgroup one lab could take the machine: the kernel parameter is named."""
    found = only(judge_limits(replace(HEALTHY, memory_limit=False), None), "error")
    assert "memory" in found.cause
    assert "cgroup_enable=memory" in found.remedy


def test_rootless_without_delegation_names_the_drop_in() -> None:
    """A rootless Docker without delegated controllers would refuse each lab's CPU limit: said beforehand."""
    engine_state = replace(HEALTHY, rootless=True, memory_limit=False, cpu_limit=False, pids_limit=False)
    found = only(judge_limits(engine_state, None), "error")
    assert "memory, CPU and pids" in found.cause
    assert "Delegate=" in found.remedy


def test_rootless_podman_is_judged_by_what_its_user_was_given() -> None:
    """A rootless Podman claims the kernel's abilities; the delegated controllers are what counts."""
    engine_state = replace(HEALTHY, kind="podman", rootless=True)
    assert "CPU" in only(judge_limits(engine_state, frozenset({"memory", "pids"})), "warn").cause
    only(judge_limits(engine_state, frozenset({"memory", "pids", "cpu"})), "ok")
    only(judge_limits(engine_state, None), "warn")


def test_uncounted_swap_matters_only_where_there_is_swap() -> None:
    """A kernel that does not count swap is a warning, and none on a machine without swap."""
    engine_state = replace(HEALTHY, swap_limit=False)
    assert levels(judge_limits(engine_state, None, swap_bytes=GIB)) == ["ok", "warn"]
    assert levels(judge_limits(engine_state, None, swap_bytes=0)) == ["ok"]


# The port


def test_free_port_passes() -> None:
    """A port that nobody has is fine."""
    only([judge_port(WANTED, (), FREE, rootless=False)], "ok")


def test_own_proxy_keeps_its_port() -> None:
    """A second `make up` finds the port held by its own proxy and goes on."""
    assert "own proxy" in only([judge_port(WANTED, (OWN_PROXY,), TAKEN, rootless=False)], "ok").cause


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"directory": "/srv/other"}, "/srv/other"),
        ({"project": "other", "name": "other-proxy-1"}, "other-proxy-1 (Compose project other in /srv/homeroom)"),
        ({"service": "hub"}, "homeroom-proxy-1"),
        ({"project": "", "name": "web", "directory": ""}, "the container web"),
    ],
)
def test_port_of_another_container_names_it(change: dict[str, str], said: str) -> None:
    """A port that any other container publishes is refused, with its name, project and directory, and a free port."""
    container = replace(OWN_PROXY, **change)  # type: ignore[arg-type]
    found = only([judge_port(WANTED, (container,), TAKEN, rootless=False)], "error")
    assert said in found.cause
    assert found.location == ".env: HUB_PORT"
    assert "HUB_PORT=8001" in found.remedy


def test_container_is_found_without_a_listener() -> None:
    """An engine that publishes by firewall rule alone leaves the port bindable; the container still counts."""
    only([judge_port(WANTED, (replace(OWN_PROXY, project="other"),), FREE, rootless=False)], "error")


def test_port_of_a_process_names_it() -> None:
    """A port that a process holds is refused with its pid and command."""
    engine_state = replace(TAKEN, holders=(Process(pid=4711, command="/usr/sbin/nginx -g daemon"),))
    found = only([judge_port(WANTED, (), engine_state, rootless=False)], "error")
    assert "process 4711 (`/usr/sbin/nginx -g daemon`)" in found.cause
    assert "ss -ltnp" not in found.remedy


def test_port_of_an_unseen_process_says_how_to_see_it() -> None:
    """Where this user may not see the holder, the command that shows it is given."""
    found = only([judge_port(WANTED, (), TAKEN, rootless=False)], "error")
    assert "sudo ss -ltnp 'sport = :8000'" in found.remedy


def test_privileged_port_is_left_to_a_rootful_engine() -> None:
    """An ordinary user cannot try port 80; the engine can publish it, unless the kernel's table shows a listener."""
    requirements = replace(WANTED, hub_port=80)
    denied = replace(FREE, port_errno=errno.EACCES)
    only([judge_port(requirements, (), denied, rootless=False)], "ok")
    only([judge_port(requirements, (), replace(denied, listening=True), rootless=False)], "error")


def test_privileged_port_is_refused_to_a_rootless_engine() -> None:
    """A rootless engine may not publish port 80 until the kernel allows it: the command is given."""
    requirements = replace(WANTED, hub_port=80)
    found = only([judge_port(requirements, (), FREE, rootless=True)], "error")
    assert "net.ipv4.ip_unprivileged_port_start=80" in found.remedy
    only([judge_port(requirements, (), replace(FREE, unprivileged_from=80), rootless=True)], "ok")


def test_foreign_address_is_refused() -> None:
    """HUB_IP must be an address of this machine: its addresses are listed."""
    engine_state = replace(FREE, address_errno=errno.EADDRNOTAVAIL)
    found = only([judge_port(replace(WANTED, hub_ip="10.9.9.9"), (), engine_state, rootless=False)], "error")
    assert found.location == ".env: HUB_IP"
    assert "192.0.2.2" in found.remedy


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("0.0.0.0", "127.0.0.1", True),
        ("127.0.0.1", "192.0.2.2", False),
        ("::", "127.0.0.1", True),
        ("::1", "127.0.0.1", False),
        ("0.0.0.0", "::1", False),
        ("::1", "::1", True),
    ],
)
def test_listeners_exclude_each_other(one: str, other: str, expected: bool) -> None:
    """Two deployments on two addresses may share a port; a wildcard takes it from all."""
    pair = ipaddress.ip_address(one), ipaddress.ip_address(other)
    assert in_the_way(*pair) is expected
    assert in_the_way(*reversed(pair)) is expected


def test_publishers_look_at_address_and_port() -> None:
    """A container on another port or another address is no rival."""
    there = Container(name="a", ports=(("192.0.2.2", 8000), ("127.0.0.1", 9000)))
    assert publishers([there], "192.0.2.2", 8000) == [there]
    assert publishers([there], "127.0.0.1", 8000) == []
    assert publishers([there], "0.0.0.0", 9000) == [there]


def test_kernel_tables_are_read() -> None:
    """Only listening sockets count; addresses of both families are decoded, mapped ones as IPv4."""
    head = "  sl  local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode\n"
    row = "   0: {} 00000000:0000 {} 00000000:00000000 00:00000000 00000000 0 0 {} 1 0 100 0 0 10 0\n"
    text = head + row.format("0100007F:1F90", "0A", 11) + row.format("0100007F:1F91", "01", 12)
    text += row.format("0000000000000000FFFF00000100007F:0050", "0A", 13)
    text += row.format("00000000000000000000000001000000:0051", "0A", 14)
    found = [(str(one.address), one.port, one.inode) for one in parse_listeners(text)]
    assert found == [("127.0.0.1", 8080, 11), ("127.0.0.1", 80, 13), ("::1", 81, 14)]


def test_local_addresses_come_with_loopback_last() -> None:
    """The addresses offered for HUB_IP are the machine's own, no broadcast, each once."""
    trie = "     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 192.0.2.2\n        /32 host LOCAL\n"
    assert parse_local_addresses(trie + trie + "     |-- 192.0.2.255\n        /32 link BROADCAST\n") == [
        "192.0.2.2",
        "127.0.0.1",
    ]


def test_listening_process_is_found_for_real() -> None:
    """A port held by a process of this machine is seen as taken, by whom, and a free one is proposed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        engine_state = read_port("127.0.0.1", number, lambda port: port == number + 1)
        assert engine_state.port_errno == errno.EADDRINUSE
        assert os.getpid() in [holder.pid for holder in engine_state.holders]
        assert engine_state.free_port not in (None, number, number + 1)
    assert read_port("127.0.0.1", number, lambda port: False).port_errno is None


def test_foreign_address_is_found_for_real() -> None:
    """An address of no interface cannot be bound."""
    assert read_port("203.0.113.77", 8000, lambda port: False).address_errno == errno.EADDRNOTAVAIL


# Disk

DISK = Filesystem(
    path=Path("/var/lib/docker"),
    kind="ext4",
    device=1,
    free_bytes=50 * GIB,
    total_bytes=100 * GIB,
    free_inodes=500_000,
    total_inodes=1_000_000,
)


def judged(disk: Filesystem) -> list[Finding]:
    return list(judge_filesystem(disk, use="images", least_bytes=5 * GIB, least_inodes=1000, remedy="prune"))


def test_roomy_disk_passes() -> None:
    """Half a disk is enough."""
    only(judged(DISK), "ok")


def test_full_disk_is_refused_with_numbers() -> None:
    """Too little room is refused with what there is and what is needed."""
    found = only(judged(replace(DISK, free_bytes=5 * GIB - 1)), "error")
    assert "5.0 GiB are needed" in found.cause
    assert found.location == "/var/lib/docker"


def test_low_disk_is_a_warning() -> None:
    """Enough for now, but below 15 %, is said and goes on."""
    assert "14 %" in only(judged(replace(DISK, free_bytes=14 * GIB)), "warn").cause


def test_inodes_run_out_too() -> None:
    """A disk without inodes is full, however many bytes are free; a file system that counts none is not."""
    assert levels(judged(replace(DISK, free_inodes=999))) == ["ok", "error"]
    assert levels(judged(replace(DISK, free_inodes=100_000))) == ["ok", "warn"]
    assert levels(judged(replace(DISK, free_inodes=0, total_inodes=0))) == ["ok"]


def test_storage_on_the_network_is_a_warning() -> None:
    """SQLite on NFS corrupts, and vfs copies an image a lab: both are said."""
    only(judge_storage(HEALTHY, "nfs4"), "warn")
    assert "vfs" in only(judge_storage(replace(HEALTHY, storage_driver="vfs"), "ext4"), "warn").cause
    assert list(judge_storage(HEALTHY, "ext4")) == []


def test_kind_is_that_of_the_deepest_mount() -> None:
    """The file system of a path is that of its nearest mount point, the last one mounted there."""
    mounts = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:5 / /srv rw - nfs4 h:/x rw\n3 1 8:2 / /srvx rw - xfs /dev/b rw\n"
    assert parse_kind(mounts, Path("/srv/homeroom")) == "nfs4"
    assert parse_kind(mounts, Path("/srv2")) == "ext4"
    assert parse_kind(mounts + "4 2 0:6 / /srv rw - tmpfs t rw\n", Path("/srv")) == "tmpfs"


def test_filesystem_is_read_for_real(tmp_path: Path) -> None:
    """A directory here can be measured; one that is not there is no crash."""
    disk = read_filesystem(tmp_path)
    assert disk is not None
    assert 0 < disk.free_bytes <= disk.total_bytes
    assert disk.kind
    assert read_filesystem(tmp_path / "missing") is None


# Memory and CPUs


def memory(total_gib: float, available_gib: float | None = None, running: bool = False) -> list[Finding]:
    available = None if available_gib is None else int(available_gib * GIB)
    return list(judge_memory(WANTED, total_bytes=int(total_gib * GIB), available_bytes=available, running=running))


def test_labs_are_counted() -> None:
    """How many labs fit is said as the line counts: 16 GiB less 2 for the services and 1 are 13 labs of 1 GiB."""
    assert "13 labs" in only(memory(16), "ok").cause


def test_a_lab_too_small_for_a_notebook_is_told() -> None:
    """Below 256M the page opens, and the first notebook would end the lab; from there on nothing is said."""
    assert "Set LAB_MEMORY=256M" in str(only(list(judge_lab_size(64 * MIB)), "warn"))
    assert list(judge_lab_size(256 * MIB)) == []


def test_not_one_lab_is_refused() -> None:
    """A lab that cannot fit beside the services is refused, with a size that would."""
    large = replace(WANTED, lab_memory_bytes=8 * GIB)
    found = only(list(judge_memory(large, total_bytes=7 * GIB, available_bytes=None, running=False)), "error")
    assert found.location == ".env: LAB_MEMORY"
    assert "LAB_MEMORY=1G or less" in found.remedy


def test_no_lab_size_fits_at_all() -> None:
    """Where even the smallest lab has no room, no size is proposed."""
    assert "Lower HUB_MEMORY" in only(memory(2.1), "error").remedy


def test_few_labs_are_a_warning() -> None:
    """Two labs are no class: said, but it goes on; three are fine."""
    assert "only 2 labs fit at once" in only(memory(5.5), "warn").cause
    assert "only 1 lab fits at once" in only(memory(3.5), "warn").cause
    only(memory(6), "ok")


def test_more_reserved_than_there_is_is_a_warning() -> None:
    """What TOTAL_LAB_MEMORY promises is said; beyond what the services leave it is a warning."""

    def promised(gib: int) -> Finding:
        (found,) = judge_memory(
            replace(WANTED, total_lab_memory_bytes=gib * GIB), total_bytes=16 * GIB, available_bytes=None, running=False
        )
        return found

    assert only([promised(14)], "ok").cause == "labs may have 14.0 GiB of 16.0 GiB"
    found = only([promised(15)], "warn")
    assert found.location == ".env: TOTAL_LAB_MEMORY"
    assert "this machine has 14.0 GiB beside" in found.cause


def test_memory_in_use_is_a_warning_before_the_first_up_only() -> None:
    """Other programs that hold the memory are pointed at; our own services are not."""
    assert levels(memory(16, 2.5)) == ["ok", "warn"]
    assert levels(memory(16, 2.5, running=True)) == ["ok"]
    assert levels(memory(16, 3.5)) == ["ok"]


def test_unknown_memory_is_no_error() -> None:
    """A machine that does not tell its memory is not refused."""
    only(memory(0), "ok")


def test_an_engine_in_a_virtual_machine_counts_its_own_memory() -> None:
    """The engine's memory counts where it differs from this machine's; small differences do not."""
    meminfo = {"MemTotal": 16 * GIB, "MemAvailable": 9 * GIB}
    assert engine_memory(2 * GIB, meminfo) == (2 * GIB, None)
    assert engine_memory(16 * GIB - 2**20, meminfo) == (16 * GIB, 9 * GIB)
    assert engine_memory(0, meminfo) == (16 * GIB, 9 * GIB)


def test_meminfo_is_in_bytes() -> None:
    """The kernel's kibibytes become bytes; fields without a unit are left out."""
    assert parse_meminfo("MemTotal:  2 kB\nHugePages_Total:  3\nSwapTotal: 1 kB\n") == {
        "MemTotal": 2048,
        "SwapTotal": 1024,
    }


def test_more_cpus_than_there_are_is_refused() -> None:
    """The engine refuses to create such a container: refused beforehand; equal and unlimited are fine."""
    assert "LAB_CPUS=2" in only([judge_cpus(2.5, 2)], "error").remedy
    only([judge_cpus(2, 2)], "ok")
    only([judge_cpus(0, 2)], "ok")


def test_labs_are_counted_by_cpus_too() -> None:
    """CPUs keep nobody waiting where TOTAL_LAB_CPUS sets no limit; where it does, what is short first is said."""
    assert "none waits for them" in only([judge_cpus(1, 2)], "ok").cause
    fit = "2 labs with LAB_CPUS=0.5 fit at once into TOTAL_LAB_CPUS=1"
    assert f"{fit}; CPUs are short first" in only([judge_cpus(0.5, 1, total_lab_cpus=1, by_memory=9)], "ok").cause
    assert f"{fit}; memory is short first" in only([judge_cpus(0.5, 1, total_lab_cpus=1, by_memory=2)], "ok").cause


def test_the_kernel_has_files_for_all_labs() -> None:
    """Where labs could open every file of the machine before their own memory stops them, the operator is told what
    raises the number; a kernel with files without end, as systemd sets it, is fine."""
    small = {"total_bytes": 16 * 2**30}
    only([judge_open_files(WANTED, **small, file_max=2**63 - 1)], "ok")
    only([judge_open_files(WANTED, **small, file_max=0)], "ok")
    told = only([judge_open_files(WANTED, **small, file_max=2_400_000)], "warn")
    assert "2400000" in told.cause
    assert "fs.file-max" in told.remedy
    few = replace(WANTED, lab_open_files=64, total_lab_memory_bytes=2 * WANTED.lab_memory_bytes)
    only([judge_open_files(few, **small, file_max=2_400_000)], "ok")


# The clock

NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


def test_right_clock_passes() -> None:
    """A clock within five minutes is fine, and one that could not be compared is not refused."""
    only(judge_clock(NOON, WANTED.released, -299.0), "ok")
    assert "not checked" in only(judge_clock(NOON, WANTED.released, None), "ok").cause


def test_clock_before_the_release_is_refused() -> None:
    """A clock that shows a day before this release is wrong, server or not."""
    found = only(judge_clock(NOON, datetime.date(2026, 11, 21), None), "error")
    assert "2026-11-21" in found.cause
    assert "timedatectl" in found.remedy


def test_clock_that_is_off_is_said() -> None:
    """Minutes are a warning, more than a day is refused; the direction is named."""
    assert "10 minutes ahead" in only(judge_clock(NOON, WANTED.released, 600), "warn").cause
    assert "2.0 days behind" in only(judge_clock(NOON, WANTED.released, -172800), "error").cause


def test_cached_answers_are_aged() -> None:
    """A cache's old answer does not make a right clock look wrong."""
    headers = {"Date": "Fri, 20 Nov 2026 11:00:00 GMT", "Age": "3600"}
    assert server_time(headers) == NOON
    assert server_time({"Date": "yesterday"}) is None
    assert server_time({}) is None


class Server(BaseHTTPRequestHandler):
    """Answers every HEAD with an error and a clock that is an hour behind."""

    status = 404

    def do_HEAD(self) -> None:
        self.send_response_only(self.status)
        self.send_header("Date", self.date_time_string(time.time() - 3600))
        self.send_header("Location", "http://203.0.113.1/nowhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def hour_behind() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/debian"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [200, 302, 404])
def test_any_answer_tells_the_time(hour_behind: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the mirror answers carries its time; a redirect is not followed."""
    monkeypatch.setattr(Server, "status", status)
    offset = read_offset(hour_behind, {})
    assert offset is not None
    assert abs(offset - 3600) < 5


def test_clock_is_asked_through_the_proxy(hour_behind: str) -> None:
    """Behind an HTTP proxy the question goes to the proxy, for a mirror that only it can reach."""
    offset = read_offset("http://mirror.invalid/debian", {"http": hour_behind.removesuffix("/debian")})
    assert offset is not None
    assert abs(offset - 3600) < 5


def test_silent_server_is_no_answer() -> None:
    """A server that refuses the connection leaves the clock unchecked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    assert read_offset(f"http://127.0.0.1:{number}/", {}) is None


# Names and sources


def test_unresolved_names_are_a_warning() -> None:
    """A name that does not resolve is said with the reason, and goes on: all may be there already."""
    found = only([judge_names({"a.example": None, "b.example": "timed out"}, proxied=False)], "warn")
    assert "b.example does not resolve (timed out)" in found.cause
    assert "a.example" not in found.cause


def test_names_are_left_to_a_proxy() -> None:
    """Behind an HTTP proxy this machine need not resolve anything."""
    sources = Sources(mirror="http://m.example/debian", index="https://i.example/simple", proxies={"http": "http://p"})
    assert hosts_to_resolve(sources) == []
    assert hosts_to_resolve(replace(sources, proxies={})) == ["m.example", "i.example"]
    only([judge_names({}, proxied=True)], "ok")


def test_names_are_resolved_for_real() -> None:
    """This machine's own name for itself resolves; a name that cannot exist gives the reason."""
    assert resolve("localhost") is None
    assert resolve("a" * 64 + ".invalid")


def test_mirror_is_that_of_the_own_release() -> None:
    """The distribution's own mirror is asked, not a third party's; what is not on the web does not count."""
    pairs = [
        ("https://third.example/apt", "stable"),
        ("cdrom:[Debian]/", "trixie"),
        ("http://m.example/debian", "trixie"),
    ]
    assert pick_mirror(pairs, "trixie") == "http://m.example/debian"
    assert pick_mirror(pairs, "noble") == "https://third.example/apt"
    assert pick_mirror([], "noble") is None


def test_mirror_list_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cloud images name a file of mirrors: its first one is asked."""
    listing = tmp_path / "mirrors.list"
    listing.write_text("# ours\nhttps://m.example/debian priority:1\n")
    done = SimpleNamespace(returncode=0, stdout=f"mirror+file:{listing}/ trixie\n")
    monkeypatch.setattr("generator.preflight.sources.shutil.which", lambda name: name)
    assert read_mirror(lambda *args, **kwargs: done) == "https://m.example/debian"  # type: ignore[arg-type]


def test_index_is_what_pip_would_ask() -> None:
    """pip's setting wins over its default; an index that is a directory is no server."""
    assert pick_index({}, "https://default.example/simple") == "https://default.example/simple"
    assert pick_index({"index-url": "https://own.example"}, "https://default.example/simple") == "https://own.example"
    assert pick_index({"index-url": "file:///srv/wheels"}, "https://default.example/simple") is None
    assert pick_index({"no-index": "true"}, "https://default.example/simple") is None
    assert pick_index({}, None) is None


def test_environment_proxy_wins_over_apts() -> None:
    """The environment's proxy is used; apt's own only where there is none; DIRECT is none."""
    apt = {"Acquire::http::Proxy": "http://apt.example:3142", "Acquire::https::Proxy": "DIRECT"}
    assert pick_proxies({"http_proxy": "http://p.example"}, apt) == {"http": "http://p.example"}
    assert pick_proxies({}, apt) == {"http": "http://apt.example:3142"}


# The subnet


def subnet(
    networks: Iterable[Network] = (), routes: Iterable[Route] = (), requirements: Requirements = WANTED
) -> list[Finding]:
    return list(judge_subnet(requirements, list(networks), list(routes)))


def test_unused_subnet_passes() -> None:
    """Neighbouring networks do not disturb, and the deployment's own labs network is no clash with itself."""
    own = Network(name="homeroom_labs", project="homeroom", subnets=("10.213.0.0/20",))
    routes = [
        Route(subnet="10.213.16.0/20", via="interface eth1"),
        Route(subnet="10.213.0.0/20", via="interface br-1"),
    ]
    only(subnet([own, Network(name="bridge", subnets=("172.17.0.0/16",))], routes), "ok")


def test_subnet_of_another_network_is_refused() -> None:
    """A network of the engine that overlaps is named with its project, once though its bridge is a route as well."""
    other = Network(name="other_labs", project="other", subnets=("10.213.8.0/24",))
    found = only(subnet([other], [Route(subnet="10.213.8.0/24", via="interface br-1")]), "error")
    assert "10.213.8.0/24 of the engine's network other_labs (Compose project other)" in found.cause
    assert "br-1" not in found.cause
    assert "LAB_SUBNET=10.213.16.0/20" in found.remedy


def test_subnet_of_the_own_front_network_is_refused() -> None:
    """The engine refuses two networks on one subnet, also within the deployment."""
    only(subnet([Network(name="homeroom_front", project="homeroom", subnets=("10.213.0.0/16",))]), "error")


def test_bridges_of_a_stopped_engine_are_left_to_it() -> None:
    """A stopped engine leaves its bridges: the deployment's own must not keep `make up` from starting it again."""
    own = Route(subnet="10.213.0.0/20", via="interface br-91dd75101520")
    others = [Route(subnet="10.213.0.0/20", via=f"interface {name}") for name in ("br-lan", "br0", "eth0")]
    assert routes_to_judge([own, *others], None) == others
    assert routes_to_judge([own], HEALTHY) == [own]


def test_subnet_of_the_machine_is_refused() -> None:
    """A range of the machine's own network, or its name server's address, would be cut off: named."""
    found = only(subnet(routes=[Route(subnet="10.213.0.0/16", via="interface eth0")]), "error")
    assert "10.213.0.0/16 (interface eth0 of this machine)" in found.cause
    assert "LAB_SUBNET=10.214.0.0/20" in found.remedy
    assert (
        "10.213.0.53 (name server"
        in only(subnet(routes=[Route(subnet="10.213.0.53/32", via="name server")]), "error").cause
    )


def test_broad_route_is_a_warning() -> None:
    """A VPN that routes all of 10.0.0.0/8 must not make a deployment impossible."""
    only(subnet(routes=[Route(subnet="10.0.0.0/8", via="interface tun0")]), "warn")


def test_changed_subnet_is_said() -> None:
    """A labs network that still has the old subnet stops `make up`: the firewall's rules would be for another. Where
    there is no firewall it is pointed out."""
    own = Network(name="homeroom_labs", project="homeroom", subnets=("10.220.0.0/20",))
    found = subnet([own])
    assert levels(found) == ["ok", "error"]
    assert "10.220.0.0/20" in found[1].cause
    assert levels(subnet([own], requirements=replace(WANTED, lab_firewall=False))) == ["ok", "warn"]


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_an_engine_without_a_firewall_is_told(kind: Any) -> None:
    """Where labs would reach private networks, `make up` refuses until the operator says that they may; and says so."""
    engine_state = replace(HEALTHY, kind=kind, rootless=True)
    refused = only(judge_firewall(WANTED, engine_state), "error")
    assert "labs can reach private networks" in refused.cause
    assert "LAB_FIREWALL=off" in refused.remedy
    accepted = only(judge_firewall(replace(WANTED, lab_firewall=False), engine_state), "warn")
    assert "labs can reach private networks" in accepted.cause
    assert "root" in accepted.remedy


def test_a_firewall_tells_what_it_does() -> None:
    """`make check` shows what is closed and what is opened; one that is switched off is a warning."""
    for kind in ("docker", "podman"):
        assert "closed to labs" in only(judge_firewall(WANTED, replace(HEALTHY, kind=kind)), "ok").cause
    opened = replace(WANTED, lab_open_networks="10.1.2.0/24")
    assert "but for 10.1.2.0/24" in only(judge_firewall(opened, HEALTHY), "ok").cause
    assert "LAB_FIREWALL=on" in only(judge_firewall(replace(WANTED, lab_firewall=False), HEALTHY), "warn").remedy


def test_free_subnet_walks_the_pools() -> None:
    """The first free /20 is taken, in the documented order of pools."""
    assert free_subnet([]) == "10.213.0.0/20"
    assert free_subnet(["10.213.0.0/24", "10.213.20.0/24"]) == "10.213.32.0/20"
    assert free_subnet(["10.213.0.0/16"]) == "10.214.0.0/20"
    assert free_subnet(["10.0.0.0/8"]) == "172.31.0.0/20"
    assert free_subnet(["10.0.0.0/8", "172.16.0.0/12"]) == "192.168.0.0/20"
    assert free_subnet(["fd00::/64", "192.168.1.5/24"]) == "10.213.0.0/20"


def test_two_deployments_look_in_different_places() -> None:
    """Made at the same moment, when neither has a network yet, deployments of different names choose different ones;
    the same name always the same. What is taken is passed over wherever it begins."""
    names = [f"course-{number}" for number in range(20)]
    found = [free_subnet([], name) for name in names]
    assert len(set(found)) >= 19
    assert found == [free_subnet([], name) for name in names]
    assert free_subnet([found[0]], names[0]) != found[0]
    everything = [f"10.{second}.0.0/16" for second in range(213, 255)]
    assert free_subnet(everything, names[0]) == "172.31.0.0/20"


def test_free_subnet_survives_a_greedy_vpn() -> None:
    """Where broad routes take every pool, one is found that no exact route uses; the check then only warns."""
    greedy = ["10.0.0.0/8", "172.16.0.0/12", *(f"192.168.{third}.0/24" for third in range(256)), "10.213.0.0/16"]
    found = free_subnet(greedy)
    assert found == "10.214.0.0/20"
    routes = [Route(subnet=one, via="interface tun0") for one in greedy]
    assert levels(subnet(routes=routes, requirements=replace(WANTED, lab_subnet=found))) == ["warn"]
    with pytest.raises(LookupError):
        free_subnet([f"{first}.{second}.0.0/16" for first in (10, 172, 192) for second in range(256)])


def test_routes_are_read() -> None:
    """Destinations are decoded; default routes, and the halves by which VPNs replace them, take no range."""
    text = (
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
        "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n"
        "tun0 00000080 00000000 0001 0 0 0 00000080 0 0 0\n"
        "docker0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0\n"
    )
    assert parse_routes(text) == [Route(subnet="172.17.0.0/16", via="interface docker0")]


def test_name_servers_are_read() -> None:
    """Only IPv4 name servers outside this machine count."""
    text = "# nameserver 10.9.9.9\nsearch x\nnameserver 127.0.0.53\nnameserver fe80::1\nnameserver 10.0.0.53\n"
    assert parse_name_servers(text) == [Route(subnet="10.0.0.53/32", via="name server")]


def test_host_routes_are_readable_here() -> None:
    """This machine's own routes can be read, and a free subnet found among them, without an engine."""
    assert free_subnet(route.subnet for route in host_routes())


# The deployment's name


def deployment(
    others: Iterable[str] = (), gone: Iterable[str] = (), volumes: Iterable[Volume] = (), first_run: bool = False
) -> list[Finding]:
    return list(judge_deployment(WANTED, list(others), list(gone), list(volumes), first_run=first_run))


def test_unused_name_passes() -> None:
    """A name that nobody else has is fine."""
    only(deployment(), "ok")


def test_name_of_another_directory_is_refused() -> None:
    """Another directory's deployment of that name is named, and another name proposed."""
    found = only(deployment(["/srv/biology"]), "error")
    assert "/srv/biology" in found.cause
    assert found.location == ".env: COMPOSE_PROJECT_NAME"
    assert "COMPOSE_PROJECT_NAME=homeroom2" in found.remedy


def test_moved_directory_takes_its_deployment_along() -> None:
    """A deployment whose directory was moved goes on, and it is said."""
    only(deployment(["/srv/old"], gone=["/srv/old"]), "warn")


def test_volumes_of_an_earlier_deployment_are_said() -> None:
    """A first run that would take over somebody's homes says so; a later run does not."""
    volumes = [
        Volume(name="homeroom_hub", project="homeroom"),
        Volume(name="homeroom-user-ada", project="homeroom", home=True),
        Volume(name="x"),
    ]
    found = deployment(volumes=volumes, first_run=True)
    assert levels(found) == ["ok", "warn"]
    assert "2 volumes of homeroom (1 of them homes)" in found[1].cause
    assert levels(deployment(volumes=volumes)) == ["ok"]


def test_other_directories_are_those_with_our_name(tmp_path: Path) -> None:
    """Our own directory, also by another path to it, is not another one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    requirements = replace(WANTED, directory=tmp_path / "link")
    containers = [
        Container(name="a", project="homeroom", directory=str(tmp_path / "real")),
        Container(name="b", project="homeroom", directory="/srv/biology"),
        Container(name="c", project="homeroom"),
        Container(name="d", project="other", directory="/srv/other"),
    ]
    assert other_directories(containers, requirements.project, requirements.directory) == ["/srv/biology"]


# The directory

HERE = Access(path=Path("/srv/homeroom"), is_directory=True, readable=True, writable=True)


@pytest.mark.parametrize(
    ("change", "cause", "remedy"),
    [
        ({"writable": False}, "ada may not write there", "chown -R ada: /srv/homeroom"),
        ({"writable": False, "mounted_read_only": True}, "mounted read-only", "remount,rw"),
        ({"is_directory": False}, "not a directory", "mv /srv/homeroom"),
    ],
)
def test_unwritable_directory_is_refused(change: dict[str, bool], cause: str, remedy: str) -> None:
    """A directory that cannot be written is refused, with the reason and the command for it."""
    found = only(judge_access([replace(HERE, **change)], "ada"), "error")  # type: ignore[arg-type]
    assert cause in found.cause
    assert remedy in found.remedy


@pytest.mark.parametrize("change", [{"writable": False}, {"mounted_read_only": True}, {"is_directory": False}])
def test_a_proposed_command_can_be_typed_as_it_stands(change: dict[str, bool]) -> None:
    """A path with spaces is one word of what is proposed."""
    location = "/srv/my class (2026)"
    found = only(judge_access([replace(HERE, path=Path(location), **change)], "ada"), "error")
    command = re.search("`(?:sudo )?(.*)`", found.remedy)
    assert command
    words = shlex.split(re.sub(r'"\$\(|\)"', " ", command[1]))
    assert {location, f"{location}.old"} & set(words), words


def test_all_faulty_paths_are_shown() -> None:
    """Each path that is wrong is named in the same pass; an unwritable `.env` is fine, an unreadable one is not."""
    env = Access(path=Path("/srv/homeroom/.env"), is_directory=False, readable=False, writable=False)
    site = replace(HERE, path=Path("/srv/homeroom/site"), writable=False)
    assert [one.location for one in judge_access([HERE, site, env], "ada")] == [
        "/srv/homeroom/site",
        "/srv/homeroom/.env",
    ]
    only(judge_access([HERE, replace(env, readable=True)], "ada"), "ok")
    found = next(iter(judge_access([HERE, replace(env, readable=True, for_everybody=True)], "ada")))
    assert (found.level, found.remedy) == ("warn", "Run `chmod o-rwx /srv/homeroom/.env`.")


def test_access_is_read_for_real(tmp_path: Path) -> None:
    """What exists is looked at; a file in a directory's place is seen."""
    (tmp_path / "rendered").write_text("")
    entries = read_access(tmp_path)
    assert [entry.path.name for entry in entries] == [tmp_path.name, "rendered"]
    assert levels(judge_access(entries, "ada")) == ["error"]


# Traps


def traps(engine_state: EngineState, bridge_filter: str = "1", selinux: str = "") -> list[Finding]:
    return list(judge_traps(WANTED, engine_state, bridge_filter=bridge_filter, selinux=selinux))


def test_ordinary_engine_is_in_no_trap() -> None:
    """Nothing is said of an ordinary engine, also on a host whose bridge filter Docker will turn on itself."""
    only(traps(HEALTHY), "ok")
    only(traps(HEALTHY, bridge_filter="0"), "ok")
    only(traps(HEALTHY, bridge_filter=""), "ok")


def test_snap_docker_is_refused_outside_home() -> None:
    """Docker as a snap cannot see /srv: refused there, warned of under /home."""
    engine_state = replace(HEALTHY, root_directory=Path("/var/snap/docker/common/var-lib-docker"))
    assert "snap remove docker" in only(traps(engine_state), "error").remedy
    requirements = replace(WANTED, directory=Path("/home/ada/homeroom"))
    only(judge_traps(requirements, engine_state, bridge_filter="1", selinux=""), "warn")


def test_remapped_users_are_refused() -> None:
    """With userns-remap the guard cannot open the engine's socket."""
    only(traps(replace(HEALTHY, security_options=("name=userns",))), "error")


def test_selinux_is_said_where_the_engine_uses_it() -> None:
    """SELinux matters where it enforces and the engine labels containers."""
    engine_state = replace(HEALTHY, security_options=("name=selinux",))
    assert "chcon" in only(traps(engine_state, selinux="1"), "warn").remedy
    only(traps(engine_state, selinux="0"), "ok")
    only(traps(HEALTHY, selinux="1"), "ok")


def test_forwarding_off_is_said() -> None:
    """Without IPv4 forwarding labs have no way out."""
    only(traps(replace(HEALTHY, forwards_ipv4=False)), "warn")


def test_isolation_turned_off_later_is_said() -> None:
    """A bridge filter that was turned off under an existing labs network lets labs reach each other."""
    made = replace(HEALTHY, networks=(Network(name="homeroom_labs", project="homeroom"),))
    assert only(traps(made, bridge_filter="0"), "warn").name == "isolation"
    only(traps(made, bridge_filter="1"), "ok")


# The engine's answers


class Api:
    """The engine's answers as the SDK hands them over, Podman's gaps included."""

    def info(self) -> dict[str, Any]:
        return {
            "DockerRootDir": "/data/docker",
            "Driver": "overlayfs",
            "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
            "MemTotal": 7,
            "NCPU": 2,
            "MemoryLimit": True,
            "SecurityOptions": ["name=rootless"],
        }

    def containers(self, **_: Any) -> list[dict[str, Any]]:
        ports = [
            {"PublicPort": 80, "PrivatePort": 8000},
            {"IP": "127.0.0.1", "PublicPort": 53, "Type": "udp"},
            {"PrivatePort": 9},
        ]
        compose = {
            "com.docker.compose.project": "p",
            "com.docker.compose.service": "proxy",
            "com.docker.compose.project.working_dir": "/d",
        }
        return [
            {"Names": ["/p-proxy-1"], "Labels": compose, "Ports": ports},
            {"Id": "0123456789abcdef", "Names": None, "Labels": {"homeroom.deployment": "p"}, "Ports": None},
        ]

    def networks(self) -> list[dict[str, Any]]:
        return [
            {
                "Name": "n",
                "Labels": {"com.docker.compose.project": "p"},
                "IPAM": {"Config": [{"Subnet": "10.1.0.0/16"}, {"Subnet": "fd00::/64"}]},
            },
            {"Name": "none", "Labels": None, "IPAM": {"Config": None}},
        ]

    def volumes(self) -> dict[str, Any]:
        return {
            "Volumes": [
                {"Name": "v", "Labels": {"homeroom.deployment": "p", "homeroom.user": "ada"}},
                {"Name": "w", "Labels": None},
            ]
        }

    def images(self, **_: Any) -> list[Any]:
        return []


def test_engine_is_read_with_its_gaps() -> None:
    """Missing labels, ports, names and addresses, as Podman and old engines leave them, are no crash."""
    engine_state = read_engine_state(SimpleNamespace(api=Api()), "docker", "p")  # type: ignore[arg-type]
    assert engine_state.rootless
    assert engine_state.containerd_store
    assert not engine_state.built
    assert not engine_state.pids_limit
    assert engine_state.root_directory == Path("/data/docker")
    assert engine_state.containers == (
        Container(name="p-proxy-1", project="p", service="proxy", directory="/d", ports=(("0.0.0.0", 80),)),
        Container(name="0123456789ab", project="p"),
    )
    assert engine_state.networks == (Network(name="n", project="p", subnets=("10.1.0.0/16",)), Network(name="none"))
    assert engine_state.volumes == (Volume(name="v", project="p", home=True), Volume(name="w"))


# All together


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "generator.preflight.sources.read_sources", lambda environ: Sources(mirror=None, index=None, proxies={})
    )


@pytest.mark.usefixtures("offline")
def test_all_faults_come_in_one_pass(tmp_path: Path) -> None:
    """Without an engine, a taken port, too large a lab, too early a clock and a bad directory come together."""
    (tmp_path / "rendered").write_text("")
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        requirements = replace(
            WANTED,
            directory=tmp_path,
            hub_ip="127.0.0.1",
            hub_port=server.getsockname()[1],
            lab_memory_bytes=2**50,
            lab_cpus=1024.0,
            released=datetime.date(9999, 1, 1),
        )
        found = run_checks(None, requirements)
    assert {one.name for one in found if one.level == "error"} >= {"directory", "port", "memory", "cpus", "clock"}
    assert all(isinstance(one, HomeroomError) and one.remedy for one in errors_of(found))


@pytest.mark.usefixtures("offline")
def test_a_silent_engine_is_an_error_not_a_crash(tmp_path: Path) -> None:
    """An engine that went away between two steps is reported beside the rest."""
    gone = replace(DOCKER, socket=tmp_path / "none.sock")
    found = run_checks(gone, replace(WANTED, directory=tmp_path))
    assert [one.name for one in found if one.level == "error" and one.name == "engine"] == ["engine"]
    assert any(one.name == "memory" for one in found)


@pytest.mark.usefixtures("offline")
def test_a_failing_check_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check with a bug of ours must not keep a class from starting."""

    def fail(*_: object) -> list[Finding]:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("generator.preflight.disk.check_disk", fail)
    found = [one for one in run_checks(None, replace(WANTED, directory=tmp_path)) if one.name == "disk"]
    assert "ZeroDivisionError" in only(found, "warn").cause


def test_a_hanging_network_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver and a mirror that never answer cost the network checks' time together, and do not keep the process."""
    servers = Sources(mirror="http://m.example", index="http://i.example", proxies={})
    monkeypatch.setattr("generator.preflight.sources.read_sources", lambda environ: servers)
    monkeypatch.setattr("generator.preflight.names.resolve", lambda host: time.sleep(30))
    monkeypatch.setattr("generator.preflight.clock.read_offset", lambda url, proxies: time.sleep(30))
    monkeypatch.setattr(run, "NETWORK_SECONDS", 0.2)
    before, began = set(enumerate_threads()), time.monotonic()
    found = run_checks(None, replace(WANTED, directory=tmp_path))
    assert time.monotonic() - began < 5
    assert [thread.daemon for thread in set(enumerate_threads()) - before] == [True, True, True]
    names = next(one for one in found if one.name == "names")
    assert "m.example does not resolve (no answer in 0.2 s)" in names.cause
    assert "not checked" in next(one for one in found if one.name == "clock").cause


def test_a_check_is_found_in_its_file() -> None:
    """Every file of the folder that has a `check` is asked, in an order that no two share."""
    folder = Path(run.__file__).parent
    written = {path.stem for path in folder.glob("*.py") if "\ndef check(" in path.read_text()}
    found = run.checks()
    assert {one.__name__.rpartition(".")[2] for one in found} == written
    assert len({one.ORDER for one in found}) == len(found) > 5
