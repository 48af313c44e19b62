"""The networks of a lab, and whom it asks for names."""

from __future__ import annotations

from typing import Any

from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, is_strings, only_keys


def network(value: Any, policy: Policy) -> bool:
    """A network of the labs or none; the engine's default network is not theirs."""
    return value == "none" or (isinstance(value, str) and value in policy.networks)


def dns(value: Any, policy: Policy) -> bool:
    """The engine's own, or those named for it."""
    return not value or (is_strings(value) and set(value) <= policy.dns)


def checked_networks(given: Any, mode: str) -> None:
    """:raises Refused: when a lab asks for another network than its one, or for a say in its addresses there."""
    if not given:
        return
    endpoints = given.get("EndpointsConfig") or {} if only_keys(given, "EndpointsConfig") else None
    if not isinstance(endpoints, dict) or not endpoints.keys() <= {mode} - {"none"}:
        raise Refused("NetworkingConfig names another network than HostConfig.NetworkMode")
    if any(each and not (isinstance(each, dict) and not any(each.values())) for each in endpoints.values()):
        raise Refused("NetworkingConfig sets addresses, aliases or links")
