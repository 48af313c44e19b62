"""What labs there are and who gets which: the operator's `site/profiles.yaml` and `site/groups.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core.errors import HomeroomError, did_you_mean, raise_all
from generator.core.finding import in_units
from generator.core.machine import Machine, memory_of_labs
from generator.engine import services
from generator.schema.settings import Settings
from generator.site import reader
from generator.site.reader import Location, SiteFile
from generator.topics.environments import site_images
from generator.topics.labs.site import GROUPS, PROFILES, Group, Groups, Profile, Profiles

FEWEST_OPEN_FILES = 1024
MOST_OPEN_FILES = 8192

CONFIG_PATH, COLLABORATION = "JUPYTER_CONFIG_PATH", "/opt/jupyter/etc/jupyter-roles/room"
"""Where the lab's image keeps what rooms have: jupyterlab/features/collaboration/."""


@dataclass(frozen=True, kw_only=True)
class LabsConfig:
    """Everything that the hub is told about labs, as plain data.

    :param cpus: CPUs that all labs together may reserve; 0: no end.
    :param open_files: files that each process of a lab may have open.
    """

    profiles: list[dict[str, Any]]
    groups: dict[str, dict[str, Any]]
    memory_bytes: int
    cpus: float
    open_files: int

    def has_cpus_for(self, cpus: float) -> bool:
        """Whether labs together may reserve so many."""
        return is_within(cpus, self.cpus)

    def profile(self, name: str | None) -> dict[str, Any]:
        """The profile of a name; without one, or of one that there is not, the first."""
        return next((each for each in self.profiles if each["name"] == name), self.profiles[0])


def is_within(cpus: float, limit: float) -> bool:
    """Whether CPUs are within a limit, of which 0 is none."""
    return not limit or cpus <= limit


def load(settings: Settings, site: Path, machine: Machine) -> LabsConfig:
    """The labs of a deployment. Without `profiles.yaml` there is one profile, made of `.env`'s settings.

    :raises HomeroomError: everything that is wrong with the site's files, each with line and column.
    """
    profiles = reader.load(site / PROFILES, Profiles)
    groups = reader.load(site / GROUPS, Groups)
    memory, cpus = lab_capacity(settings, machine)
    errors: list[HomeroomError] = []
    if groups:
        errors += _group_faults(SiteFile(site / GROUPS), groups.groups, memory, cpus)
    if profiles:
        file, known_groups = SiteFile(site / PROFILES), groups.groups if groups else {}
        errors += _profile_faults(file, profiles.profiles, memory, cpus, settings)
        for index, profile in enumerate(profiles.profiles):
            wanted = profile.allow.groups if profile.allow else []
            errors += unknown_groups(file, ("profiles", index, "allow", "groups"), wanted, known_groups)
    else:
        errors += _lab_faults(settings, memory, cpus)
    raise_all(errors)
    known = profiles.profiles if profiles else [Profile(name="default")]
    return LabsConfig(
        profiles=[as_data(profile, settings, site, first=index == 0) for index, profile in enumerate(ordered(known))],
        groups={name: group_data(name, groups.groups) for name in groups.groups} if groups else {},
        memory_bytes=memory,
        cpus=cpus,
        open_files=open_files(settings, machine),
    )


def profiles_of(site: Path) -> list[Profile]:
    """The profiles that the site names; none where it leaves them to `.env`."""
    known = reader.load(site / PROFILES, Profiles)
    return known.profiles if known else []


def lab_capacity(settings: Settings, machine: Machine) -> tuple[int, float]:
    """Memory in bytes and CPUs that all labs together may reserve; 0 CPUs: no end."""
    left = machine.memory_bytes - services.memory_bytes(settings)
    memory = settings.TOTAL_LAB_MEMORY or memory_of_labs(left, settings.LAB_MEMORY)
    return memory, settings.TOTAL_LAB_CPUS


