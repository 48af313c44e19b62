"""The line before a small machine: many people at once, a lab too large, too long a wait, leaving, a killed hub."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from docker.errors import DockerException

from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import PATIENCE_SECONDS, Person
from tests.stub_lab import COMMAND

ROOM = 10
PEOPLE = 30
MIB = 2**20
LAB_MEMORY = 64 * MIB
PROFILES = f"""\
profiles:
  - {{name: tiny, memory: 64M, shm: 64M, cpus: 0.1, image: "PROJECT-hub:local", max_age_seconds: 1500}}
  - {{name: whole, memory: {64 * ROOM}M, cpus: 0.1, image: "PROJECT-hub:local"}}
"""
VAST = f"""
vast = dict.fromkeys(("gpus", "idle_seconds", "max_age_seconds"), 0)
vast |= dict(name="vast", display_name="Vast", description="", image="PROJECT-hub:local", network="open", cpus=0.1)
vast |= dict(memory_bytes={64 * ROOM + 1} * {MIB}, shm_bytes={MIB}, environment=dict(), ephemeral=False, allow=None)
c.LabSpawner.profiles.append(vast)
"""
"""A profile larger than the capacity, which `make up` would refuse in site/profiles.yaml."""


@pytest.fixture(scope="module")
def small(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with room for ten; its labs are a few lines of Python, so that thirty are no load."""
    made = HubDeployment(
        tmp_path_factory.mktemp("small"),
        f"hrplaces{os.getpid()}",
        {"AUTH": "dummy", "TOTAL_LAB_MEMORY": f"{64 * ROOM}M", "QUEUE_SECONDS": "600"},
    )
    made.make("init")
    (made.directory / "site" / "profiles.yaml").write_text(PROFILES.replace("PROJECT", made.project))
    stub = f"c.LabSpawner.cmd = {COMMAND!r}\n"
    (made.directory / "site" / "hub.d" / "10-stub.py").write_text(stub + VAST.replace("PROJECT", made.project))
    try:
        made.first_up()
        yield made
    finally:
        made.remove()


def labs(deployment: HubDeployment) -> dict[str, int]:
    """Who has a lab's container, and the memory that it was promised."""
    found = deployment.labs_by_person()
    return {name: int(each["Labels"]["homeroom.memory"]) for name, each in found.items()}


def signed_in(deployment: HubDeployment, name: str) -> Person:
    """Somebody who is about to ask for a lab."""
    person = Person(deployment, name)
    person.sign_in("")
    person.get("hub/home")
    return person


def ask(person: Person, profile: str = "tiny") -> str:
    """Ask for a lab; what went wrong, or nothing."""
    answer = person.api("POST", f"users/{person.name}/server", json={"profile": profile})
    return "" if answer.status_code in (201, 202) else f"{person.name}: {answer.status_code} {answer.text}"


def position(person: Person) -> int:
    """A user's position in the queue, by their waiting page; 0: they do not wait."""
    text = person.get(f"hub/spawn-pending/{person.name}", allow_redirects=False).text
    if "You are next in the queue" in text:
        return 1
    found = re.search(r"You are number (\d+) in the queue", text)
    return int(found[1]) if found else 0


