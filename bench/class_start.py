"""How long users wait when a class starts at 10:00, with `make prewarm` and without: `python -m bench.class_start`.

Real hub, proxy, guard and engine, and a container for each person. In it runs `bench/class_lab.py`, which signs people
in as a lab does and takes as much CPU time to start as a real lab took just before, but little memory. People have
signed in at the hub before; from then on each does what a browser does, until the lab's page is there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import cpu_seconds, process_cpu_seconds
from tests.hub_deployment import ROOT, HubDeployment
from tests.person import PATIENCE_SECONDS, Person

GROUP = "class"
REAL = "real"
SEED = 220
STUB = (ROOT / "bench/class_lab.py").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Waits:
    """How long people waited, in seconds from the first click to the lab's page, and how often they had to click."""

    seconds: tuple[float, ...]
    clicks: int

    def summary(self) -> dict[str, float]:
        """The figures of a table."""
        ordered = sorted(self.seconds)
        return {
            "median": round(statistics.median(ordered), 2),
            "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 2),
            "longest": round(ordered[-1], 2),
            "failed_starts": self.clicks - len(ordered),
            "share_below_1_s": round(sum(each < 1 for each in ordered) / len(ordered), 3),
        }


def names(people: int) -> list[str]:
    """Who is in the class."""
    return [f"student{number:03}" for number in range(people)]


def describe(deployment: HubDeployment, people: Sequence[str], lab_cpu_seconds: float) -> None:
    """Write the class's profiles and groups, and have stub labs started in place of real ones."""
    stub = f"""\
profiles:
  - name: stub
    image: "{deployment.project}-hub:local"
    memory: 64M
    shm: 64M
    cpus: 1
    environment: {{STUB_CPU_SECONDS: "{lab_cpu_seconds:.2f}"}}
    allow: {{groups: [{GROUP}], admins: false}}
  - name: {REAL}
    allow: {{users: [calibrator]}}
"""
    site = deployment.directory / "site"
    (site / "profiles.yaml").write_text(stub)
    (site / "groups.yaml").write_text(f"groups:\n  {GROUP}:\n    members: [{', '.join(people)}]\n")
    (site / "hub.d/10-stub.py").write_text(
        f"def stub(spawner):\n    if spawner.plan.profile == 'stub':\n"
        f"        spawner.cmd = ['/opt/jupyterhub/bin/python', '-c', {STUB!r}]\n\n"
        "c.LabSpawner.pre_spawn_hook = stub\n"
    )


def signed_in(deployment: HubDeployment, name: str) -> Person:
    """A user who has signed in and looks at the hub's home page."""
    person = Person(deployment, name)
    person.sign_in("")
    return person


def click(person: Person) -> tuple[float, int]:
    """Ask for the lab as a browser does, once more where its start failed, until its page is there.

    :returns: how long that took, in seconds, and how many clicks.
    """
    began, clicks = time.monotonic(), 1
    answer = person.get("hub/spawn")
    while "/spawn-pending/" in answer.url:
        if _is_ready(person):
            answer = person.get(f"user/{person.name}/lab")
        else:
            clicks += 1
            answer = person.get("hub/spawn")
    assert answer.status_code == 200, f"{person.name}: {answer.status_code} {answer.text[:500]}"
    assert f"/user/{person.name}/" in answer.url, answer.url
    return time.monotonic() - began, clicks


def _is_ready(person: Person) -> bool:
    """Follow the waiting page's events to the end; whether the lab is ready then, or its start failed."""
    for event in person.progress():
        if event.get("ready") or event.get("failed"):
            return bool(event.get("ready"))
    return True  # it had ended before it was asked for


def at_ten(people: Sequence[Person], within_seconds: float) -> Waits:
    """All click, at moments spread over a time, the same ones in each run."""
    moments = random.Random(SEED)
    ten = time.monotonic() + 1

    def come(person: Person, moment: float) -> tuple[float, int]:
        time.sleep(max(0.0, ten + moment - time.monotonic()))
        return click(person)

    with ThreadPoolExecutor(len(people)) as pool:
        coming = [pool.submit(come, person, moments.uniform(0, within_seconds)) for person in people]
        came = [each.result() for each in coming]
    return Waits(seconds=tuple(seconds for seconds, _ in came), clicks=sum(clicks for _, clicks in came))


def all_in_one_second(deployment: HubDeployment, people: Sequence[Person]) -> tuple[Waits, float]:
    """All click at once, to labs that run.

    :returns: how long they waited, and the milliseconds of CPU that the hub took for each.
    """
    before = process_cpu_seconds(hub := deployment.container("hub"))
    waits = at_ten(people, 1)
    return waits, (process_cpu_seconds(hub) - before) / len(people) * 1000


