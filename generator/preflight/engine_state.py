"""What the engine says about itself and about what is on it, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import docker

from generator.core.labels import DEPLOYMENT_LABEL, USER_LABEL

COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_SERVICE = "com.docker.compose.service"
COMPOSE_DIRECTORY = "com.docker.compose.project.working_dir"


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container, running or not; `ports` are the TCP (address, port) pairs it publishes now."""

    name: str
    project: str = ""
    service: str = ""
    directory: str = ""
    ports: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network of the engine and its IPv4 subnets."""

    name: str
    project: str = ""
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume; `project` is the deployment it belongs to, `home` whether the hub made it for a user."""

    name: str
    project: str = ""
    home: bool = False


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """One reading of the engine.

    :param memory_limit: and the next three: whether the engine says that it can enforce such a limit.
    :param containerd_store: images lie with containerd and not under `root_directory`.
    :param built: the lab image of this deployment exists already.
    """

    kind: Literal["docker", "podman"]
    rootless: bool
    root_directory: Path
    storage_driver: str
    containerd_store: bool
    cgroup_version: str
    cpus: int
    memory_bytes: int
    memory_limit: bool
    swap_limit: bool
    cpu_limit: bool
    pids_limit: bool
    security_options: tuple[str, ...]
    forwards_ipv4: bool
    containers: tuple[Container, ...]
    networks: tuple[Network, ...]
    volumes: tuple[Volume, ...]
    built: bool


def read_engine_state(client: docker.DockerClient, kind: Literal["docker", "podman"], project: str) -> EngineState:
    """Ask the engine for all of it.

    :raises docker.errors.DockerException: when the engine does not answer.
    """
    api = client.api
    info: Mapping[str, Any] = api.info()
    options = tuple(info.get("SecurityOptions") or ())
    return EngineState(
        kind=kind,
        rootless=any("rootless" in option for option in options),
        root_directory=Path(info.get("DockerRootDir") or "/var/lib/docker"),
        storage_driver=str(info.get("Driver", "")),
        containerd_store=any(row[:1] == ["driver-type"] for row in info.get("DriverStatus") or ()),
        cgroup_version=str(info.get("CgroupVersion", "")),
        cpus=int(info.get("NCPU") or 0),
        memory_bytes=int(info.get("MemTotal") or 0),
        memory_limit=bool(info.get("MemoryLimit")),
        swap_limit=bool(info.get("SwapLimit")),
        cpu_limit=bool(info.get("CpuCfsQuota")),
        pids_limit=bool(info.get("PidsLimit")),
        security_options=options,
        forwards_ipv4=bool(info.get("IPv4Forwarding", True)),
        containers=read_containers(client),
        networks=tuple(_network(row) for row in api.networks()),
        volumes=tuple(_volume(row) for row in api.volumes().get("Volumes") or ()),
        built=bool(api.images(filters={"reference": f"{project}-lab:local"})),
    )


def read_containers(client: docker.DockerClient) -> tuple[Container, ...]:
    """All containers of the engine, running or not.

    :raises docker.errors.DockerException: when the engine does not answer.
    """
    return tuple(_container(row) for row in client.api.containers(all=True))


def _container(row: Mapping[str, Any]) -> Container:
    labels = row.get("Labels") or {}
    ports = [
        (port.get("IP") or "0.0.0.0", int(port["PublicPort"]))  # Podman leaves "all addresses" out
        for port in row.get("Ports") or ()
        if port.get("PublicPort") and port.get("Type", "tcp") == "tcp"
    ]
    return Container(
        name=str((row.get("Names") or [row.get("Id", "")[:12]])[0]).lstrip("/"),
        project=labels.get(COMPOSE_PROJECT) or labels.get(DEPLOYMENT_LABEL) or "",
        service=labels.get(COMPOSE_SERVICE, ""),
        directory=labels.get(COMPOSE_DIRECTORY, ""),
        ports=tuple(ports),
    )


def _network(row: Mapping[str, Any]) -> Network:
    blocks = (row.get("IPAM") or {}).get("Config") or ()
    return Network(
        name=str(row.get("Name", "")),
        project=(row.get("Labels") or {}).get(COMPOSE_PROJECT, ""),
        subnets=tuple(block["Subnet"] for block in blocks if block.get("Subnet") and ":" not in block["Subnet"]),
    )


def _volume(row: Mapping[str, Any]) -> Volume:
    labels = row.get("Labels") or {}
    return Volume(
        name=str(row.get("Name", "")),
        project=labels.get(COMPOSE_PROJECT) or labels.get(DEPLOYMENT_LABEL) or "",
        home=DEPLOYMENT_LABEL in labels and USER_LABEL in labels,
    )
