"""Who may start which lab, and how many; the page on which people choose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from homeroom.contract.exam_labs import is_exam
from homeroom.exam_labs import exam_lab
from homeroom.exam_labs.exam_lab import ExamLab
from homeroom.gpus.pool import GPUPool
from homeroom.labs import choice
from homeroom.labs.plan import LabPlan, Person, allowed_profiles, plan_for
from homeroom.queue.resources import Estimate, Resources, total
from homeroom.queue.start_queue import StartQueue
from homeroom.shared_labs.shared_lab import SharedLab, fitted
from homeroom.spawner.no_lab import NoLab
from homeroom.texts.said import say

Profiles = Collection[Mapping[str, Any]]
Groups = Mapping[str, Mapping[str, Any]]


def check_exam(person: str, server: str, now: float, *, others: int, ahead: bool) -> None:
    """Check that no exam stands against the start of a lab, nor the clock against that of an exam's lab.

    :param server: the name of the lab.
    :param others: their other labs that run or start.
    :param ahead: whether the hub starts it itself, before the exam.
    :raises NoLab: its person sits an exam, and this is another lab; or the exam of this one has not begun, or is over.
    """
    sat = exam_lab.sat_by(person, now)
    if not is_exam(server):
        if sat is not None:
            raise NoLab(say("no_lab.exam", title=sat.title), reason="exam", status_code=403)
        return
    own = exam_lab.of(person, server)
    if own is None or now >= own.ends_at:
        raise NoLab(say("no_lab.exam_over"), reason="exam-over", status_code=403)
    if now < own.begins_at and not ahead:
        raise NoLab(say("no_lab.exam_before", title=own.title), reason="exam-before", status_code=403)
    if others:
        raise NoLab(say("no_lab.exam_others"), reason="too-many-labs", status_code=409)


def check_count(*, others: int, most: int, named: bool) -> None:
    """Check that a user may start one more lab.

    :param others: their other labs that run or start.
    :param most: how many they may run at once.
    :param named: whether this lab is one with a name, beside their first.
    :raises NoLab: this would be one lab too many.
    """
    if others + 1 > most or (named and most == 1):
        raise NoLab(
            say("no_lab.too_many" if most > 1 else "no_lab.one_only"),
            reason="too-many-labs",
            status_code=403,
        )


def decide(profiles: Profiles, groups: Groups, person: Person, wanted: Any) -> LabPlan:
    """What a user's lab gets.

    :param wanted: the profile's name, as the request gives it; nothing: the first that they may take.
    :raises NoLab: this user may not take the profile.
    """
    allowed = {profile["name"]: profile for profile in allowed_profiles(profiles, groups, person)}
    if not allowed:
        raise NoLab(
            say("no_lab.no_profile"),
            reason="no-profile",
            status_code=403,
        )
    wanted = wanted or next(iter(allowed))
    if not isinstance(wanted, str) or wanted not in allowed:
        raise NoLab(say("no_lab.not_yours"), reason="profile-forbidden", status_code=403)
    return plan_for(allowed[wanted], groups, person)


def decide_shared(profiles: Profiles, groups: Groups, person: Person, lab: SharedLab | None) -> LabPlan:
    """What a lab gets that several enter: of the profile that is chosen for it, whosever that is.

    :raises NoLab: it is none any more.
    """
    if lab is None:
        raise NoLab(say("no_lab.closed"), reason="closed", status_code=403)
    named = {profile["name"]: profile for profile in profiles}
    return fitted(plan_for(named.get(lab.profile) or next(iter(profiles)), groups, person))


def decide_exam(profiles: Profiles, groups: Groups, person: Person, lab: ExamLab | None) -> LabPlan:
    """What the lab of an exam gets: of the profile that is chosen for it, whosever that is.

    :raises NoLab: there is no such exam any more.
    """
    if lab is None:
        raise NoLab(say("no_lab.exam_over"), reason="exam-over", status_code=403)
    named = {profile["name"]: profile for profile in profiles}
    return exam_lab.fitted(plan_for(named.get(lab.profile) or next(iter(profiles)), groups, person), lab)


def set_aside(profiles: Profiles, groups: Groups, labs: Collection[SharedLab], count: int) -> Resources:
    """What so many of the labs get that come to the most: it is kept free for them."""
    plans = [decide_shared(profiles, groups, lab.person, lab) for lab in labs]
    return total(sorted((plan.resources for plan in plans), key=lambda one: (one.memory_bytes, one.cpus))[::-1][:count])


async def form(
    profiles: Profiles, groups: Groups, person: Person, *, start_queue: StartQueue, pool: GPUPool, chosen: str
) -> str:
    """The page on which people choose; empty, so that the lab starts at once, where there is no choice.

    :param chosen: the name of the profile that is marked already.
    """
    own = allowed_profiles(profiles, groups, person)
    if len(own) == 1:
        return ""
    plans = [plan_for(profile, groups, person) for profile in own]
    used = await start_queue.used()
    if any(plan.gpus for plan in plans):
        await pool.refresh()
    return choice.form(
        own,
        plans,
        used,
        start_queue.capacity_for_others,
        chosen=chosen,
        estimates=[_estimate(plan, start_queue, pool) for plan in plans],
        gpu_capacity=[_gpu_capacity(plan.gpus, pool) if plan.gpus else None for plan in plans],
    )


def _gpu_capacity(count: int, pool: GPUPool) -> int:
    """How many labs with so many GPUs could start now: none while others wait for theirs."""
    return 0 if len(pool.queue) else pool.labs_that_fit(count)


def _estimate(plan: LabPlan, start_queue: StartQueue, pool: GPUPool) -> Estimate:
    """When such a lab can start: when there are GPUs, where it is GPUs that it would wait for."""
    if plan.gpus and not _gpu_capacity(plan.gpus, pool):
        return pool.queue.estimate(plan.gpus)
    return start_queue.estimate(plan.resources)