def open_files(settings: Settings, machine: Machine) -> int:
    """Files that each process of a lab may have open: so many that all its processes together leave half of the
    machine's to others, where LAB_OPEN_FILES does not say it."""
    share = machine.open_files // 2 // settings.LAB_PIDS
    return settings.LAB_OPEN_FILES or max(FEWEST_OPEN_FILES, min(MOST_OPEN_FILES, share))


def ordered(profiles: list[Profile]) -> list[Profile]:
    """The profiles with the default first: the one that says so, else the first."""
    return sorted(profiles, key=lambda profile: not profile.default)


def as_data(profile: Profile, settings: Settings, site: Path, *, first: bool) -> dict[str, Any]:
    """A profile with every default filled in from `.env`."""
    return {
        "name": profile.name,
        "display_name": profile.display_name or profile.name.capitalize(),
        "description": profile.description,
        "default": first,
        "image": site_images.full_name(profile.image or settings.DOCKER_NOTEBOOK_IMAGE, settings, site),
        "memory_bytes": profile.memory or settings.LAB_MEMORY,
        "cpus": profile.cpus or settings.LAB_CPUS,
        "gpus": profile.gpus,
        "shm_bytes": profile.shm or 0,
        "environment": environment(profile),
        "network": profile.network,
        "idle_seconds": idle_seconds(profile, settings),
        "max_age_seconds": profile.max_age_seconds,
        "kernel_idle_seconds": (
            settings.KERNEL_IDLE_SECONDS if profile.kernel_idle_seconds is None else profile.kernel_idle_seconds
        ),
        "more_time_seconds": more_time_seconds(profile, settings),
        "ephemeral": profile.ephemeral,
        "allow": profile.allow.model_dump() if profile.allow else None,
    }


def environment(profile: Profile) -> dict[str, str]:
    """What it adds to its labs' environment: also the configuration with which several may work in one at once."""
    if not profile.collaboration:
        return dict(profile.environment)
    given = profile.environment.get(CONFIG_PATH)
    return {**profile.environment, CONFIG_PATH: f"{COLLABORATION}:{given}" if given else COLLABORATION}


def idle_seconds(profile: Profile, settings: Settings) -> int:
    """Idle for this long, a lab of this profile is stopped; 0: never. One with GPUs keeps others waiting, so it is
    released sooner."""
    if profile.idle_seconds is not None:
        return profile.idle_seconds
    known = (settings.CULL_IDLE_SECONDS, settings.GPU_IDLE_SECONDS if profile.gpus else 0)
    return min((seconds for seconds in known if seconds), default=0)


def more_time_seconds(profile: Profile, settings: Settings) -> int:
    """What users may add to the time that a lab of this profile runs; 0: nothing. One with GPUs keeps others waiting:
    only a profile that says so lets its users keep it."""
    if profile.more_time_seconds is not None:
        return profile.more_time_seconds
    return 0 if profile.gpus else settings.MORE_TIME_SECONDS


def included(name: str, groups: Mapping[str, Group]) -> list[str]:
    """A group and all that it includes, directly or not."""
    found, pending = [], [name]
    while pending:
        one = pending.pop()
        if one not in found:
            found.append(one)
            pending += groups[one].includes if one in groups else []
    return found


def group_data(name: str, groups: Mapping[str, Group]) -> dict[str, Any]:
    """A group as the hub is told: `hub_groups` are the hub's own groups whose members count too."""
    group, counted = groups[name], included(name, groups)
    return {
        "members": sorted({member for one in counted if one in groups for member in groups[one].members}),
        "hub_groups": counted,
        "memory_bytes": group.memory,
        "cpus": group.cpus,
        "gpus": group.gpus,
        "max_labs": group.max_labs,
        "never_idle": group.never_idle,
        "environment": dict(group.environment),
    }


def unknown_groups(
    file: SiteFile, location: Location, wanted: Sequence[str], known: Collection[str]
) -> Iterator[HomeroomError]:
    """Groups that a file names and `groups.yaml` does not, where that has any: then it has all of them, also those
    whose members the hub alone knows. Otherwise a slip of the pen would shut people out unseen.

    :param location: of the list of names in the file.
    """
    for index, name in enumerate(wanted):
        if known and name not in known:
            meant = did_you_mean(name, known)
            remedy = f"{meant} A group whose members only the hub knows needs a line `{name}: {{}}` there too."
            yield file.error((*location, index), f"there is no group {name} in site/{GROUPS}", remedy=remedy)


