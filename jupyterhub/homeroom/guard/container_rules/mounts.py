"""The mounts of a lab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeroom.contract.mounts import Mount
from homeroom.guard.container_rules.values import MOST_ENTRIES
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, is_strings, only_keys, shown


def read_bind(given: str) -> Mount:
    """`source:target[:ro|rw]`. :raises Refused: for any other form or option."""
    source, target, mode = [*given.split(":"), "rw"][:3] if given.count(":") in (1, 2) else ("", "", "")
    if mode not in ("ro", "rw"):
        raise Refused(f"bind {shown(given)} is not source:target with ro or rw")
    return Mount(source=source, target=target, read_only=mode == "ro")


def read_mount(given: Any) -> Mount:
    """The API's newer form of a mount. :raises Refused: for options that could reach beyond the source."""
    keys = ("Type", "Source", "Target", "ReadOnly", "Consistency", "VolumeOptions", "BindOptions", "TmpfsOptions")
    if not only_keys(given, *keys) or given.get("TmpfsOptions") or given.get("Consistency"):
        raise Refused(f"a mount with the fields {shown(given)} is not allowed")
    source, target, read_only = given.get("Source"), given.get("Target"), given.get("ReadOnly", False)
    if not (isinstance(source, str) and isinstance(target, str) and isinstance(read_only, bool)):
        raise Refused(f"a mount with the fields {shown(given)} is malformed")
    options = given.get("VolumeOptions") or {}
    if not only_keys(options, "NoCopy", "Labels", "DriverConfig") or any(options.values()):
        raise Refused(f"the volume options of mount {shown(source)} are not allowed")
    propagation = given.get("BindOptions") or {}
    if not only_keys(propagation, "Propagation") or propagation.get("Propagation") not in (None, "", "rprivate"):
        raise Refused(f"the bind options of mount {shown(source)} are not allowed")
    if (given.get("Type"), source.startswith("/")) not in (("volume", False), ("bind", True)):
        raise Refused(f"mount {shown(source)} is neither a named volume nor a path")
    return Mount(source=source, target=target, read_only=read_only)


def read_mounts(host: Mapping[str, Any], policy: Policy) -> list[Mount]:
    """Every mount a create body asks for. :raises Refused: for one that no rule allows."""
    binds, mounts = host.get("Binds") or [], host.get("Mounts") or []
    if not is_strings(binds) or not isinstance(mounts, list) or len(binds) + len(mounts) > MOST_ENTRIES:
        raise Refused("HostConfig.Binds or Mounts is malformed, or too long")
    found = [read_bind(each) for each in binds] + [read_mount(each) for each in mounts]
    for mount in found:
        if not any(rule.allows(mount) for rule in policy.mount_rules()):
            raise Refused(f"mount {shown(mount.source)} onto {shown(mount.target)} is not allowed")
    if len({mount.target for mount in found}) < len(found):
        raise Refused("two mounts share a target")
    return found


def written_mounts(mounts: list[Mount]) -> dict[str, Any]:
    """The mounts as the engine is to be told, in the form that is safest for each.

    The engine follows links in a path that it binds, up to the start of the container: a path goes out only where
    only the guard (`EngineCall.directory`) or the operator (`Policy.binds`) can put one.
    """
    binds, others = [], []
    for mount in mounts:
        if mount.source.startswith("/"):  # as one of Binds a source that is missing would be made
            flags = {"Target": mount.target, "ReadOnly": mount.read_only}
            others.append({"Type": "bind", "Source": mount.source, **flags})
        else:
            binds.append(f"{mount.source}:{mount.target}:{'ro' if mount.read_only else 'rw'}")
    return {"Binds": binds, "Mounts": others}


def is_lab_directory(mount: Mount, policy: Policy) -> bool:
    """Whether the mount is a lab's own directory of sockets."""
    return policy.lab_sockets_path is not None and mount.source.startswith(policy.lab_sockets_path + "/")
