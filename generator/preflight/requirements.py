"""What a deployment asks of the machine."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """The settings that the checks compare the machine with.

    :param services_memory_bytes: the memory limits of all services together.
    :param edge_ports: the ports of the edge by their settings, where there is one.
    :param total_lab_memory_bytes: what all labs together may reserve; 0: what the services leave.
    :param lab_cpus: CPUs of one lab; 0 means no limit.
    :param total_lab_cpus: what all labs together may reserve; 0: no limit.
    :param lab_open_files: files that each process of a lab may have open.
    :param released: the day of this release: no clock is right that shows an earlier one.
    """

    project: str
    directory: Path
    hub_ip: str
    hub_port: int
    lab_subnet: str
    lab_firewall: bool
    lab_open_networks: str
    lab_memory_bytes: int
    total_lab_memory_bytes: int
    lab_cpus: float
    total_lab_cpus: float
    lab_pids: int
    lab_open_files: int
    services_memory_bytes: int
    released: datetime.date
    edge_ports: Mapping[str, int] = field(default_factory=dict)
