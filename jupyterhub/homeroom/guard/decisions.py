"""What the hub may ask of the container engine: a pure decision on one call.

`ROUTES` lists every call there is; what is not in it is refused. What passes is written anew from the parsed
values, so the engine never reads the hub's own spelling: no duplicate key, odd case or encoded path can mean one thing
here and another there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from homeroom.contract.labels import DEPLOYMENT_LABEL, USER_LABEL
from homeroom.guard.policy import Policy
from homeroom.guard.routes import OLDEST_API, PATH, ROUTES, VERSION, Call, Deny, EngineCall, Route
from homeroom.guard.values import Refused, shown


def decide(method: str, path: str, query: str, body: bytes, policy: Policy) -> EngineCall | Deny:
    """Whether the hub may make a call, and the call to make for it.

    :param path: as it came, still encoded, without the query.
    :param query: as it came, still encoded, without the `?`.
    """
    try:
        return decide_route(method, path, query, body, policy)
    except Refused as reason:
        return Deny(reason=str(reason))


def decide_route(method: str, path: str, query: str, body: bytes, policy: Policy) -> EngineCall:
    """As `decide`, but with an error. :raises Refused: where `decide` denies."""
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
            return route.handle(call, policy)
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


def is_lab(inspected: Mapping[str, Any], policy: Policy) -> bool:
    """Whether the engine's description of a container is that of a lab of this deployment."""
    return owner(inspected.get("Config") or {}, policy) is not None


def owner(described: Mapping[str, Any], policy: Policy) -> str | None:
    """The user that a container's or volume's labels name; None where they are not this deployment's."""
    own: Mapping[str, str] = described.get("Labels") or {}
    return (own.get(USER_LABEL) or None) if own.get(DEPLOYMENT_LABEL) == policy.deployment else None
