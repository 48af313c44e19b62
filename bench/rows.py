"""The measurements. Each takes both deployments, leaves them as found, and returns rows of the table."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bench import visits
from bench.deployments import PATIENCE_SECONDS, Deployment, Homeroom, Stock
from bench.figures import cpu_seconds, engine_cpu_seconds, memory_mib, pss_mib
from bench.grading import rows as grading_rows
from bench.launches import rows as launch_rows
from bench.people import all_at_once, all_signed_in, signed_in, start, stop
from bench.table import Goal, Row, percentile
from tests.hub_deployment import engine, free_port
from tests.person import Person

REQUESTS = 400
LAUNCHES_PER_SECOND = 20
LISTENING_PYTHON = ["/usr/bin/python3", "-m", "http.server", "8888", "--directory", "/tmp"]
TIMES = """
import http.client, json, sys, time
%(connections)s
found = {"straight": [], "proxied": []}
for number in range(%(count)d + 20):
    for name, connection in (("straight", straight), ("proxied", proxied)):
        began = time.perf_counter()
        connection.request("GET", %(path)r)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (name, answer.status)
        if number >= 20:
            found[name].append((time.perf_counter() - began) * 1000)
print(json.dumps(found))
"""


@dataclass(frozen=True, kw_only=True)
class Both:
    """What is measured, and how much of it.

    :param repetitions: of what is short.
    :param people: who do something at once.
    :param students: whose submissions are graded.
    :param labs: stub labs of one hub, and websockets to one lab.
    :param settle_seconds: after a start, until what still goes on in a lab is over.
    :param idle_seconds: for which a hub is watched that has nothing to do.
    """

    stock: Stock
    homeroom: Homeroom
    repetitions: int
    people: int
    students: int
    labs: int
    settle_seconds: float
    idle_seconds: float

    @property
    def each(self) -> tuple[Deployment, Deployment]:
        """Both, in the order in which their columns stand."""
        return self.stock, self.homeroom


def starts(both: Both) -> list[Row]:
    """One person's lab, again and again, in turn: the wait, the CPU and the memory of it."""
    found: dict[str, dict[str, list[float]]] = {each.name: {} for each in both.each}
    bare: list[float] = []
    people = {each.name: signed_in(each, "one") for each in both.each}
    for _ in range(both.repetitions):
        bare.append(bare_container_seconds(both.homeroom))
        for deployment in both.each:
            for name, value in _one_start(deployment, people[deployment.name], both.settle_seconds).items():
                found[deployment.name].setdefault(name, []).append(value)
    stock, ours = found["stock"], found["Homeroom"]

    def row(what: str, unit: str, key: str, goal: Goal | None) -> Row:
        return Row(name="starts", what=what, unit=unit, homeroom=ours[key], reference=stock[key], goal=goal)

    rows = [
        row("request to lab ready, one person", "s", "wait", Goal(ratio=0.30)),
        Row(
            name="starts",
            what="the same against a bare container that listens",
            unit="s",
            homeroom=ours["wait"],
            reference=bare,
            of="bare",
            goal=Goal(ratio=2.5),
        ),
        row("CPU to start a lab: lab, hub, proxy, guard", "s", "cpu", Goal(ratio=0.35)),
        row("memory of an idle lab, cgroup", "MiB", "memory", Goal(ratio=0.6)),
        row("memory of an idle lab, PSS", "MiB", "pss", Goal(ratio=0.6)),
    ]
    if "engine" in ours:
        rows.insert(3, row("CPU of the engine itself meanwhile", "s", "engine", None))
    return rows


def _one_start(deployment: Deployment, person: Person, settle_seconds: float) -> dict[str, float]:
    services = deployment.services()
    used, engine_used = sum(map(cpu_seconds, services)), engine_cpu_seconds()
    found = {"wait": start(person)}
    time.sleep(settle_seconds)
    lab = deployment.lab(person.name)
    found["cpu"] = cpu_seconds(lab) + sum(map(cpu_seconds, services)) - used
    if engine_used is not None:
        found["engine"] = (engine_cpu_seconds() or 0.0) - engine_used
    found |= {"memory": memory_mib(lab), "pss": pss_mib(lab)}
    stop(person)
    return found


