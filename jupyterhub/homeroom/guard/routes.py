"""Every call to the engine that the hub may make, and what becomes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from homeroom.contract.home_names import directory_name
from homeroom.contract.labels import DEPLOYMENT_LABEL, USER_LABEL
from homeroom.contract.mounts import Mount
from homeroom.guard.container_rules.body import checked, read_object
from homeroom.guard.container_rules.container import checked_container
from homeroom.guard.container_rules.gpus import checked_device_check
from homeroom.guard.container_rules.mounts import is_lab_directory
from homeroom.guard.container_rules.volume import VOLUME
from homeroom.guard.policy import Policy
from homeroom.guard.values import COMPONENT, Refused, is_strings, shown

OLDEST_API = 41  # below v1.41 the engine silently gives a container the host's cgroup namespace
LONGEST_LOG_LINES = 1000
CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}")
CONTAINER_ID = re.compile(r"[0-9a-f]{12,64}")
PATH = re.compile(r"(?:/[A-Za-z0-9_.:@-]+)+")
VERSION = re.compile(r"/v1\.([0-9]{1,3})(?=/)")


@dataclass(frozen=True, kw_only=True)
class EngineCall:
    """The call to make in the hub's stead, once the conditions hold.

    :param path: with `{id}` where the looked-up container's full id goes.
    :param container: the name or id that must be a lab of this deployment.
    :param execution: the id of a command, whose container must be one.
    :param volume: the volume to be shown, which must be this deployment's.
    :param homes: volumes that must exist and belong to `user`.
    :param home: the home that is a directory of the host, which the guard must have made before the call.
    :param directory: the lab's own directory of sockets, which the guard must have made before the call.
    :param behind_firewall: whether the deployment's firewall must be in force before the call.
    """

    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    container: str | None = None
    execution: str | None = None
    volume: str | None = None
    homes: tuple[str, ...] = ()
    user: str | None = None
    home: str | None = None
    directory: str | None = None
    behind_firewall: bool = False


@dataclass(frozen=True, kw_only=True)
class Deny:
    """A refused call and why."""

    reason: str


YES_OR_NO = "0|1|[Tt]rue|[Ff]alse|"
NO = "0|[Ff]alse|"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the hub's: its method, path, parameters and body."""

    api: int | None  # 45 in /v1.45/...; None where the path names no version
    arguments: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    @property
    def version(self) -> str:
        """What the path began with."""
        return "" if self.api is None else f"/v1.{self.api}"


Handler = Callable[[Call, Policy], EngineCall]


def pass_on(method: str, path: str) -> Handler:
    """A call that is sent on as it is: it has no parameters to check."""
    return lambda call, policy: EngineCall(method=method, path=call.version + path)


def on_lab(method: str, tail: str) -> Handler:
    """A call on one container, which must be a lab."""

    def handle(call: Call, policy: Policy) -> EngineCall:
        name = call.arguments["name"]
        if not CONTAINER_ID.fullmatch(name) and not is_lab_name(name, policy):
            raise Refused(f"container {shown(name)} is no lab of this deployment")
        path = f"{call.version}/containers/{{id}}{tail}"
        return EngineCall(method=method, path=path, query=urlencode(call.query), container=name)

    return handle


def is_lab_name(name: str, policy: Policy) -> bool:
    """Whether a container's name is one that labs of this deployment have."""
    return name.startswith(policy.container_prefix) and bool(CONTAINER_NAME.fullmatch(name))


def show_logs(call: Call, policy: Policy) -> EngineCall:
    """The last lines of a lab's log: a bounded number, never followed."""
    tail = call.query.get("tail") or "all"
    lines = min(int(tail), LONGEST_LOG_LINES) if tail != "all" else LONGEST_LOG_LINES
    return on_lab("GET", "/logs")(replace(call, query={**call.query, "tail": str(lines)}), policy)