def stop_labs(deployment: HubDeployment, people: Sequence[Person]) -> None:
    """Stop all labs, and wait until they are gone."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(Person.stop_lab_if_any, people))
    deployment.wait_for_labs(set(), PATIENCE_SECONDS)


def lab_cpu_seconds(deployment: HubDeployment) -> float:
    """CPU time that a real lab takes to start; the second one's, since the first reads everything from disk."""
    person = signed_in(deployment, "calibrator")
    for _ in range(2):
        person.start_lab(REAL)
        taken = cpu_seconds(deployment.lab(person.name))
        person.stop_lab()
    return taken


@contextmanager
def class_deployment(project: str, people: int) -> Iterator[HubDeployment]:
    """A deployment with room for the class; gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        room = f"{(people + 2) * 64 + 2048}M"
        # A lab that shares the machine with 200 others that start takes its time; no start is to be cancelled here.
        settings = {
            "AUTH": "dummy",
            "TOTAL_LAB_MEMORY": room,
            "TOTAL_LAB_CPUS": "100000",
            "LAB_START_TIMEOUT_SECONDS": "1800",
        }
        deployment = HubDeployment(Path(folder) / "bench", project, settings)
        try:
            deployment.make("init")
            describe(deployment, names(people), 0)
            deployment.up()
            yield deployment
        finally:
            deployment.remove()


def measure(
    deployment: HubDeployment,
    people: int,
    within_seconds: float,
    cpu: float | None,
    say: Callable[[str], None],
    *,
    prewarmed: bool,
) -> dict[str, Any]:
    """Let the class come without and with prewarming, then all within a second, to labs that run.

    :param cpu: CPU time that a lab takes to start, in seconds; None: as a real one takes now.
    :param prewarmed: only the last of these.
    """
    cpu = lab_cpu_seconds(deployment) if cpu is None else cpu
    say(f"a lab takes {cpu:.2f} s of CPU to start")
    describe(deployment, names(people), cpu)
    deployment.make("restart")
    found: dict[str, Any] = {"people": people, "within_seconds": within_seconds, "cpus": os.cpu_count()}
    found["lab_cpu_seconds"] = round(cpu, 2)

    def class_() -> list[Person]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda name: signed_in(deployment, name), names(people)))

    if not prewarmed:
        found["without"] = at_ten(everyone := class_(), within_seconds).summary()
        say(f"without: {found['without']}")
        stop_labs(deployment, everyone)
    everyone = class_()
    began = time.monotonic()
    deployment.make("prewarm", f"GROUP={GROUP}")
    found["prewarm_seconds"] = round(time.monotonic() - began, 1)
    say(f"{len(deployment.labs_by_person())} labs were prewarmed after {found['prewarm_seconds']} s")
    if not prewarmed:
        found["with"] = at_ten(everyone, within_seconds).summary()
        say(f"with: {found['with']}")
        everyone = class_()  # signed in again, so that no user is known to a lab
    waits, hub_cpu = all_in_one_second(deployment, everyone)
    found["with, all in one second"], found["hub_cpu_ms_each"] = waits.summary(), round(hub_cpu, 1)
    say(f"the hub took {hub_cpu:.1f} ms of CPU for each who came within one second")
    return found


def table(found: dict[str, Any]) -> str:
    """The result as a table in Markdown."""
    rows = [
        "| class start | median | 95 of 100 within | longest | below 1 s | failed starts |",
        "|---|---|---|---|---|---|",
    ]
    for title, figures in found.items():
        if isinstance(figures, dict):
            waits = " | ".join(f"{figures[name]:.2f} s" for name in ("median", "p95", "longest"))
            rows.append(f"| {title} | {waits} | {figures['share_below_1_s']:.0%} | {figures['failed_starts']} |")
    return "\n".join(rows)


def main() -> None:
    """Measure, and print a table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.class_start", description=__doc__)
    parser.add_argument("--people", type=int, default=220)
    parser.add_argument("--within", type=float, default=60.0, metavar="SECONDS", help="how far apart the clicks are")
    parser.add_argument("--lab-cpu", type=float, metavar="SECONDS", help="CPU time of a lab's start; else measured")
    parser.add_argument(
        "--prewarmed", action="store_true", help="only the last row: all in one second, to labs that run"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    threading.stack_size(256 * 1024)
    with class_deployment(f"hrclass{os.getpid()}", given.people) as deployment:
        say = (lambda _: None) if given.json else print
        found = measure(deployment, given.people, given.within, given.lab_cpu, say, prewarmed=given.prewarmed)
    print(json.dumps(found, indent=2) if given.json else table(found))


if __name__ == "__main__":
    main()