def bare_container_seconds(homeroom: Homeroom) -> float:
    """From `docker run` to the first answer of Python's own little web server, in the same image."""
    port = free_port()
    began = time.monotonic()
    container = engine().containers.run(
        f"{homeroom.deployment.project}-lab:local",
        LISTENING_PYTHON,
        detach=True,
        ports={"8888/tcp": ("127.0.0.1", port)},
        labels={"homeroom.deployment": homeroom.deployment.project},
    )
    try:
        while True:
            try:
                if requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok:
                    return time.monotonic() - began
            except requests.ConnectionError:
                if time.monotonic() - began > PATIENCE_SECONDS:
                    raise
                time.sleep(0.005)
    finally:
        container.remove(force=True)


def classes(both: Both) -> list[Row]:
    """A class that comes at once, and goes at once."""
    names = [f"pupil{number:03}" for number in range(both.people)]
    came: dict[str, float] = {}
    went: dict[str, float] = {}
    for deployment in both.each:
        people = all_signed_in(deployment, names)
        came[deployment.name] = all_at_once(people, start)
        time.sleep(both.settle_seconds)
        went[deployment.name] = all_at_once(people, stop)

    def row(what: str, times: dict[str, float], goal: Goal) -> Row:
        ours, stock = [times["Homeroom"]], [times["stock"]]
        return Row(name="classes", what=what, unit="s", homeroom=ours, reference=stock, goal=goal)

    return [
        row(f"{both.people} people at once: the last lab is ready", came, Goal(ratio=0.35)),
        row(f"{both.people} labs are stopped at once: the last is gone", went, Goal(ratio=0.5)),
    ]


