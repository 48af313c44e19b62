"""The page on which people choose their lab, and what they are told in the queue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from homeroom.labs.plan import LabPlan
from homeroom.queue.resources import Estimate, Resources
from homeroom.texts.pages import Texts
from homeroom.texts.said import Said, say

TEMPLATES = Path("/opt/jupyterhub/share/homeroom/templates")
MANY = 100
"""From so many free labs on nobody wants to know the number."""


def what_it_gives(plan: LabPlan) -> list[Said]:
    """What a lab gives, one fact each."""
    facts = [say("labs.choice.memory", memory=plan.memory_bytes), say("labs.choice.cpus", count=plan.cpus)]
    if plan.gpus:
        facts.append(say("labs.choice.gpus", count=plan.gpus))
    if plan.network == "none":
        facts.append(say("labs.choice.no_network"))
    if plan.ephemeral:
        facts.append(say("labs.choice.ephemeral"))
    if plan.max_age_seconds:
        facts.append(say("labs.choice.max_age", seconds=plan.max_age_seconds))
    return facts


def labs_that_fit(plan: LabPlan | Resources, used: Resources, capacity: Resources) -> int:
    """How many labs that take as much fit beside what is reserved already."""
    by_memory = max(0, capacity.memory_bytes - used.memory_bytes) // plan.memory_bytes
    by_cpu = int(max(0.0, capacity.cpus - used.cpus + 1e-9) // plan.cpus)
    return int(min(by_memory, by_cpu))


def when_free(estimate: Estimate, prefix: str = "") -> Said:
    """How long it takes until a lab can start.

    :param prefix: `next_` for somebody who does not wait yet.
    """
    latest, likely = estimate.latest_seconds, estimate.likely_seconds
    if latest is not None and likely is not None:
        return say(f"labs.queue.{prefix}both", latest=latest, likely=likely)
    if latest is not None:
        return say(f"labs.queue.{prefix}latest", latest=latest)
    if likely is not None:
        return say(f"labs.queue.{prefix}likely", likely=likely)
    return say("labs.queue.no_estimate")


def shortage(short: Sequence[str]) -> str:
    """The end of a text's key, for what there is too little of; empty where nobody can tell."""
    return "".join(f"_{what}" for what in short)


def queue_message(position: int, estimate: Estimate, *, short: Sequence[str] = ()) -> Said:
    """What a user in the queue is told, and for what they wait."""
    place = say("labs.queue.next") if position == 1 else say("labs.queue.position", position=position)
    return say(f"labs.queue.full{shortage(short)}") + place + when_free(estimate)


def queue_progress(position: int, first: int) -> int:
    """How far the waiting page's bar has come, in percent, for a user who began at position `first`."""
    return 5 + round(40 * (first - position) / max(first, 1))


def start_progress(seconds: float) -> int:
    """How far the bar has come when a lab has been starting for so long: ever slower, and never done by itself."""
    return round(95 - 45 * math.exp(-seconds / 5))


def free_message(free: int, estimate: Estimate, short: Sequence[str] = ()) -> Said:
    """What a card says of the labs that are free now, or what is short and when the next one is free."""
    if free <= 0:
        return say(f"labs.queue.none_free{shortage(short[:1])}") + when_free(estimate, "next_")
    return say("labs.choice.free", count=free) if free < MANY else say("labs.choice.many_free")


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
                    count, estimate, [*(["gpus"] if gpus == 0 else []), *(used + plan.resources).short(capacity)]
                )
                if plan.resources.fits(capacity)
                else say("labs.choice.too_large")
            ),
            "full": count <= 0,
            "selected": profile["name"] == selected,
        }
        for profile, plan, estimate, count, gpus in zip(profiles, plans, estimates, free, by_gpus, strict=True)
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=[Texts],
    )
    return environment.get_template("choice.html").render(cards=cards)
