"""What the hub may ask of the container engine: a pure decision on one call.

ROUTES, below, lists every call there is; what is not in it is refused. What passes is written anew from the parsed
values, so the engine never reads the hub's own spelling: no duplicate key, odd case or encoded path can mean one thing
here and another there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from homeroom.contract.labels import DEPLOYMENT_LABEL, USER_LABEL
from homeroom.guard.create_body import (
    COMPONENT,
    HUB_SOCKET_TARGET,
    LAB_SOCKETS_TARGET,
    VOLUME,
    Mount,
    MountRule,
    Refused,
    checked,
    checked_create,
    checked_proof,
    is_int,
    is_lab_directory,
    is_strings,
    read_object,
    shown,
)
from homeroom.storage.homes import directory_name

OLDEST_API = 41  # below v1.41 the engine silently gives a container the host's cgroup namespace
LONGEST_LOG_LINES = 1000
NO_FIREWALL = "the labs' firewall is not in force"

CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}")
CONTAINER_ID = re.compile(r"[0-9a-f]{12,64}")
PATH = re.compile(r"(?:/[A-Za-z0-9_.:@-]+)+")
VERSION = re.compile(r"/v1\.([0-9]{1,3})(?=/)")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What one deployment's hub may do. Every field but the last comes from `guard.json`.

    :param volume_prefix: what every person's volume begins with; such a volume must carry the deployment's label and
        the label of the very user the lab is for.
    :param home_targets: where in a lab a person's volume may be mounted.
    :param homes_path: the host's directory that holds a directory each; empty: homes are volumes. A lab may mount the
        one that is named after its own user, which the guard has made (`homeroom.storage.homes`).
    :param home_limit_bytes: hard limit of a home that is a directory; 0: none.
    :param keeper_image: the image that makes such directories.
    :param volumes: further named volumes a lab may mount (shared kernels, shares).
    :param binds: host paths a lab may mount. The parent of a `*` must not be writable by the hub or by labs: whoever
        can put a symbolic link there chooses what the engine mounts.
    :param devices: ids of devices a lab may be given through a device request (CDI names or GPU UUIDs).
    :param runtimes: OCI runtimes a lab may name, besides the engine's default.
    :param dns: name servers a lab may be given.
    :param firewall: whether a lab with a network is made only while the deployment's firewall is in force.
    :param lab_sockets_path: where the engine keeps the volume of the labs' sockets; asked of the engine.
    """

    deployment: str
    images: frozenset[str]
    container_prefix: str
    volume_prefix: str
    lab_sockets_volume: str
    hub_socket_volume: str
    networks: frozenset[str]
    home_targets: frozenset[str] = frozenset({"/home/jovyan"})
    homes_path: str = ""
    home_limit_bytes: int = 0
    keeper_image: str = ""
    volumes: tuple[MountRule, ...] = ()
    binds: tuple[MountRule, ...] = ()
    devices: frozenset[str] = frozenset()
    runtimes: frozenset[str] = frozenset()
    dns: frozenset[str] = frozenset()
    firewall: bool = True
    max_memory_bytes: int = 1 << 40
    max_pids: int = 4096
    max_open_files: int = 65_536
    lab_sockets_path: str | None = field(default=None, metadata={"configured": False})

    @classmethod
    def from_json(cls, text: str) -> Policy:
        """Read `guard.json`.

        :raises ValueError: naming the field that is missing, unknown or of the wrong kind.
        """
        data = json.loads(text)
        known = {each.name: each for each in fields(cls) if each.metadata.get("configured", True)}
        if not isinstance(data, dict) or data.keys() - known.keys():
            raise ValueError(f"unknown fields {sorted(data.keys() - known.keys())}; known are {sorted(known)}")
        values: dict[str, Any] = {}
        for name, value in data.items():
            kind = str(known[name].type)
            if kind.startswith("frozenset") and is_strings(value):
                values[name] = frozenset(value)
            elif kind.startswith("tuple") and isinstance(value, list):
                values[name] = tuple(MountRule.from_json(rule) for rule in value)
            elif (
                (kind == "str" and isinstance(value, str) and value)
                or (kind == "int" and is_int(value))
                or (kind == "bool" and isinstance(value, bool))
            ):
                values[name] = value
            else:
                raise ValueError(f"{name} must be {kind}, not {shown(value)}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(str(error)) from error

    def mount_rules(self) -> tuple[MountRule, ...]:
        """Everything a lab may mount, as one list."""
        rules = [MountRule(source=f"{self.volume_prefix}*", target=to, read_only=False) for to in self.home_targets]
        rules.append(MountRule(source=self.hub_socket_volume, target=HUB_SOCKET_TARGET))
        if self.homes_path:
            rules += [MountRule(source=f"{self.homes_path}/*", target=to, read_only=False) for to in self.home_targets]
        if self.lab_sockets_path:
            rules.append(MountRule(source=f"{self.lab_sockets_path}/*", target=LAB_SOCKETS_TARGET, read_only=False))
        return (*rules, *self.volumes, *self.binds)


@dataclass(frozen=True, kw_only=True)
class Allow:
    """The call to make in the hub's stead, once the conditions hold.

    :param path: with `{id}` where the looked-up container's full id goes.
    :param container: the name or id that must first prove to be a lab of this deployment.
    :param execution: the id of a command, whose container must first prove to be one.
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
    """One call, taken apart."""

    api: int | None  # 45 in /v1.45/...; None where the path names no version
    arguments: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    @property
    def version(self) -> str:
        """What the path began with."""
        return "" if self.api is None else f"/v1.{self.api}"


Answer = Callable[[Call, Policy], Allow]


def pass_on(method: str, path: str) -> Answer:
    """A call without any choice in it."""
    return lambda call, policy: Allow(method=method, path=call.version + path)


def on_lab(method: str, tail: str) -> Answer:
    """A call on one container, which must prove to be a lab."""

    def answer(call: Call, policy: Policy) -> Allow:
        name = call.arguments["name"]
        if not CONTAINER_ID.fullmatch(name) and not is_lab_name(name, policy):
            raise Refused(f"container {shown(name)} is no lab of this deployment")
        path = f"{call.version}/containers/{{id}}{tail}"
        return Allow(method=method, path=path, query=urlencode(call.query), container=name)

    return answer


def is_lab_name(name: str, policy: Policy) -> bool:
    """Whether a container's name is one that labs of this deployment have."""
    return name.startswith(policy.container_prefix) and bool(CONTAINER_NAME.fullmatch(name))


def show_logs(call: Call, policy: Policy) -> Allow:
    """A lab's last words: a bounded tail, never followed."""
    tail = call.query.get("tail") or "all"
    lines = min(int(tail), LONGEST_LOG_LINES) if tail != "all" else LONGEST_LOG_LINES
    return on_lab("GET", "/logs")(replace(call, query={**call.query, "tail": str(lines)}), policy)


def show_image(call: Call, policy: Policy) -> Allow:
    """An image that a profile names."""
    name = call.arguments["name"]
    if name not in policy.images:
        raise Refused(f"image {shown(name)} is in no profile")
    return Allow(method="GET", path=f"{call.version}/images/{name}/json")


def list_labs(call: Call, policy: Policy) -> Allow:
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
    return Allow(method="GET", path=f"{call.version}/containers/json", query=urlencode(query))


def create_lab(call: Call, policy: Policy) -> Allow:
    """A new lab, its body checked by value."""
    name = call.query.get("name", "")
    if not is_lab_name(name, policy):
        raise Refused(f"container name {shown(name)} does not begin with {policy.container_prefix}")
    body, mounts = checked_create(read_object(call.body), policy)
    own = [mount.source.rpartition("/")[2] for mount in mounts if is_lab_directory(mount, policy)]
    user = body["Labels"][USER_LABEL]
    return Allow(
        method="POST",
        path=f"{call.version}/containers/create",
        query=urlencode({"name": name}),
        body=json.dumps(body).encode(),
        homes=tuple(mount.source for mount in mounts if mount.source.startswith(policy.volume_prefix)),
        user=user,
        home=own_home(mounts, user, policy),
        directory=own[0] if own else None,
        behind_firewall=policy.firewall and body["HostConfig"]["NetworkMode"] != "none",
    )


def prove_devices(call: Call, policy: Policy) -> Allow:
    """A command in a lab that looks for devices' nodes, and for nothing else."""
    body = json.dumps(checked_proof(read_object(call.body))).encode()
    return replace(on_lab("POST", "/exec")(call, policy), body=body)


def start_proof(call: Call, _: Policy) -> Allow:
    """That command's start, with nobody attached."""
    given = read_object(call.body)
    if given.get("Detach") is not True or any(value for key, value in given.items() if key != "Detach"):
        raise Refused("a command is started detached or not at all")
    name = call.arguments["name"]
    body = json.dumps({"Detach": True, "Tty": False}).encode()
    return Allow(method="POST", path=f"{call.version}/exec/{name}/start", body=body, execution=name)


def show_proof(call: Call, _: Policy) -> Allow:
    """How that command ended."""
    name = call.arguments["name"]
    return Allow(method="GET", path=f"{call.version}/exec/{name}/json", execution=name)


def own_home(mounts: list[Mount], user: str, policy: Policy) -> str | None:
    """The name of the directory that is the lab's home; None where it has none.

    :raises Refused: it is somebody else's.
    """
    head = f"{policy.homes_path}/"
    found = {mount.source.removeprefix(head) for mount in mounts if policy.homes_path and mount.source.startswith(head)}
    if found - {directory_name(user)}:
        raise Refused(f"home {shown(sorted(found))} is not that of {shown(user)}")
    return next(iter(found), None)


def is_home(name: str, policy: Policy) -> bool:
    """Whether a volume's name is one that a person's volume has."""
    prefix = policy.volume_prefix
    return name.startswith(prefix) and bool(COMPONENT.fullmatch(name[len(prefix) :])) and len(name) < 255


def create_volume(call: Call, policy: Policy) -> Allow:
    """A person's volume, plain and local."""
    body = checked(read_object(call.body), VOLUME, policy, "body")
    name = body.get("Name")
    if not isinstance(name, str) or not is_home(name, policy):
        raise Refused(f"volume name {shown(name)} does not begin with {policy.volume_prefix}")
    return Allow(method="POST", path=f"{call.version}/volumes/create", body=json.dumps(body).encode())


def show_volume(call: Call, policy: Policy) -> Allow:
    """A person's volume, or one of those that carry the sockets."""
    name = call.arguments["name"]
    path = f"{call.version}/volumes/{name}"
    if name in (policy.lab_sockets_volume, policy.hub_socket_volume):
        return Allow(method="GET", path=path)
    if not is_home(name, policy):
        raise Refused(f"volume {shown(name)} is none of this deployment's")
    return Allow(method="GET", path=path, volume=name)


@dataclass(frozen=True)
class Route:
    """One call there is: its method and path, the parameters it may carry, and what becomes of it."""

    method: str
    path: str
    answer: Answer
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
    Route("POST", f"{CONTAINER}/start", on_lab("POST", "/start")),
    Route("POST", f"{CONTAINER}/stop", on_lab("POST", "/stop"), {"t": "[0-9]{1,3}"}),
    Route("POST", f"{CONTAINER}/kill", on_lab("POST", "/kill"), {"signal": "(SIG)?(TERM|KILL|INT)|"}),
    Route("POST", f"{CONTAINER}/wait", on_lab("POST", "/wait"), {"condition": "not-running|next-exit|removed|"}),
    Route("POST", f"{CONTAINER}/exec", prove_devices),
    Route("POST", EXECUTION + "/start", start_proof),
    Route("GET", EXECUTION + "/json", show_proof),
    Route("DELETE", CONTAINER, on_lab("DELETE", ""), {"v": YES_OR_NO, "force": YES_OR_NO, "link": NO}),
    Route("POST", "/volumes/create", create_volume),
    Route("GET", "/volumes/(?P<name>[^/]+)", show_volume),
)