def show_use(call: Call, policy: Policy) -> EngineCall:
    """What a lab takes now: one look, whatever was asked for."""
    return on_lab("GET", "/stats")(replace(call, query={"stream": "false", "one-shot": "true"}), policy)


def show_image(call: Call, policy: Policy) -> EngineCall:
    """An image that a profile names."""
    name = call.arguments["name"]
    if name not in policy.images:
        raise Refused(f"image {shown(name)} is in no profile")
    return EngineCall(method="GET", path=f"{call.version}/images/{name}/json")


def list_labs(call: Call, policy: Policy) -> EngineCall:
    """This deployment's labs, whatever else was asked for."""
    filters: dict[str, list[str]] = {}
    for key, values in read_object((call.query.get("filters") or "{}").encode()).items():
        chosen = [each for each, on in values.items() if on is True] if isinstance(values, dict) else values
        if key not in ("label", "name", "status", "id", "exited") or not is_strings(chosen):
            raise Refused(f"filter {shown(key)} is not allowed")
        filters[key] = chosen
    filters["label"] = [*filters.get("label", []), f"{DEPLOYMENT_LABEL}={policy.deployment}", USER_LABEL]
    query = {key: value for key, value in call.query.items() if key in ("all", "limit") and value}
    query["filters"] = json.dumps(filters)
    return EngineCall(method="GET", path=f"{call.version}/containers/json", query=urlencode(query))


def create_lab(call: Call, policy: Policy) -> EngineCall:
    """A new lab, its body checked by value."""
    name = call.query.get("name", "")
    if not is_lab_name(name, policy):
        raise Refused(f"container name {shown(name)} does not begin with {policy.container_prefix}")
    body, mounts = checked_container(read_object(call.body), policy)
    own = [mount.source.rpartition("/")[2] for mount in mounts if is_lab_directory(mount, policy)]
    user = body["Labels"][USER_LABEL]
    return EngineCall(
        method="POST",
        path=f"{call.version}/containers/create",
        query=urlencode({"name": name}),
        body=json.dumps(body).encode(),
        homes=tuple(mount.source for mount in mounts if mount.source.startswith(home_prefixes(policy))),
        user=user,
        home=own_home(mounts, user, policy),
        directory=own[0] if own else None,
        behind_firewall=policy.firewall and body["HostConfig"]["NetworkMode"] != "none",
    )


def check_devices(call: Call, policy: Policy) -> EngineCall:
    """A command in a lab that looks for devices' nodes, and for nothing else."""
    body = json.dumps(checked_device_check(read_object(call.body))).encode()
    return replace(on_lab("POST", "/exec")(call, policy), body=body)


def start_device_check(call: Call, _: Policy) -> EngineCall:
    """That command's start, without a terminal."""
    given = read_object(call.body)
    if given.get("Detach") is not True or any(value for key, value in given.items() if key != "Detach"):
        raise Refused("a command is started detached or not at all")
    name = call.arguments["name"]
    body = json.dumps({"Detach": True, "Tty": False}).encode()
    return EngineCall(method="POST", path=f"{call.version}/exec/{name}/start", body=body, execution=name)


def show_device_check(call: Call, _: Policy) -> EngineCall:
    """How that command ended."""
    name = call.arguments["name"]
    return EngineCall(method="GET", path=f"{call.version}/exec/{name}/json", execution=name)


def own_home(mounts: list[Mount], user: str, policy: Policy) -> str | None:
    """The name of the directory that is the lab's home; None where it has none.

    :raises Refused: it is another user's.
    """
    head = f"{policy.homes_path}/"
    found = {mount.source.removeprefix(head) for mount in mounts if policy.homes_path and mount.source.startswith(head)}
    if found - {directory_name(user)}:
        raise Refused(f"home {shown(sorted(found))} is not that of {shown(user)}")
    return next(iter(found), None)


def is_home(name: str, policy: Policy) -> bool:
    """Whether a volume's name is one that a user's volume has."""
    rest = [name.removeprefix(prefix) for prefix in home_prefixes(policy) if name.startswith(prefix)]
    return any(COMPONENT.fullmatch(each) for each in rest) and len(name) < 255


