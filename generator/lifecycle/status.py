"""`make status`: services, labs, users, memory and disk at a glance."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import docker.errors
from docker.models.containers import Container

from generator import topics
from generator.core.console import age, counted, note, out, quoted, table, warn
from generator.core.finding import in_units
from generator.core.labels import SERVER_LABEL, USER_LABEL
from generator.core.machine import read_machine, read_meminfo
from generator.engine import services
from generator.engine.address import address
from generator.engine.deployment import Deployment
from generator.engine.glance import Glance
from generator.engine.health import health_of, not_healthy
from generator.lifecycle import smoke_test, timers
from generator.topics.labs.labs import lab_capacity


def memory(container: Container) -> tuple[int, int] | None:
    """Bytes that a container uses, without the page cache it could give back, and its limit; None when it is gone."""
    try:
        answer: Any = container.stats(stream=False, one_shot=True)
        stats = answer["memory_stats"]
    except (docker.errors.APIError, KeyError):
        return None
    if "usage" not in stats:
        return None
    details = stats.get("stats", {})
    cache = details.get("inactive_file", details.get("total_inactive_file", 0))
    return stats["usage"] - cache, stats.get("limit", 0)


def _in_use(used: tuple[int, int] | None) -> str:
    return f"{in_units(used[0])} of {in_units(used[1])}" if used else "-"


def _who(lab: Container) -> str:
    """Whose lab it is, with its name where it has one."""
    name = lab.labels.get(SERVER_LABEL, "")
    return quoted(lab.labels[USER_LABEL] + (f" ({name})" if name else ""))


def runs_old_image(deployment: Deployment, lab: Container) -> bool:
    """Whether the lab's image by its name is another one by now, or gone."""
    try:
        current = deployment.client.images.get(lab.attrs["Config"]["Image"]).id
    except docker.errors.ImageNotFound:
        return True
    return bool(current != lab.attrs["Image"])


def show(deployment: Deployment) -> None:
    """Print the state of the deployment; works also when nothing runs."""
    now = datetime.now(UTC)
    found = {name: deployment.service(name) for name in services.names(deployment.settings)}
    labs = deployment.labs(running_only=True)
    present = [one for one in (*found.values(), *labs) if one is not None and one.status == "running"]
    pool = ThreadPoolExecutor(8)  # what takes seconds is asked for at once, and shown when its turn comes
    hub_runs = found["hub"] in present  # else the table says that it does not
    glance = Glance(deployment=deployment, now=now, hub_runs=hub_runs, pool=pool)
    topics_parts = [part.ask(glance) for part in sorted(topics.each("status"), key=lambda part: part.ORDER)]
    port = pool.submit(smoke_test.port_fault, deployment.settings) if found["proxy"] in present else None
    clock = pool.submit(lambda: list(timers.findings(deployment.settings)))
    used = dict(zip((one.id for one in present), pool.map(memory, present), strict=True))

    note(f"[bold]{deployment.project}[/bold]  {address(deployment.settings)}  {deployment.engine.title}\n")
    _show_services(found, used, now)
    if error := not_healthy(deployment) or (port.result() if port else None):
        warn(str(error))
    _show_labs(deployment, labs, used, now)
    _show_memory()
    for show_part in topics_parts:
        show_part()
    timers.show(deployment.settings, now, clock.result())


Used = dict[str | None, tuple[int, int] | None]
"""What each container uses, by its id: as `memory` tells it."""


def _show_services(found: dict[str, Container | None], used: Used, now: datetime) -> None:
    rows = table("service", "state", "since", "memory")
    for name, container in found.items():
        if container is None:
            rows.add_row(name, "[red]not there[/red] (`make up`)", "", "")
            continue
        health = health_of(container)
        colour = "green" if health == "healthy" else "red"
        rows.add_row(
            name,
            f"[{colour}]{health}[/{colour}]",
            age(container.attrs["State"]["StartedAt"], now),
            _in_use(used.get(container.id)),
        )
    out.print(rows)


def _show_labs(deployment: Deployment, labs: list[Container], used: Used, now: datetime) -> None:
    reserved = sum(lab.attrs["HostConfig"]["Memory"] for lab in labs)
    all_memory, _ = lab_capacity(deployment.settings, read_machine())
    note(f"\n[bold]{counted(len(labs), 'lab')} running[/bold], {in_units(reserved)} of {in_units(all_memory)} reserved")
    if not labs:
        return
    outdated = {lab.id for lab in labs if runs_old_image(deployment, lab)}
    rows = table("user", "image", "since", "memory")
    for lab in sorted(labs, key=lambda one: one.labels[USER_LABEL]):
        image = quoted(lab.attrs["Config"]["Image"]) + (" [yellow](old)[/yellow]" if lab.id in outdated else "")
        rows.add_row(_who(lab), image, age(lab.attrs["State"]["StartedAt"], now), _in_use(used.get(lab.id)))
    out.print(rows)
    if outdated:
        note(f"{len(outdated)} of them run an old image; they get the new one when they are started next.")


def _show_memory() -> None:
    """What the machine has free; its disks are a topic's."""
    facts = read_meminfo()
    note(f"memory: {in_units(facts['MemAvailable'])} of {in_units(facts['MemTotal'])} free")
