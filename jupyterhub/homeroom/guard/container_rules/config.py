"""The fields of a create call that say what runs in a lab."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from homeroom.contract.labels import DEPLOYMENT_LABEL, USER_LABEL
from homeroom.guard.container_rules.gpus import VISIBLE_DEVICES
from homeroom.guard.container_rules.values import (
    HOUR,
    LARGEST_TEXT,
    MOST_ENTRIES,
    SECOND,
    Rule,
    between,
    boolean,
    checked_later,
    empty,
    empty_objects,
    is_small,
    matching,
    none_or_between,
    words,
)
from homeroom.guard.policy import Policy
from homeroom.guard.values import is_strings, only_keys

LONGEST_STOP_SECONDS = 600
START_DIRECTORY = "/"
"""Where LabSpawner has a lab start; its start script goes home from there."""
USER = re.compile(r"([1-9][0-9]{0,8}|(?!root\b)[a-z_][a-z0-9_-]*)(:([1-9][0-9]{0,8}|(?!root\b)[a-z_][a-z0-9_-]*))?")


def image(value: Any, policy: Policy) -> bool:
    """One of the profiles' images, spelt as they spell it."""
    return isinstance(value, str) and value in policy.images


def working_directory(value: Any, policy: Policy) -> bool:
    """The image's own, the root, or the home: of any other path the engine might be led astray by what it finds there,
    as by `/proc/self/fd/8` (CVE-2024-21626)."""
    return not value or (isinstance(value, str) and value in {START_DIRECTORY, *policy.home_targets})


def user(value: Any, _: Policy) -> bool:
    """The image's own user, or one that is not root under any of its spellings."""
    return value in (None, "") or (isinstance(value, str) and bool(USER.fullmatch(value)))


def labels(value: Any, policy: Policy) -> bool:
    """This deployment's and a user's; no label that Compose, Podman or an edge proxy acts on."""
    return (
        isinstance(value, dict)
        and all(key.startswith("homeroom.") and isinstance(each, str) for key, each in value.items())
        and len(value) <= MOST_ENTRIES
        and is_small([*value, *value.values()], LARGEST_TEXT)
        and value.get(DEPLOYMENT_LABEL) == policy.deployment
        and bool(value.get(USER_LABEL))
    )


def environment(value: Any, policy: Policy) -> bool:
    """Any variable but those by which the NVIDIA runtime hands out devices without a lease.

    Each with its value: of a name alone, and of `NAME*`, Podman takes what the host's own service has.
    """
    if value is None:
        return True
    if not is_strings(value) or not all("=" in each for each in value) or not is_small(value):
        return False
    for name, _, content in (each.partition("=") for each in value):
        if name == VISIBLE_DEVICES:  # empty would be as if unset, which older CUDA images mean as "all"
            if content not in ("void", "none") and not set(content.split(",")) <= policy.devices:
                return False
        elif name.startswith("NVIDIA_") and name != "NVIDIA_DRIVER_CAPABILITIES":
            return False
    return True


HEALTHCHECK: Mapping[str, Rule] = {
    "Test": words,
    "Interval": none_or_between(10 * SECOND, HOUR),
    "Timeout": none_or_between(SECOND, HOUR),
    "StartPeriod": none_or_between(SECOND, HOUR),
    "StartInterval": none_or_between(SECOND, HOUR),
    "Retries": between(0, 100),
}


def healthcheck(value: Any, policy: Policy) -> bool:
    """A command in the lab, at intervals that are long enough to leave the engine time for other containers."""
    if not value:
        return True
    return only_keys(value, *HEALTHCHECK) and all(rule(value.get(key), policy) for key, rule in HEALTHCHECK.items())


CONFIG: Mapping[str, Rule] = {
    "Image": image,
    "Labels": labels,
    "User": user,
    "Env": environment,
    "Cmd": words,
    "Entrypoint": words,
    "WorkingDir": working_directory,
    "Hostname": matching("[A-Za-z0-9][A-Za-z0-9-]{0,62}"),
    "Domainname": empty,
    "AttachStdin": boolean,
    "AttachStdout": boolean,
    "AttachStderr": boolean,
    "OpenStdin": boolean,
    "StdinOnce": boolean,
    "Tty": boolean,
    "NetworkDisabled": boolean,
    "ExposedPorts": empty_objects,
    "Healthcheck": healthcheck,
    "StopSignal": matching("(SIG)?(TERM|INT|QUIT|HUP|KILL)"),
    "StopTimeout": between(0, LONGEST_STOP_SECONDS),
    "Volumes": checked_later,
    "HostConfig": checked_later,
    "NetworkingConfig": checked_later,
    "MacAddress": empty,
    "Runtime": empty,
    "VolumesFrom": empty,
    "VolumeDriver": empty,
}
