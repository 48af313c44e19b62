"""The page on which people choose their lab, and what they are told in the queue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from homeroom.labs.plan import LabPlan
from homeroom.queue.resources import Estimate, Resources
from homeroom.queue.start_queue import LARGER

TEMPLATES = Path("/opt/jupyterhub/share/homeroom/templates")


def size(size_bytes: int) -> str:
    """Memory as people read it: `512 MB`, `2 GB`."""
    if size_bytes >= 2**30:
        return f"{size_bytes / 2**30:.3g} GB"
    return f"{size_bytes / 2**20:.0f} MB"


def what_it_gives(plan: LabPlan) -> list[str]:
    """What a lab gives, in a user's words, one fact each."""
    facts = [f"{size(plan.memory_bytes)} memory", f"{plan.cpus:g} CPU" + ("" if plan.cpus == 1 else "s")]
    if plan.gpus:
        facts.append(f"{plan.gpus} GPU" + ("" if plan.gpus == 1 else "s"))
    if plan.network == "none":
        facts.append("no network")
    if plan.ephemeral:
        facts.append("files are thrown away at the end")
    if plan.max_age_seconds:
        facts.append(f"ends after {duration(plan.max_age_seconds)}")
    return facts


def duration(seconds: int) -> str:
    """A time span in its largest whole unit: `2 h`, `45 min`."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds} s"


def labs_that_fit(plan: LabPlan, used: Resources, capacity: Resources) -> int:
    """How many labs of this profile fit beside what is reserved already."""
    by_memory = max(0, capacity.memory_bytes - used.memory_bytes) // plan.memory_bytes
    by_cpu = int(max(0.0, capacity.cpus - used.cpus + 1e-9) // plan.cpus)
    return int(min(by_memory, by_cpu))


def minutes(seconds: float) -> str:
    """A time span to wait, never told shorter than it is: `1 min`, `25 min`, `3 h`, `2 d`."""
    for unit, length, up_to in (("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds <= up_to:
            return f"{max(1, math.ceil(seconds / length))} {unit}"
    return f"{math.ceil(seconds / 86400)} d"


def when_free(place: str, estimate: Estimate) -> str:
    """When a place falls free, as a sentence that begins with it."""
    latest, likely = estimate.latest_seconds, estimate.likely_seconds
    if latest is None and likely is None:
        return f"Nobody can say when {place.lower()} falls free."
    words = []
    if latest is not None:
        words.append(f"at the latest in {minutes(latest)}")
    if likely is not None:
        words.append(f"perhaps in {minutes(likely)}, if a lab that nobody uses now is not taken up again")
    return f"{place} falls free {', '.join(words)}."


def shortage(short: Sequence[str]) -> str:
    """What there is too little of, to be added to a sentence; empty where nobody can tell."""
    if not short:
        return ""
    return f": {' and '.join(short)} {'is' if list(short) == ['memory'] else 'are'} short"


def queue_message(position: int, estimate: Estimate, *, what: str = "places", short: Sequence[str] = ()) -> str:
    """What a user in the queue is told, and for what they wait."""
    place = "You are next in line" if position == 1 else f"You are number {position} in line"
    return f"All {what} are taken{shortage(short)}. {place}. {when_free('Your place', estimate)}"


def queue_progress(position: int, first: int) -> int:
    """How far the waiting page's bar has come, in percent, for a user who began at position `first`."""
    return 5 + round(40 * (first - position) / max(first, 1))


def start_progress(seconds: float) -> int:
    """How far the bar has come when a lab has been starting for so long: ever slower, and never done by itself."""
    return round(95 - 45 * math.exp(-seconds / 5))


def free_message(free: int, estimate: Estimate, short: Sequence[str] = ()) -> str:
    """What a card says of the places that are free now, or what is short and when the next one is free."""
    if free <= 0:
        return f"No place free now{shortage(short)}. {when_free('The next', estimate)}"
    return "1 place free now" if free == 1 else f"{free} places free now" if free < 100 else "Places free now"


def form(
    profiles: Sequence[Mapping[str, Any]],
    plans: Sequence[LabPlan],
    used: Resources,
    capacity: Resources,
    *,
    chosen: str,
    estimates: Sequence[Estimate],
    gpu_capacity: Sequence[int | None] = (),
) -> str:
    """The inner part of the choice page's form; plain radio buttons, so it needs no script.

    :param estimates: when the next lab of each profile can start, should none fit now.
    :param gpu_capacity: how many labs of each profile could have their GPUs; None for one without GPUs.
    """
    names = [profile["name"] for profile in profiles]
    by_gpus = gpu_capacity or [None] * len(plans)
    free = [
        labs_that_fit(plan, used, capacity) if gpus is None else min(gpus, labs_that_fit(plan, used, capacity))
        for plan, gpus in zip(plans, by_gpus, strict=True)
    ]
    selected = chosen if chosen in names else names[0]
    cards = [
        {
            "name": profile["name"],
            "title": profile["display_name"],
            "description": profile["description"],
            "facts": what_it_gives(plan),
            "free": (
                free_message(
                    count, estimate, [*(used + plan.resources).short(capacity), *(["GPUs"] if gpus == 0 else [])]
                )
                if plan.resources.fits(capacity)
                else f"{LARGER}."
            ),
            "full": count <= 0,
            "selected": profile["name"] == selected,
        }
        for profile, plan, estimate, count, gpus in zip(profiles, plans, estimates, free, by_gpus, strict=True)
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("choice.html").render(cards=cards)
