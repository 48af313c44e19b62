"""What a lab may be made of: the rules for the body of a create call, field by field.

CONFIG, HOST_CONFIG and VOLUME list every field there is; what is in none of them is refused. Fields as in the Engine
API v1.41 and later: https://docs.docker.com/reference/api/engine/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from homeroom.contract import sockets
from homeroom.contract.labels import DEPLOYMENT_LABEL, SERVER_LABEL, USER_LABEL
from homeroom.contract.mounts import Mount
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, is_int, is_strings, only_keys, shown

LONGEST_STOP_SECONDS = 600
SECOND = 10**9
HOUR = 3600 * SECOND
"""Times in a create body are nanoseconds."""
MOST_CPU_SHARES = 1024
"""The engine's own default, a quarter of what Homeroom's services have."""
MOST_ENTRIES = 200
LARGEST_TEXT = 131_072
"""Characters: more the kernel takes of no single argument or variable."""
LARGEST_ENVIRONMENT = 262_144
MOST_TMPFS = 8
START_DIRECTORY = "/"
"""Where LabSpawner has a lab start; its start script goes home from there."""

USER = re.compile(r"([1-9][0-9]{0,8}|(?!root\b)[a-z_][a-z0-9_-]*)(:([1-9][0-9]{0,8}|(?!root\b)[a-z_][a-z0-9_-]*))?")
CDI_NAME = re.compile(r"[a-z0-9.-]+/[A-Za-z0-9_.-]+=[A-Za-z0-9_.:-]+")
DEVICE_NODE = re.compile(r"/dev(?:/[A-Za-z0-9_-]+)+")
VISIBLE_DEVICES = "NVIDIA_VISIBLE_DEVICES"
SECRETIVE = ("Env", "Cmd", "Entrypoint", "Healthcheck")  # may hold tokens: never in a log line
Rule = Callable[[Any, Policy], bool]


# -- kinds of values ---------------------------------------------------------------------------------------------------


def empty(value: Any, _: Policy) -> bool:
    """Nothing asked for: docker-py sends false, zero, empty text and empty lists freely."""
    return not value


def absent(value: Any, _: Policy) -> bool:
    """Not sent at all: here even an empty list would loosen a default."""
    return value is None


def boolean(value: Any, _: Policy) -> bool:
    """Yes, no or the default."""
    return value is None or isinstance(value, bool)


def is_small(value: list[str], largest: int = LARGEST_ENVIRONMENT) -> bool:
    """Whether a list of texts is one that a container could be started with."""
    return all(len(each) <= LARGEST_TEXT for each in value) and sum(map(len, value)) <= largest


def words(value: Any, _: Policy) -> bool:
    """A command line in either of its forms, of a sensible size."""
    parts = [value] if isinstance(value, str) else value
    return value is None or (is_strings(parts) and is_small(parts))


def one_of(*values: str) -> Rule:
    """One of these texts or, where "" is among them, nothing."""
    return lambda value, _: (value or "") in values if isinstance(value, str | None) else False


def between(low: int, high: int) -> Rule:
    """An integer within bounds, or not sent."""
    return lambda value, _: value is None or (is_int(value) and low <= value <= high)


def none_or_between(low: int, high: int) -> Rule:
    """An integer within bounds, or 0 or not sent: the engine's own."""
    return lambda value, _: value is None or (is_int(value) and (value == 0 or low <= value <= high))


def matching(pattern: str) -> Rule:
    """Text of one form, or not sent."""
    return lambda value, _: not value or (isinstance(value, str) and bool(re.fullmatch(pattern, value)))


# -- rules of single fields --------------------------------------------------------------------------------------------


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
    """Any variable but those by which the NVIDIA runtime hands out devices that nobody leased.

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


def empty_objects(value: Any, _: Policy) -> bool:
    """A set in Go's spelling: names with nothing behind them."""
    return not value or (isinstance(value, dict) and len(value) <= MOST_ENTRIES and not any(value.values()))


HEALTHCHECK: Mapping[str, Rule] = {
    "Test": words,
    "Interval": none_or_between(10 * SECOND, HOUR),
    "Timeout": none_or_between(SECOND, HOUR),
    "StartPeriod": none_or_between(SECOND, HOUR),
    "StartInterval": none_or_between(SECOND, HOUR),
    "Retries": between(0, 100),
}


def healthcheck(value: Any, policy: Policy) -> bool:
    """A command in the lab, at intervals at which the engine has time for others."""
    if not value:
        return True
    return only_keys(value, *HEALTHCHECK) and all(rule(value.get(key), policy) for key, rule in HEALTHCHECK.items())


def network(value: Any, policy: Policy) -> bool:
    """A network of the labs or none; the engine's default network is not theirs."""
    return value == "none" or (isinstance(value, str) and value in policy.networks)


def memory(value: Any, policy: Policy) -> bool:
    """A limit, always."""
    return is_int(value) and 0 < value <= policy.max_memory_bytes


def pids(value: Any, policy: Policy) -> bool:
    """A limit, always."""
    return is_int(value) and 0 < value <= policy.max_pids


