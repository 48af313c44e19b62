"""What one deployment's hub may do: `guard.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import Any

from homeroom.contract.exam_labs import volume_prefix
from homeroom.contract.mounts import HUB_SOCKET_TARGET, LAB_SOCKETS_TARGET
from homeroom.guard.run_rules import RunRule
from homeroom.guard.values import MountRule, is_int, is_strings, shown


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What one deployment's hub may do. Every field but the last comes from `guard.json`.

    :param volume_prefix: what every user's volume begins with; such a volume must carry the deployment's label and
        the label of the very user the lab is for.
    :param home_targets: where in a lab a user's volume may be mounted.
    :param homes_path: the host's directory that holds a directory each; empty: homes are volumes. A lab may mount the
        one that is named after its own user, which the guard has made (`homeroom.storage.homes`).
    :param home_limit_bytes: hard limit of a home that is a directory; 0: none.
    :param home_provisioner_image: the image that makes such directories.
    :param reader_socket_volume: the volume with the socket of the service that reads copies; empty: there is none.
    :param take_back_image: the image of the container in which a person's file comes back from a copy.
    :param volumes: further named volumes a lab may mount (shared kernels, shares).
    :param binds: host paths a lab may mount. The parent of a `*` must not be writable by the hub or by labs: whoever
        can put a symbolic link there chooses what the engine mounts.
    :param devices: ids of devices a lab may be given through a device request (CDI names or GPU UUIDs).
    :param runtimes: OCI runtimes a lab may name, besides the engine's default.
    :param dns: name servers a lab may be given.
    :param firewall: whether a lab with a network is made only while the deployment's firewall is in force.
    :param fetch_environment: `NAME=value` each, what whatever fetches over the labs' network is given: proxies.
    :param runs: how what people hand in is run; empty: nothing is.
    :param runs_at_once: how many of these.
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
    home_provisioner_image: str = ""
    reader_socket_volume: str = ""
    take_back_image: str = ""
    volumes: tuple[MountRule, ...] = ()
    binds: tuple[MountRule, ...] = ()
    devices: frozenset[str] = frozenset()
    runtimes: frozenset[str] = frozenset()
    dns: frozenset[str] = frozenset()
    firewall: bool = True
    fetch_environment: frozenset[str] = frozenset()
    max_memory_bytes: int = 1 << 40
    max_pids: int = 4096
    max_open_files: int = 65_536
    runs: tuple[RunRule, ...] = ()
    runs_at_once: int = 1
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
                rules = RunRule if name == "runs" else MountRule
                values[name] = tuple(rules.from_json(rule) for rule in value)
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

    @property
    def exam_prefix(self) -> str:
        """What the names of volumes begin with that are homes of exams: each is that of one lab."""
        return volume_prefix(self.deployment)

    def mount_rules(self) -> tuple[MountRule, ...]:
        """Everything a lab may mount, as one list."""
        rules = [MountRule(source=f"{self.volume_prefix}*", target=to, read_only=False) for to in self.home_targets]
        rules += [MountRule(source=f"{self.exam_prefix}*", target=to, read_only=False) for to in self.home_targets]
        rules.append(MountRule(source=self.hub_socket_volume, target=HUB_SOCKET_TARGET))
        if self.homes_path:
            rules += [MountRule(source=f"{self.homes_path}/*", target=to, read_only=False) for to in self.home_targets]
        if self.lab_sockets_path:
            rules.append(MountRule(source=f"{self.lab_sockets_path}/*", target=LAB_SOCKETS_TARGET, read_only=False))
        return (*rules, *self.volumes, *self.binds)


# -- what was looked up ------------------------------------------------------------------------------------------------