def _group_faults(
    file: SiteFile, groups: Mapping[str, Group], memory_bytes: int, cpus: float
) -> Iterator[HomeroomError]:
    for name, group in groups.items():
        if (group.memory or 0) > memory_bytes:
            cause = f"labs of {name} would never start: all labs together may have {in_units(memory_bytes)} in all"
            yield file.error(
                ("groups", name, "memory"), cause, remedy="Lower memory here, or raise TOTAL_LAB_MEMORY in .env."
            )
        if not is_within(group.cpus or 0, cpus):
            cause = f"labs of {name} would never start: all labs together may have {cpus:g} CPUs in all"
            yield file.error(
                ("groups", name, "cpus"), cause, remedy="Lower cpus here, or raise TOTAL_LAB_CPUS in .env."
            )
        for index, other in enumerate(group.includes):
            location = ("groups", name, "includes", index)
            if other not in groups:
                yield file.error(location, f"there is no group {other}", remedy=did_you_mean(other, groups))
            elif name in included(other, groups):
                yield file.error(location, f"{name} and {other} include each other", remedy="Remove one of the two.")


def _lab_faults(settings: Settings, memory_bytes: int, cpus: float) -> Iterator[HomeroomError]:
    """Where `.env` alone says what a lab is."""
    if memory_bytes < settings.LAB_MEMORY:
        cause = f"no lab would ever start: all labs together may have {in_units(memory_bytes)} in all"
        yield HomeroomError(cause, location=".env: LAB_MEMORY", remedy="Lower LAB_MEMORY, or raise TOTAL_LAB_MEMORY.")
    if not is_within(settings.LAB_CPUS, cpus):
        cause = f"no lab would ever start: all labs together may have {cpus:g} CPUs in all"
        yield HomeroomError(cause, location=".env: LAB_CPUS", remedy="Lower LAB_CPUS, or raise TOTAL_LAB_CPUS.")


def _lower(field: str, setting: str, given: float | None) -> str:
    """The remedy for a limit that is too high, by where it was set."""
    return f"Lower {field} here" if given else f"Say `{field}` here, since {setting} in .env is more"


def _profile_faults(
    file: SiteFile, profiles: list[Profile], memory_bytes: int, cpus: float, settings: Settings
) -> Iterator[HomeroomError]:
    seen: dict[str, int] = {}
    defaults = [index for index, profile in enumerate(profiles) if profile.default]
    for index in defaults[1:]:
        yield file.error(
            ("profiles", index, "default"),
            f"{profiles[defaults[0]].name} is the default already",
            remedy="Say `default: true` once.",
        )
    for index, profile in enumerate(profiles):
        if profile.name in seen:
            yield file.error(
                ("profiles", index, "name"),
                f"the profile {profile.name} is there twice",
                remedy="Give one of them another name.",
            )
        seen[profile.name] = index
        if (profile.memory or settings.LAB_MEMORY) > memory_bytes:
            yield file.error(
                ("profiles", index, "memory"),
                f"{profile.name} would never start: all labs together may have {in_units(memory_bytes)} in all",
                remedy=f"{_lower('memory', 'LAB_MEMORY', profile.memory)}, or raise TOTAL_LAB_MEMORY.",
            )
        if not is_within(profile.cpus or settings.LAB_CPUS, cpus):
            yield file.error(
                ("profiles", index, "cpus"),
                f"{profile.name} would never start: all labs together may have {cpus:g} CPUs in all",
                remedy=f"{_lower('cpus', 'LAB_CPUS', profile.cpus)}, or raise TOTAL_LAB_CPUS in .env.",
            )
        if (profile.shm or 0) > (profile.memory or settings.LAB_MEMORY):
            yield file.error(
                ("profiles", index, "shm"), "shared memory is part of memory and larger than it", remedy="Lower shm."
            )
