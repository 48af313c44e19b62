"""The GPUs of this machine: what the NVIDIA driver and the CDI specs say there is."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CDI_DIRECTORIES = (Path("/etc/cdi"), Path("/var/run/cdi"))
DRIVER = Path("/proc/driver/nvidia/gpus")
ANSWER_SECONDS = 20

GPU_LINE = re.compile(r"GPU (?P<index>\d+): (?P<name>.+?) \(UUID: (?P<uuid>GPU-[^)]+)\)")
MIG_LINE = re.compile(r"\s+MIG (?P<name>\S+)\s+Device\s+(?P<index>\d+): \(UUID: (?P<uuid>MIG-[^)]+)\)")


@dataclass(frozen=True, kw_only=True)
class CdiDevice:
    """A device of a CDI spec: its full name and the nodes that a container gets with it."""

    name: str
    nodes: tuple[str, ...]

    @property
    def short(self) -> str:
        """The part after the `=`."""
        return self.name.partition("=")[2]


@dataclass(frozen=True, kw_only=True)
class FoundGpu:
    """A GPU, or a MIG slice of one, that a lab can be given.

    :param id: its UUID where it has one, else its CDI name.
    :param cdi_names: what CDI specs call it; empty where none knows it.
    :param nodes: what must be in a container that has it; empty where that is unknown.
    """

    id: str
    label: str
    cdi_names: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Everything that `site/gpus.yaml` may call it."""
        return tuple(dict.fromkeys((self.id, *self.cdi_names)))

    @property
    def cdi_name(self) -> str | None:
        """The CDI name to ask the engine for: one by UUID rather than by an index, which a reboot can change."""
        return min(self.cdi_names, key=lambda name: ("=GPU-" not in name and "=MIG-" not in name, name), default=None)


Run = Callable[[Sequence[str]], str]


def run_command(command: Sequence[str]) -> str:
    """What a command prints; nothing where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def read_host(
    run: Run = run_command, cdi_directories: Sequence[Path] = CDI_DIRECTORIES, driver: Path = DRIVER
) -> list[FoundGpu]:
    """The GPUs of this machine in their order; a GPU that is cut into MIG slices is only there as its slices."""
    cdi = list(read_cdi(cdi_directories))
    nvidia = list(read_nvidia(run, cdi, driver))
    claimed = {name for gpu in nvidia for name in gpu.cdi_names}
    rest = [device for device in cdi if device.name not in claimed]
    others = [device for device in rest if not (nvidia and device.name.startswith("nvidia.com/"))]
    return [*nvidia, *without_nvidia_smi(others)]


def cdi_directories(info: Mapping[str, Any]) -> Sequence[Path]:
    """Where the engine looks for CDI specs; the usual places where it does not say.

    :param info: the engine's answer to `/info`.
    """
    return [Path(each) for each in info.get("CDISpecDirs") or ()] or CDI_DIRECTORIES


def read_cdi(directories: Sequence[Path]) -> Iterator[CdiDevice]:
    """The GPUs in CDI specs; a spec that cannot be read is left out, as engines do."""
    paths = (path for directory in directories if directory.is_dir() for path in sorted(directory.iterdir()))
    for path in paths:
        if path.suffix not in (".json", ".yaml", ".yml"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
            spec = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
            yield from _devices(spec)
        except (OSError, ValueError, yaml.YAMLError, AttributeError, KeyError, TypeError):
            continue


def _devices(spec: Mapping[str, Any]) -> list[CdiDevice]:
    kind = spec["kind"]
    if not kind.endswith("/gpu"):
        return []
    shared = _nodes(spec)
    found = [CdiDevice(name=f"{kind}={each['name']}", nodes=_nodes(each) or shared) for each in spec["devices"]]
    return [each for each in found if each.short != "all"] or found


def _nodes(edited: Mapping[str, Any]) -> tuple[str, ...]:
    edits = edited.get("containerEdits") or {}
    return tuple(node["path"] for node in edits.get("deviceNodes") or ())


def read_nvidia(run: Run, cdi: Sequence[CdiDevice], driver: Path) -> Iterator[FoundGpu]:
    """What `nvidia-smi` lists, with the CDI specs' names for it."""
    lines = run(["nvidia-smi", "-L"]).splitlines()
    memory = _memory_mib(run) if lines else {}
    minors = dict(_minors(driver))
    uuid, index, name, gpu = "", "", "", None
    sliced = False
    for line in lines:
        if match := GPU_LINE.match(line):
            if gpu and not sliced:
                yield gpu
            sliced, uuid, index, name = False, match["uuid"], match["index"], match["name"]
            size = f", {memory[uuid] / 1024:.0f} GiB" if uuid in memory else ""
            node = (f"/dev/nvidia{minors[uuid]}",) if uuid in minors else ()
            gpu = _named(uuid, index, f"{name}{size}", cdi, node)
        elif match := MIG_LINE.match(line):
            sliced = True
            yield _named(match["uuid"], f"{index}:{match['index']}", f"{name}, MIG {match['name']}", cdi, ())
    if gpu and not sliced:
        yield gpu


def _named(uuid: str, index: str, label: str, cdi: Sequence[CdiDevice], nodes: tuple[str, ...]) -> FoundGpu:
    mine = [each for each in cdi if each.name in (f"nvidia.com/gpu={uuid}", f"nvidia.com/gpu={index}")]
    proving = next((each.nodes for each in mine if each.nodes), nodes)
    return FoundGpu(id=uuid, label=label, cdi_names=tuple(each.name for each in mine), nodes=proving)


def _memory_mib(run: Run) -> dict[str, int]:
    rows = run(["nvidia-smi", "--query-gpu=uuid,memory.total", "--format=csv,noheader,nounits"]).splitlines()
    pairs = (row.split(", ") for row in rows)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _minors(driver: Path) -> Iterator[tuple[str, str]]:
    """The number in each GPU's node, by UUID: it is not always its index."""
    for path in sorted(driver.glob("*/information")):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        if facts.get("GPU UUID") and facts.get("Device Minor", "").isdecimal():
            yield facts["GPU UUID"], facts["Device Minor"]


def without_nvidia_smi(devices: Sequence[CdiDevice]) -> Iterator[FoundGpu]:
    """The GPUs that CDI specs alone know; those with the same nodes are one under several names."""
    same: dict[object, list[CdiDevice]] = {}
    for device in devices:
        same.setdefault(device.nodes or device.name, []).append(device)
    for names in same.values():
        cdi_names = tuple(each.name for each in names)
        gpu = FoundGpu(id="", label="", cdi_names=cdi_names, nodes=names[0].nodes)
        chosen = gpu.cdi_name or cdi_names[0]
        yield FoundGpu(id=chosen, label=f"GPU {chosen.partition('=')[2]}", cdi_names=cdi_names, nodes=gpu.nodes)