def pages(both: Both) -> list[Row]:
    """People with a browser, over plain HTTP."""
    return visits.pages(both.each, max(1, both.repetitions // 3), both.settle_seconds)


def edges(both: Both) -> list[Row]:
    """The same through the edge, over HTTPS; the stock deployment as before."""
    with both.homeroom.through_edge():
        return visits.edges(both.each, max(1, both.repetitions // 3), both.settle_seconds)


def proxies(both: Both) -> list[Row]:
    """What the proxy adds to a request to a lab, seen from the hub's container."""
    added: dict[str, dict[int, float]] = {}
    for deployment in both.each:
        with running_lab(deployment, "asker") as person:
            path = f"{deployment.base_url}user/{person.name}/api"
            script = TIMES % {
                "connections": deployment.connections(person.name),
                "count": REQUESTS,
                "path": path,
            }
            done = deployment.services()[0].exec_run(["python3", "-c", script])
            if done.exit_code:
                raise RuntimeError(f"requests in the hub's container failed:\n{done.output.decode()}")
            found = json.loads(done.output)
        added[deployment.name] = {
            share: percentile(found["proxied"], share) - percentile(found["straight"], share) for share in (50, 99)
        }
    return [
        Row(
            name="proxies",
            what=f"what the proxy adds to a request, p{share}",
            unit="ms",
            homeroom=[added["Homeroom"][share]],
            reference=[added["stock"][share]],
            goal=Goal(value=1.0) if share == 50 else None,
        )
        for share in (50, 99)
    ]


def websockets(both: Both) -> list[Row]:
    """Websockets to a lab that are lost when the hub is restarted."""
    lost: dict[str, int] = {}
    for deployment in both.each:
        with running_lab(deployment, "listener") as person:
            opened = [_events(person) for _ in range(both.labs)]
            try:
                deployment.restart_hub()
                lost[deployment.name] = sum(not _is_open(each) for each in opened)
            finally:
                for each in opened:
                    each.close()
    return [
        Row(
            name="websockets",
            what=f"websockets lost of {both.labs}, over a restart of the hub",
            unit="websockets",
            homeroom=[lost["Homeroom"]],
            reference=[lost["stock"]],
            goal=Goal(value=0),
        )
    ]


def _events(person: Person) -> ClientConnection:
    """A websocket to the lab's events, as every open page has one."""
    address = urlsplit(person.deployment.url)
    url = f"ws://{address.netloc}{address.path}user/{person.name}/api/events/subscribe"
    asked = requests.Request("GET", person.deployment.url + f"user/{person.name}/")
    headers = {"Cookie": person.web.prepare_request(asked).headers["Cookie"], "Origin": f"http://{address.netloc}"}
    return connect(url, additional_headers=headers, proxy=None, ping_interval=None)


def _is_open(channel: ClientConnection) -> bool:
    try:
        return channel.ping().wait(10)
    except ConnectionClosed:
        return False


def launches(both: Both) -> list[Row]:
    """People who come from a course, all within ten seconds; hubs of their own, without deployments."""
    return launch_rows(both.labs, max(1.0, both.labs / LAUNCHES_PER_SECOND))


def hubs(both: Both) -> list[Row]:
    """Homeroom's hub under many people and labs, which are stubs. The last measurement: labs stay stubs."""
    homeroom, count = both.homeroom, both.labs
    homeroom.use_stub_labs()
    people = all_signed_in(homeroom, [f"member{number:03}" for number in range(count)])
    administrator = signed_in(homeroom, "admin")
    hub = homeroom.services()[0]
    calm = _idle(hub, both.idle_seconds)
    ticks = _ticks(administrator)
    took = all_at_once(people, start)
    storm = {bound: seen - ticks[bound] for bound, seen in _ticks(administrator).items()}
    time.sleep(both.settle_seconds)
    busy = _idle(hub, both.idle_seconds)
    all_at_once(people, stop)

    def row(what: str, unit: str, value: float, before: float | None = None, goal: Goal | None = None) -> Row:
        reference = [] if before is None else [before]
        return Row(name="hubs", what=what, unit=unit, homeroom=[value], reference=reference, of="no labs", goal=goal)

    return [
        row(f"{count} stub labs at once: the last is ready", "s", took),
        row("delay of the hub's event loop meanwhile, p99 at most", "ms", delay_ms(storm, 0.99), goal=Goal(value=50)),
        row(f"CPU of the hub with {count} people and {count} idle labs", "% of one", busy[0], calm[0]),
        row(f"memory of the hub with {count} people and {count} idle labs", "MiB", busy[1], calm[1]),
    ]


def _idle(hub: Any, seconds: float) -> tuple[float, float]:
    """A container's CPU, in percent of one, and memory, in MiB, while nothing is asked of it."""
    used, began = cpu_seconds(hub), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_seconds(hub) - used) / (time.monotonic() - began), memory_mib(hub)


def _ticks(administrator: Person) -> dict[float, float]:
    """The hub's own count of its event loop's delays: how many were at most so many seconds."""
    text = administrator.get("hub/metrics").text
    pattern = r'^jupyterhub_event_loop_interval_seconds_bucket\{le="([^"]+)"\} (\S+)$'
    found = {float(bound): float(count) for bound, count in re.findall(pattern, text, re.MULTILINE)}
    if not found:
        raise RuntimeError("the hub's metrics hold nothing of its event loop")
    return found


def delay_ms(counts: dict[float, float], share: float) -> float:
    """The least bound within which so large a share of the delays is."""
    total = counts[float("inf")]
    return next(bound for bound, count in sorted(counts.items()) if count >= share * total) * 1000


@contextmanager
def running_lab(deployment: Deployment, name: str) -> Iterator[Person]:
    """A user with a lab, which is stopped afterwards."""
    person = signed_in(deployment, name)
    start(person)
    person.wait_for_lab()
    try:
        yield person
    finally:
        stop(signed_in(deployment, name))


def grading(both: Both) -> list[Row]:
    """A class that is graded, and the grader's pages meanwhile."""
    return grading_rows(both.students)


MEASUREMENTS: dict[str, Callable[[Both], list[Row]]] = {
    "starts": starts,
    "classes": classes,
    "pages": pages,
    "proxies": proxies,
    "websockets": websockets,
    "launches": launches,
    "grading": grading,
    "edges": edges,
    "hubs": hubs,
}
"""In the order in which they are made. `edges` and then `hubs` last: `hubs` brings the deployment up once more, without
the edge and with labs that are stubs."""
WITHOUT_DEPLOYMENTS = {"launches", "grading"}