def decide(method: str, path: str, query: str, body: bytes, policy: Policy) -> Allow | Deny:
    """Whether the hub may make a call, and the call to make for it.

    :param path: as it came, still encoded, without the query.
    :param query: as it came, still encoded, without the `?`.
    """
    try:
        return decide_route(method, path, query, body, policy)
    except Refused as reason:
        return Deny(reason=str(reason))


def decide_route(method: str, path: str, query: str, body: bytes, policy: Policy) -> Allow:
    """The same. :raises Refused: where `decide` denies."""
    # A client encodes no other character of an image's name than these two.
    plain = re.sub("%40", "@", re.sub("%3[Aa]", ":", path))
    if not PATH.fullmatch(plain) or any(part.strip(".") == "" for part in plain.split("/")[1:]):
        raise Refused(f"path {shown(path)} is not plain")
    version = VERSION.match(plain)
    api = int(version[1]) if version else None
    if api is not None and api < OLDEST_API:
        raise Refused(f"API version 1.{api} is older than 1.{OLDEST_API}")
    rest = plain[version.end() :] if version else plain
    for route in ROUTES:
        match = re.fullmatch(route.path, rest) if route.method == method else None
        if match:
            call = Call(api=api, arguments=match.groupdict(), query=read_query(query, route), body=body)
            return route.answer(call, policy)
    raise Refused(f"{shown(method)[1:-1]} {shown(rest, 120)[1:-1]} is not among the calls a hub needs")


def read_query(query: str, route: Route) -> dict[str, str]:
    """A call's parameters. :raises Refused: for one that the route does not have, twice, or with another value."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=20, errors="strict")
    except ValueError as error:
        raise Refused("the query is malformed") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found or name not in route.query or not re.fullmatch(route.query[name], value):
            raise Refused(f"parameter {shown(name)} with {shown(value)} is not allowed")
        found[name] = value
    return found


# -- what was looked up ------------------------------------------------------------------------------------------------


def is_lab(inspected: Mapping[str, Any], policy: Policy) -> bool:
    """Whether the engine's description of a container is that of a lab of this deployment."""
    return owner(inspected.get("Config") or {}, policy) is not None


def owner(described: Mapping[str, Any], policy: Policy) -> str | None:
    """The user that a container's or volume's labels name; None where they are not this deployment's."""
    own: Mapping[str, str] = described.get("Labels") or {}
    return (own.get(USER_LABEL) or None) if own.get(DEPLOYMENT_LABEL) == policy.deployment else None
