"""`make status`: services, labs, people, memory and disk at a glance."""

from __future__ import annotations

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker.errors
from docker.models.containers import Container
from rich.table import Table

from generator.core.console import counted, note, out, quoted, warn
from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.core.labels import SERVER_LABEL, USER_LABEL
from generator.core.machine import read_machine
from generator.core.paths import RENDERED, SITE
from generator.engine import services as table
from generator.engine.deployment import Deployment
from generator.engine.health import not_healthy
from generator.lifecycle import proof
from generator.topics.gpus import gpu_host, gpus
from generator.topics.gpus.site import GPUS
from generator.topics.labs.labs import budget
from generator.topics.prewarm import prewarm
from generator.topics.prewarm.site import SCHEDULE
from generator.topics.sign_in import accounts
from generator.topics.storage import home_use
from generator.topics.storage.home_use import HomeUse

LARGEST_HOMES = 15


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


def age(started: str, now: datetime) -> str:
    """How long ago, in the largest unit: `3 h`."""
    seconds = int((now - datetime.fromisoformat(started)).total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(0, seconds)} s"


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


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column)
    return table


def show(deployment: Deployment) -> None:
    """Print the state of the deployment; works also when nothing runs."""
    now = datetime.now(UTC)
    services = {name: deployment.service(name) for name in table.names(deployment.settings)}
    labs = deployment.labs(running_only=True)
    present = [one for one in (*services.values(), *labs) if one is not None and one.status == "running"]
    pool = ThreadPoolExecutor(8)  # what takes seconds is asked for at once, and shown when its turn comes
    hub_runs = services["hub"] in present  # else the table says that it does not
    lesson = pool.submit(prewarm.upcoming, deployment) if hub_runs and (SITE / SCHEDULE).exists() else None
    native = deployment.settings.AUTH == "native"
    people = pool.submit(accounts.ask_hub, deployment, "summary") if hub_runs and native else None
    homes = pool.submit(home_use.read, deployment.client, deployment.settings, RENDERED)
    port = pool.submit(proof.port_fault, deployment.settings) if services["proxy"] in present else None
    used = dict(zip((one.id for one in present), pool.map(memory, present), strict=True))

    note(f"[bold]{deployment.project}[/bold]  {proof.address(deployment.settings)}  {deployment.engine.title}\n")
    table = _table("service", "state", "since", "memory")
    for name, container in services.items():
        if container is None:
            table.add_row(name, "[red]not there[/red] (`make up`)", "", "")
            continue
        state = container.attrs["State"]
        health = state.get("Health", {}).get("Status", state["Status"])
        colour = "green" if health == "healthy" else "red"
        table.add_row(
            name, f"[{colour}]{health}[/{colour}]", age(state["StartedAt"], now), _in_use(used.get(container.id))
        )
    out.print(table)
    if error := not_healthy(deployment) or (port.result() if port else None):
        warn(str(error))

    promised = sum(lab.attrs["HostConfig"]["Memory"] for lab in labs)
    all_memory, _ = budget(deployment.settings, read_machine())
    note(f"\n[bold]{counted(len(labs), 'lab')} running[/bold], {in_units(promised)} of {in_units(all_memory)} promised")
    if labs:
        outdated = {lab.id for lab in labs if runs_old_image(deployment, lab)}
        table = _table("person", "image", "since", "memory")
        for lab in sorted(labs, key=lambda one: one.labels[USER_LABEL]):
            image = quoted(lab.attrs["Config"]["Image"]) + (" [yellow](old)[/yellow]" if lab.id in outdated else "")
            table.add_row(_who(lab), image, age(lab.attrs["State"]["StartedAt"], now), _in_use(used.get(lab.id)))
        out.print(table)
        if outdated:
            note(f"{len(outdated)} of them run an old image; they get the new one when they are started next.")

    if lesson:
        _show_lesson(lesson)
    _show_gpus(deployment, now)
    if people:
        _show_people(people)
    _show_homes(homes.result(), deployment.settings.HOME_SOFT_LIMIT)
    _show_machine(deployment)