def drop_all(value: Any, _: Policy) -> bool:
    """No capability survives."""
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
    has for everybody together."""
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


def runtime(value: Any, policy: Policy) -> bool:
    """The engine's default, or one named for it."""
    return not value or (isinstance(value, str) and value in policy.runtimes)


def dns(value: Any, policy: Policy) -> bool:
    """The engine's own, or those named for it."""
    return not value or (is_strings(value) and set(value) <= policy.dns)


def checked_later(value: Any, _: Policy) -> bool:
    """Looked at together with other fields, in `checked_create`."""
    return True


# -- the create body ---------------------------------------------------------------------------------------------------

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

VOLUME: Mapping[str, Rule] = {
    "Name": checked_later,
    "Labels": labels,
    "Driver": one_of("", "local"),
    "DriverOpts": empty,  # {type: none, o: bind, device: /} would be the whole host
    "ClusterVolumeSpec": empty,
}


def checked(given: Any, rules: Mapping[str, Rule], policy: Policy, where: str) -> dict[str, Any]:
    """An object written anew from the keys of a table of rules.

    :raises Refused: when a rule says no, or a key is unknown and says something, or differs from a known one in case
        only (the engine reads `PRIVILEGED` as `Privileged`).
    """
    if not isinstance(given, dict):
        raise Refused(f"{where} is not an object")
    folded = {key.casefold() for key in rules}
    for key, value in given.items():
        if key not in rules and (value or key.casefold() in folded):
            raise Refused(f"{where}.{shown(key)[1:-1]} is not among the fields a lab may set")
    for key, rule in rules.items():
        if not rule(given.get(key), policy):
            said = (
                ""
                if key in SECRETIVE
                else f": {shown(given[key])}"
                if given.get(key) is not None
                else ": it is missing"
            )
            raise Refused(f"{where}.{key} is not allowed{said}")
    return {key: given[key] for key in rules if given.get(key) not in (None, "", [], {})}


def read_object(body: bytes) -> dict[str, Any]:
    """A request's body as one plain JSON object.

    :raises Refused: when it is anything else, or says a key twice, or a number no other reader understands.
    """

    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise Refused("the body says a key twice")
        return found

    def number(_: str) -> Any:
        raise Refused("the body has a number that is no JSON")

    try:
        data = json.loads(body.decode(), object_pairs_hook=without_duplicates, parse_constant=number)
        json.dumps(data, ensure_ascii=False).encode()  # half of a letter is no text, and the engine reads another
    except (ValueError, RecursionError) as error:
        raise Refused("the body is no JSON") from error
    if not isinstance(data, dict):
        raise Refused("the body is no object")
    return data


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
    nobody but the guard (`EngineCall.directory`) or the operator (`Policy.binds`) can put one.
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


def checked_networks(given: Any, mode: str) -> None:
    """:raises Refused: when a lab asks for another network than its one, or for a say in its addresses there."""
    if not given:
        return
    endpoints = given.get("EndpointsConfig") or {} if only_keys(given, "EndpointsConfig") else None
    if not isinstance(endpoints, dict) or not endpoints.keys() <= {mode} - {"none"}:
        raise Refused("NetworkingConfig names another network than HostConfig.NetworkMode")
    if any(each and not (isinstance(each, dict) and not any(each.values())) for each in endpoints.values()):
        raise Refused("NetworkingConfig sets addresses, aliases or links")


def checked_create(given: dict[str, Any], policy: Policy) -> tuple[dict[str, Any], list[Mount]]:
    """A container's create body written anew, and its mounts.

    :raises Refused: naming the first field that is not allowed.
    """
    config = checked(given, CONFIG, policy, "body")
    host = checked(given.get("HostConfig"), HOST_CONFIG, policy, "HostConfig")
    limit = host["Memory"]
    if host.get("MemorySwap") != limit:
        raise Refused("HostConfig.MemorySwap must equal Memory: a lab does not swap")
    for key in ("MemoryReservation", "ShmSize"):
        if not between(0, limit)(host.get(key), policy):
            raise Refused(f"HostConfig.{key} is not allowed: {shown(host[key])}")
    checked_networks(config.pop("NetworkingConfig", None), host["NetworkMode"])
    mounts = read_mounts(host, policy)
    own = sockets.directory_name(config["Labels"][USER_LABEL], config["Labels"].get(SERVER_LABEL, ""))
    for mount in mounts:
        if is_lab_directory(mount, policy) and mount.source.rpartition("/")[2] != own:
            raise Refused(f"mount {shown(mount.source)} is the directory of another lab's sockets")
    anonymous = config.pop("Volumes", None) or {}
    if not empty_objects(anonymous, policy) or not set(anonymous) <= {mount.target for mount in mounts}:
        raise Refused("body.Volumes makes volumes without a name")
    config["HostConfig"] = {**host, **written_mounts(mounts)}
    environment_given = config.get("Env") or []
    if not any(each.partition("=")[0] == VISIBLE_DEVICES for each in environment_given):
        config["Env"] = [*environment_given, f"{VISIBLE_DEVICES}=void"]  # CUDA images say "all"
    return config, mounts


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