def home_prefixes(policy: Policy) -> tuple[str, ...]:
    """What the names of volumes begin with that are homes: people's, and those of exams."""
    return policy.volume_prefix, policy.exam_prefix


def create_volume(call: Call, policy: Policy) -> EngineCall:
    """A user's volume, plain and local."""
    body = checked(read_object(call.body), VOLUME, policy, "body")
    name = body.get("Name")
    if not isinstance(name, str) or not is_home(name, policy):
        raise Refused(f"volume name {shown(name)} does not begin with {policy.volume_prefix}")
    return EngineCall(method="POST", path=f"{call.version}/volumes/create", body=json.dumps(body).encode())


def show_volume(call: Call, policy: Policy) -> EngineCall:
    """A user's volume, or one of those that carry the sockets."""
    name = call.arguments["name"]
    path = f"{call.version}/volumes/{name}"
    if name in (policy.lab_sockets_volume, policy.hub_socket_volume):
        return EngineCall(method="GET", path=path)
    if not is_home(name, policy):
        raise Refused(f"volume {shown(name)} is none of this deployment's")
    return EngineCall(method="GET", path=path, volume=name)


@dataclass(frozen=True)
class Route:
    """One call there is: its method and path, the parameters it may carry, and what becomes of it."""

    method: str
    path: str
    handle: Handler
    query: Mapping[str, str] = field(default_factory=dict)


LIST_QUERY = {"all": YES_OR_NO, "limit": "-1|[0-9]{0,6}", "size": NO, "trunc_cmd": YES_OR_NO, "filters": ".*"}
LOGS_QUERY = {
    "follow": NO,
    "stdout": YES_OR_NO,
    "stderr": YES_OR_NO,
    "timestamps": YES_OR_NO,
    "tail": "all|[0-9]{1,9}|",
    "since": "[0-9.]{0,20}",
    "until": "[0-9.]{0,20}",
}
CONTAINER = "/containers/(?P<name>[^/]+)"
EXECUTION = "/exec/(?P<name>[0-9a-f]{64})"
ROUTES: tuple[Route, ...] = (
    Route("GET", "/_ping", pass_on("GET", "/_ping")),
    Route("HEAD", "/_ping", pass_on("HEAD", "/_ping")),
    Route("GET", "/version", pass_on("GET", "/version")),
    Route("GET", "/images/(?P<name>.+)/json", show_image),
    Route("GET", "/containers/json", list_labs, LIST_QUERY),
    Route("POST", "/containers/create", create_lab, {"name": ".+"}),
    Route("GET", f"{CONTAINER}/json", on_lab("GET", "/json"), {"size": NO}),
    Route("GET", f"{CONTAINER}/logs", show_logs, LOGS_QUERY),
    Route("GET", f"{CONTAINER}/stats", show_use, {"stream": NO, "one-shot": YES_OR_NO}),
    Route("POST", f"{CONTAINER}/start", on_lab("POST", "/start")),
    Route("POST", f"{CONTAINER}/stop", on_lab("POST", "/stop"), {"t": "[0-9]{1,3}"}),
    Route("POST", f"{CONTAINER}/kill", on_lab("POST", "/kill"), {"signal": "(SIG)?(TERM|KILL|INT)|"}),
    Route("POST", f"{CONTAINER}/wait", on_lab("POST", "/wait"), {"condition": "not-running|next-exit|removed|"}),
    Route("POST", f"{CONTAINER}/exec", check_devices),
    Route("POST", EXECUTION + "/start", start_device_check),
    Route("GET", EXECUTION + "/json", show_device_check),
    Route("DELETE", CONTAINER, on_lab("DELETE", ""), {"v": YES_OR_NO, "force": YES_OR_NO, "link": NO}),
    Route("POST", "/volumes/create", create_volume),
    Route("GET", "/volumes/(?P<name>[^/]+)", show_volume),
)