def _show_lesson(answer: Future[dict[str, Any]]) -> None:
    """The next lesson and how many labs wait for their people."""
    try:
        found = answer.result()
    except HomeroomError as error:
        warn(str(error))
        return
    lesson = found["lesson"]
    if lesson:
        begin, labs_from = (datetime.fromisoformat(lesson[name]) for name in ("begin", "labs_from"))
        when = f"{begin:%a %d %b %H:%M}, labs from {labs_from:%H:%M}"
        note(f"\n[bold]next lesson[/bold]  {quoted(lesson['name'])} ({quoted(', '.join(lesson['groups']))}), {when}")
    if lesson or found["warm"]:
        note(f"{counted(found['warm'], 'lab')} warm: started for a lesson and not opened yet")


def _show_gpus(deployment: Deployment, now: datetime) -> None:
    """Who holds what since when, from the labs' labels; nothing where there is no GPU to lease or held."""
    try:
        pool = gpus.load(SITE, gpu_host.read_host() if (SITE / GPUS).exists() else [])
    except HomeroomError as error:
        warn(str(error))
        pool = gpus.NO_GPUS
    living = (one for one in deployment.labs() if one.status not in ("exited", "dead"))
    held = gpus.holders((one.labels, one.attrs["Created"]) for one in living)
    listed = {gpu["id"]: gpu for gpu in pool.gpus}
    if not listed and not held:
        return
    free = sum(gpu["slots"] > len(held.get(gpu["id"], ())) for gpu in pool.gpus)
    note(f"\n[bold]{free} of {len(listed)} GPUs free[/bold]")
    table = _table("GPU", "held by", "slots")
    for name in [*listed, *sorted(held.keys() - listed.keys())]:
        labs = ", ".join(f"{quoted(lab)} ({age(created, now)})" for lab, created in held.get(name, ()))
        gpu = listed.get(name, {"label": "[red]not in site/gpus.yaml[/red]", "slots": 0})
        table.add_row(
            f"{gpu['label']} [dim]{quoted(name)}[/dim]", labs or "-", f"{len(held.get(name, ()))} of {gpu['slots']}"
        )
    out.print(table)


def _show_people(answer: Future[dict[str, Any]]) -> None:
    try:
        people = answer.result()
    except HomeroomError as error:
        warn(str(error))
        return
    waiting = people["waiting"]
    waits = f", {len(waiting)} waiting for approval: {', '.join(map(quoted, waiting[:10]))}" if waiting else ""
    note(f"\n[bold]{counted(people['accounts'], 'account')}[/bold]{waits}")


def _show_homes(use: HomeUse, soft_limit_bytes: int) -> None:
    """What homes take, the largest first; those over HOME_SOFT_LIMIT stand out."""
    known = {name: size for name, size in use.bytes_of.items() if size is not None}
    age_said = f", as of {use.age_seconds / 60:.0f} min ago" if use.age_seconds >= 60 else ""
    note(f"[bold]{counted(len(use.bytes_of), 'home')}[/bold], {in_units(sum(known.values()))} in all{age_said}")
    if use.fault:
        warn(f"What homes take now: {use.fault}")
    if not known:
        return
    table = _table("home of", "takes")
    for name, size in sorted(known.items(), key=lambda one: -one[1])[:LARGEST_HOMES]:
        over = soft_limit_bytes and size > soft_limit_bytes
        table.add_row(
            quoted(name), f"[yellow]{in_units(size)}, over HOME_SOFT_LIMIT[/yellow]" if over else in_units(size)
        )
    out.print(table)
    if len(known) > LARGEST_HOMES:
        note(f"and {len(known) - LARGEST_HOMES} smaller ones")


def _show_machine(deployment: Deployment) -> None:
    facts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    total, free = (int(facts[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
    storage = deployment.client.info()["DockerRootDir"]
    disk = shutil.disk_usage(storage if Path(storage).exists() else "/")
    note(
        f"\nmemory  {in_units(free)} free of {in_units(total)}\n"
        f"disk    {in_units(disk.free)} free of {in_units(disk.total)} ({storage})"
    )
