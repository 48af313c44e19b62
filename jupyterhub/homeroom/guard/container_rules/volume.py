"""The fields of a call that makes a volume."""

from __future__ import annotations

from collections.abc import Mapping

from homeroom.guard.container_rules.config import labels
from homeroom.guard.container_rules.values import Rule, checked_later, empty, one_of

VOLUME: Mapping[str, Rule] = {
    "Name": checked_later,
    "Labels": labels,
    "Driver": one_of("", "local"),
    "DriverOpts": empty,  # {type: none, o: bind, device: /} would be the whole host
    "ClusterVolumeSpec": empty,
}
