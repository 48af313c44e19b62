"""The GPUs of a lab: devices by id or name, and the one command that looks whether they are there."""

from __future__ import annotations

import re
from typing import Any

from homeroom.guard.container_rules.values import MOST_ENTRIES
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, is_strings, only_keys, shown

CDI_NAME = re.compile(r"[a-z0-9.-]+/[A-Za-z0-9_.-]+=[A-Za-z0-9_.:-]+")
DEVICE_NODE = re.compile(r"/dev(?:/[A-Za-z0-9_-]+)+")
VISIBLE_DEVICES = "NVIDIA_VISIBLE_DEVICES"


def device_requests(value: Any, policy: Policy) -> bool:
    """Devices by id, each of them allowed; never a count, which would take whatever is there."""
    return not value or (
        isinstance(value, list)
        and all(
            only_keys(each, "Driver", "Count", "DeviceIDs", "Capabilities", "Options")
            and each.get("Driver") in ("cdi", "nvidia")
            and not each.get("Count")
            and is_strings(each.get("DeviceIDs"))
            and bool(each["DeviceIDs"])
            and set(each["DeviceIDs"]) <= policy.devices
            and each.get("Capabilities") in (None, [], [[]], [["gpu"]], [["gpu", "compute", "utility"]])
            and not each.get("Options")
            for each in value
        )
    )


def cdi_devices(value: Any, policy: Policy) -> bool:
    """Devices by CDI name, as Podman takes them, each of them allowed; never a path of the host's."""
    return not value or (
        isinstance(value, list)
        and all(
            only_keys(each, "PathOnHost", "PathInContainer", "CgroupPermissions")
            and isinstance(name := each.get("PathOnHost"), str)
            and bool(CDI_NAME.fullmatch(name))
            and name in policy.devices
            and each.get("PathInContainer") in (None, "", name)
            and each.get("CgroupPermissions") in (None, "", "rwm")
            for each in value
        )
    )


def checked_device_check(given: dict[str, Any]) -> dict[str, Any]:
    """The one command that may be run in a lab, as its own user: it looks whether devices' nodes are there.

    :raises Refused: for any other command, and for whatever would run it otherwise than the lab itself could.
    """
    command: Any = given.get("Cmd")
    paths = command[2:] if is_strings(command) and command[:2] == ["ls", "-d"] else []
    if not 0 < len(paths) <= MOST_ENTRIES or not all(DEVICE_NODE.fullmatch(path) for path in paths):
        raise Refused("only `ls -d` of devices' nodes may be run in a lab")
    for key, value in given.items():
        if key not in ("Cmd", "Container") and value:
            raise Refused(f"body.{shown(key)[1:-1]} is not allowed: {shown(value)}")
    return {"Cmd": command}
