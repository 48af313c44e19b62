"""What one lab gets: pure decisions on the profiles and groups that the configuration gives.

How several groups combine: a limit that a group sets takes the profile's place; where several of a user's groups set
it, the largest holds. Environments are laid over the profile's in the groups' order. An exemption in one group counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeroom.queue.resources import Resources


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who asks: a name, the hub's groups they are in, and whether they administer the hub."""

    name: str
    hub_groups: frozenset[str] = frozenset()
    admin: bool = False


@dataclass(frozen=True, kw_only=True)
class LabPlan:
    """Everything that is decided about one lab before it starts.

    :param cpus: CPUs that it may use at once.
    :param shm_bytes: the size of its /dev/shm, a part of its memory.
    :param idle_seconds: idle for this long, it is stopped; 0: never.
    :param max_age_seconds: running for this long, it is stopped; 0: never.
    :param more_time_seconds: what its user may add to its maximum age in all; 0: they may not ask for more time.
    :param kernel_idle_seconds: a kernel idle for this long is stopped within the running lab; 0: never.
    """

    profile: str
    image: str
    memory_bytes: int
    cpus: float
    gpus: int = 0
    shm_bytes: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    network: str = "open"
    idle_seconds: int = 0
    max_age_seconds: int = 0
    kernel_idle_seconds: int = 0
    more_time_seconds: int = 0
    ephemeral: bool = False

    @property
    def resources(self) -> Resources:
        """What the lab reserves of the machine."""
        return Resources(memory_bytes=self.memory_bytes, cpus=self.cpus)


def groups_of(person: Person, groups: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The groups that a user is in: as a member in the site's file, or through a group of the hub's."""
    found = [
        name
        for name, group in groups.items()
        if person.name in group["members"] or person.hub_groups & set(group["hub_groups"])
    ]
    return found + sorted(person.hub_groups - set(found))


def may_take(profile: Mapping[str, Any], person: Person, member_of: Collection[str]) -> bool:
    """Whether a user may take a profile; one without `allow` is for all users."""
    allow = profile["allow"]
    if allow is None:
        return True
    return bool(
        (person.admin and allow["admins"])
        or person.name in allow["users"]
        or any(group in allow["groups"] for group in member_of)
    )


def allowed_profiles(
    profiles: Collection[Mapping[str, Any]], groups: Mapping[str, Mapping[str, Any]], person: Person
) -> list[Mapping[str, Any]]:
    """The profiles that a user may take, the default first."""
    member_of = groups_of(person, groups)
    return [profile for profile in profiles if may_take(profile, person, member_of)]


def largest(groups: Mapping[str, Mapping[str, Any]], member_of: Collection[str], limit: str, otherwise: Any) -> Any:
    """The limit that the user's groups set, the largest of several; `otherwise` where none sets it."""
    given = [groups[name][limit] for name in member_of if name in groups and groups[name][limit] is not None]
    return max(given) if given else otherwise


def most_labs(groups: Mapping[str, Mapping[str, Any]], person: Person, otherwise: int) -> int:
    """How many labs a user may run at once; `otherwise` where none of their groups says it."""
    return int(largest(groups, groups_of(person, groups), "max_labs", otherwise))


def plan_for(profile: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]], person: Person) -> LabPlan:
    """What a lab of this profile gets when this user starts it."""
    member_of = [name for name in groups_of(person, groups) if name in groups]
    environment = dict(profile["environment"])
    for name in member_of:
        environment |= groups[name]["environment"]
    never_idle = any(groups[name]["never_idle"] for name in member_of)
    memory_bytes = largest(groups, member_of, "memory_bytes", profile["memory_bytes"])
    gpus = profile["gpus"] and largest(groups, member_of, "gpus", profile["gpus"])
    return LabPlan(
        profile=profile["name"],
        image=profile["image"],
        memory_bytes=memory_bytes,
        cpus=largest(groups, member_of, "cpus", profile["cpus"]),
        gpus=gpus,
        shm_bytes=profile["shm_bytes"] or memory_bytes // 2,
        environment=environment,
        network=profile["network"],
        idle_seconds=0 if never_idle else profile["idle_seconds"],
        max_age_seconds=profile["max_age_seconds"],
        kernel_idle_seconds=0 if never_idle else profile.get("kernel_idle_seconds", 0),
        more_time_seconds=profile.get("more_time_seconds", 0),
        ephemeral=profile["ephemeral"],
    )