def stop_when_ready(person: Person) -> None:
    """Stop a lab once its start is over, which it would interrupt."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not person.api("GET", f"users/{person.name}").json()["servers"][""]["ready"]:
        assert time.monotonic() < deadline, f"the lab of {person.name} is not ready"
        time.sleep(0.1)
    person.stop_lab()


@pytest.fixture
def sampled(small: HubDeployment) -> Iterator[list[int]]:
    """The memory that labs were promised in all, sampled while the test runs."""
    samples: list[int] = []
    stopped = threading.Event()

    def sample() -> None:
        while not stopped.wait(0.1):
            try:
                samples.append(sum(labs(small).values()))
            except DockerException:  # a container went while it was listed
                continue

    thread = threading.Thread(target=sample)
    thread.start()
    yield samples
    stopped.set()
    thread.join()


def test_thirty_people_and_room_for_ten(small: HubDeployment, sampled: list[int]) -> None:
    """All are served in the order of the queue, none is turned away, and never is more reserved than there
    is."""
    people = [signed_in(small, f"person{number:02}") for number in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool:
        asked = []
        for person in people:
            asked.append(pool.submit(ask, person))
            time.sleep(0.1)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while sorted(positions := [position(person) for person in people]) != [0] * ROOM + [
            *range(1, PEOPLE - ROOM + 1)
        ]:
            assert time.monotonic() < deadline, positions
        line = [person for _, person in sorted(zip(positions, people, strict=True), key=lambda pair: pair[0])]
        names = [person.name for person in line]
        small.wait_for_labs(set(names[:ROOM]))
        assert f"number {PEOPLE - ROOM} in the queue" in line[-1].progress_until("in the queue")
        for first in range(0, PEOPLE - ROOM, 5):
            list(pool.map(stop_when_ready, line[first : first + 5]))
            small.wait_for_labs(set(names[first + 5 : first + 5 + ROOM]))
        assert [each.result() for each in asked if each.result()] == []
        list(pool.map(stop_when_ready, line[-ROOM:]))
    assert max(sampled) == ROOM * LAB_MEMORY


def test_leaving_the_queue_and_a_hub_that_is_killed(small: HubDeployment) -> None:
    """Who leaves is out of line and the next is served; those who wait when the hub dies can simply ask again."""
    holder, first, second = (signed_in(small, name) for name in ("holder", "first", "second"))
    assert not ask(holder, "whole")
    small.wait_for_labs({"holder"})
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(ask, first)
        until(lambda: position(first) == 1, "the first is in the queue")
        pool.submit(ask, second)
        until(lambda: position(second) == 2, "the second is behind")
        page = first.get("hub/spawn-pending/first").text
        assert "You are next in the queue. No estimate yet." in " ".join(page.split())
        left = first.post_form("hub/homeroom/leave", server="")
        assert left.url.endswith("hub/home")
        one.result()
        assert "You are next in the queue" in second.get("hub/spawn-pending/second").text
    os.kill(small.container("hub").attrs["State"]["Pid"], signal.SIGKILL)
    small.compose("up", "--detach", "--no-recreate", "--wait", "hub")
    assert set(labs(small)) == {"holder"}
    second.get("hub/home")
    holder.stop_lab()
    second.start_lab("tiny")
    assert set(labs(small)) == {"second"}
    second.stop_lab()


def test_a_restart_keeps_its_reservation(small: HubDeployment) -> None:
    """A user who restarts their lab while others wait has it again at once: it keeps what it reserved."""
    holder, waiting = (signed_in(small, name) for name in ("restarter", "waiting"))
    assert not ask(holder, "whole")
    small.wait_for_labs({"restarter"})
    first = small.lab("restarter").id
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, waiting)
        until(lambda: position(waiting) == 1, "the other is in the queue")
        assert holder.post_form("hub/homeroom/labs/restarter/restart").ok
        until(lambda: labs(small).keys() == {"restarter"} and small.lab("restarter").id != first, "it began anew")
        assert position(waiting) == 1
        stop_when_ready(holder)
        assert asked.result() == ""
    small.wait_for_labs({"waiting"})
    stop_when_ready(waiting)


def test_a_lab_larger_than_the_capacity(small: HubDeployment) -> None:
    """The choice page says that it never fits; who takes it is told so at once, and takes a smaller one then."""
    person = signed_in(small, "greedy")
    shown = " ".join(person.get("hub/spawn").text.split())
    assert shown.count("This lab needs more than this machine offers.") == 1
    told = [person.post_form("hub/spawn/greedy", profile="vast").text]

    def is_told() -> bool:
        """Whether the page says so; where the machine is busy, the one that waits for the start is shown first."""
        if "needs more than this machine offers. Please choose a smaller one" in " ".join(told[-1].split()):
            return True
        told.append(person.get("hub/spawn-pending/greedy").text)
        return False

    until(is_told, "it is told", interval=0.5)
    assert "greedy" not in labs(small)
    person.start_lab("tiny")
    assert set(labs(small)) == {"greedy"}
    person.stop_lab()


def test_the_operator_is_told_of_a_lab_larger_than_the_capacity(small: HubDeployment) -> None:
    """By `make check` and by `make up`, with file and line, before anything changes."""
    file = small.directory / "site" / "profiles.yaml"
    before = file.read_text()
    file.write_text(before + f"  - {{name: vast, memory: {64 * ROOM + 1}M}}\n")
    try:
        for verb in ("check", "up"):
            done = small.verb(verb)
            assert done.returncode == 2, done.stdout
            assert (
                "site/profiles.yaml line 4 column 18: vast would never start: all labs together may have 640 MiB"
                in done.stdout
            )
            assert "raise TOTAL_LAB_MEMORY" in done.stdout
    finally:
        file.write_text(before)
