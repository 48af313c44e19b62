"""The fields of `HostConfig`: what a lab may use, see and do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from homeroom.guard.container_rules.gpus import cdi_devices, device_requests
from homeroom.guard.container_rules.network import dns, network
from homeroom.guard.container_rules.values import (
    SECOND,
    Rule,
    absent,
    between,
    boolean,
    checked_later,
    empty,
    matching,
    none_or_between,
    one_of,
)
from homeroom.guard.policy import Policy
from homeroom.guard.values import is_int, is_strings, only_keys

MOST_CPU_SHARES = 1024
"""The engine's own default, a quarter of what Homeroom's services have."""
MOST_TMPFS = 8


def memory(value: Any, policy: Policy) -> bool:
    """A limit, always."""
    return is_int(value) and 0 < value <= policy.max_memory_bytes


def pids(value: Any, policy: Policy) -> bool:
    """A limit, always."""
    return is_int(value) and 0 < value <= policy.max_pids


def drop_all(value: Any, _: Policy) -> bool:
    """All capabilities are dropped."""
    return bool(value == ["ALL"])


def security(value: Any, _: Policy) -> bool:
    """No way to gain privileges, and the engine's own seccomp and AppArmor profiles."""
    sealed = {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"}
    return is_strings(value) and bool(value) and set(value) <= sealed


def groups(value: Any, _: Policy) -> bool:
    """The group of the sockets."""
    return not value or value == ["100"]


def restart(value: Any, _: Policy) -> bool:
    """Never by the engine: the hub alone starts labs."""
    return not value or (
        only_keys(value, "Name", "MaximumRetryCount")
        and value.get("Name", "") in ("", "no")
        and not value.get("MaximumRetryCount")
    )


def log_config(value: Any, _: Policy) -> bool:
    """A driver on this host, with a size at which it turns over."""
    if not (only_keys(value, "Type", "Config") and value.get("Type") in ("json-file", "local")):
        return False
    config = value.get("Config")
    return (
        only_keys(config, "max-size", "max-file", "compress")
        and all(isinstance(each, str) for each in config.values())
        and bool(re.fullmatch("[1-9][0-9]{0,4}k|[1-9][0-9]?m|100m", config.get("max-size", "")))
        and bool(re.fullmatch("[1-5]", config.get("max-file", "1")))
    )


def ulimits(value: Any, policy: Policy) -> bool:
    """Limits of a process: none of scheduling priorities or message queues; always one of open files, which the kernel
    has for all programs together."""
    most = {"core": 0, "nofile": policy.max_open_files, "nproc": policy.max_pids, "memlock": policy.max_memory_bytes}
    most |= dict.fromkeys(("cpu", "data", "fsize", "stack"), 1 << 62)
    if not isinstance(value, list) or not all(only_keys(each, "Name", "Soft", "Hard") for each in value):
        return False
    names = [each.get("Name") for each in value]
    return (
        "nofile" in names
        and all(isinstance(name, str) and name in most for name in names)
        and len(set(names)) == len(names)
        and all(
            is_int(each.get("Soft")) and is_int(each.get("Hard")) and 0 <= each["Soft"] <= each["Hard"] <= most[name]
            for name, each in zip(names, value, strict=True)
        )
    )


def tmpfs(value: Any, _: Policy) -> bool:
    """Scratch space in memory, where a lab's own files go."""
    option = r"(rw|ro|exec|noexec|nosuid|nodev|size=[0-9]{1,15}[kmg]?|mode=[0-7]{3,4}|[ug]id=[1-9][0-9]{0,8})"
    return not value or (
        isinstance(value, dict)
        and len(value) <= MOST_TMPFS
        and all(re.fullmatch(r"/(tmp|var/tmp|run|home|mnt)(/[A-Za-z0-9_.-]+)*", target) for target in value)
        and not any(".." in target for target in value)
        and all(isinstance(each, str) and re.fullmatch(f"({option}(,{option})*)?", each) for each in value.values())
    )


def runtime(value: Any, policy: Policy) -> bool:
    """The engine's default, or one named for it."""
    return not value or (isinstance(value, str) and value in policy.runtimes)


HOST_CONFIG: Mapping[str, Rule] = {
    # what the lab may use
    "Memory": memory,
    "MemorySwap": checked_later,
    "MemoryReservation": checked_later,
    "MemorySwappiness": between(-1, 100),
    "ShmSize": checked_later,
    "PidsLimit": pids,
    "NanoCpus": none_or_between(SECOND // 100, 1024 * SECOND),
    "CpuPeriod": none_or_between(10_000, 1_000_000),
    "CpuQuota": none_or_between(1000, 1024 * 1_000_000),
    "CpuShares": none_or_between(2, MOST_CPU_SHARES),
    "CpusetCpus": matching("[0-9,-]{1,200}"),
    "CpusetMems": matching("[0-9,-]{1,200}"),
    "OomScoreAdj": between(0, 1000),
    "OomKillDisable": empty,
    "Ulimits": ulimits,
    "LogConfig": log_config,
    # what it sees of the host
    "Binds": checked_later,
    "Mounts": checked_later,
    "Tmpfs": tmpfs,
    "VolumesFrom": empty,
    "VolumeDriver": empty,
    "StorageOpt": empty,
    "Devices": cdi_devices,
    "DeviceRequests": device_requests,
    "DeviceCgroupRules": empty,
    "NetworkMode": network,
    "PidMode": empty,
    "UTSMode": empty,
    "UsernsMode": empty,
    "IpcMode": one_of("", "private", "none"),
    "CgroupnsMode": one_of("", "private"),
    "Cgroup": empty,
    "CgroupParent": empty,
    "PortBindings": empty,
    "PublishAllPorts": empty,
    "Links": empty,
    "ExtraHosts": empty,
    "Dns": dns,
    "DnsOptions": empty,
    "DnsSearch": empty,
    # what it may do
    "Privileged": empty,
    "CapAdd": empty,
    "CapDrop": drop_all,
    "Capabilities": empty,
    "SecurityOpt": security,
    "MaskedPaths": absent,
    "ReadonlyPaths": absent,
    "Sysctls": empty,
    "GroupAdd": groups,
    "Runtime": runtime,
    "Isolation": empty,
    "Annotations": empty,
    # how it lives
    "Init": boolean,
    "AutoRemove": boolean,
    "ReadonlyRootfs": boolean,
    "RestartPolicy": restart,
    "ContainerIDFile": empty,
}
