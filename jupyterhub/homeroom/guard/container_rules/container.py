"""What a lab may be made of: the whole body of a create call, checked and written anew.

CONFIG, HOST_CONFIG and VOLUME list every field there is; what is in none of them is refused. Fields as in the Engine
API v1.41 and later: https://docs.docker.com/reference/api/engine/"""

from __future__ import annotations

from typing import Any

from homeroom.contract import sockets
from homeroom.contract.exam_labs import is_exam, volume_name
from homeroom.contract.labels import SERVER_LABEL, USER_LABEL
from homeroom.contract.mounts import Mount
from homeroom.guard.container_rules.body import checked
from homeroom.guard.container_rules.config import CONFIG
from homeroom.guard.container_rules.gpus import VISIBLE_DEVICES
from homeroom.guard.container_rules.host import HOST_CONFIG
from homeroom.guard.container_rules.mounts import is_lab_directory, read_mounts, written_mounts
from homeroom.guard.container_rules.network import checked_networks
from homeroom.guard.container_rules.values import between, empty_objects
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, shown


def checked_container(given: dict[str, Any], policy: Policy) -> tuple[dict[str, Any], list[Mount]]:
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
    check_exam(mounts, config["Labels"], policy)
    anonymous = config.pop("Volumes", None) or {}
    if not empty_objects(anonymous, policy) or not set(anonymous) <= {mount.target for mount in mounts}:
        raise Refused("body.Volumes makes volumes without a name")
    config["HostConfig"] = {**host, **written_mounts(mounts)}
    environment_given = config.get("Env") or []
    if not any(each.partition("=")[0] == VISIBLE_DEVICES for each in environment_given):
        config["Env"] = [*environment_given, f"{VISIBLE_DEVICES}=void"]  # CUDA images say "all"
    return config, mounts


def check_exam(mounts: list[Mount], labels: dict[str, str], policy: Policy) -> None:
    """See that the lab of an exam has the home of its own and writes nowhere else, and that no other lab has that home.

    :raises Refused: it is not so.
    """
    user, server = labels[USER_LABEL], labels.get(SERVER_LABEL, "")
    own = volume_name(policy.deployment, user, server) if is_exam(server) else None
    for mount in mounts:
        if mount.source.startswith(policy.exam_prefix) and mount.source != own:
            raise Refused(f"mount {shown(mount.source)} is the home of another lab's exam")
        if own and not mount.read_only and mount.source != own and not is_lab_directory(mount, policy):
            raise Refused(f"mount {shown(mount.source)}: the lab of an exam writes into its own home alone")
    if own and not any(mount.source == own for mount in mounts):
        raise Refused("the lab of an exam has no home")
