"""The operator's `site/gpus.yaml`: which GPUs labs may lease, checked against the machine; and a proposal for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core.console import counted
from generator.core.errors import HomeroomError, nearest, raise_all
from generator.core.labels import GPUS_LABEL, SERVER_LABEL, USER_LABEL
from generator.site import reader
from generator.site.reader import SiteFile
from generator.topics.gpus import gpu_host
from generator.topics.gpus.gpu_host import FoundGpu
from generator.topics.gpus.site import GPUS, Access, Gpu, GpuFile

PROPOSAL = "gpus.yaml.proposed"


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What the hub and the guard are told about GPUs, as plain data.

    :param gpus: the dictionaries of `GPUPool.gpus`.
    """

    gpus: list[dict[str, Any]]
    access: Access = "cdi"
    per_user: int = 0

    @property
    def requested(self) -> list[str]:
        """What the guard may let the hub ask the engine for."""
        return sorted(each["name"] for each in self.gpus)


NO_GPUS = Pool(gpus=[])


def load(site: Path, host: Sequence[FoundGpu]) -> Pool:
    """The GPUs that labs may lease; none without a file.

    :raises HomeroomError: everything that is wrong with the file, each with line and column.
    """
    given = reader.load(site / GPUS, GpuFile)
    if given is None or not given.gpus:
        return NO_GPUS
    raise_all(list(_faults(SiteFile(site / GPUS), given, host)))
    return Pool(
        gpus=[_as_data(gpu, _found(gpu.id, host), given.access) for gpu in given.gpus],
        access=given.access,
        per_user=given.per_user,
    )


def load_here(site: Path) -> Pool:
    """As `load`, against this machine; it is not asked where labs lease none."""
    return load(site, gpu_host.read_host() if (site / GPUS).exists() else [])


def declared_access(site: Path) -> Access | None:
    """How the operator says that devices are given; None where labs lease none."""
    given = reader.load(site / GPUS, GpuFile)
    return given.access if given and given.gpus else None


def _found(wanted: str, host: Sequence[FoundGpu]) -> FoundGpu:
    return next(each for each in host if wanted in each.ids)


def _as_data(gpu: Gpu, found: FoundGpu, access: Access) -> dict[str, Any]:
    name = found.id if access == "nvidia" else found.cdi_name or found.id
    label = gpu.label or found.label
    return {"id": gpu.id, "label": label, "slots": gpu.slots, "name": name, "nodes": list(found.nodes)}


def _faults(file: SiteFile, given: GpuFile, host: Sequence[FoundGpu]) -> Iterator[HomeroomError]:
    known = [name for each in host for name in each.ids]
    first: dict[str, int] = {}
    for index, gpu in enumerate(given.gpus):
        location = ("gpus", index, "id")
        if gpu.id not in known:
            yield file.error(location, f"there is no GPU {gpu.id} on this machine", remedy=_nearest(gpu.id, known))
            continue
        found = _found(gpu.id, host)
        if found.id in first:
            other = given.gpus[first[found.id]].id
            cause = f"{gpu.id} is there twice" if other == gpu.id else f"{gpu.id} and {other} are the same GPU"
            yield file.error(location, cause, remedy="Keep one of them; `slots` says how many labs may share it.")
        first.setdefault(found.id, index)
        if given.access != "nvidia" and not found.cdi_names:
            yield file.error(
                location,
                f"no CDI spec has {gpu.id}",
                remedy="Run `sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`, or say `access: nvidia`.",
            )
        if given.access == "nvidia" and not found.id.startswith(("GPU-", "MIG-")):
            yield file.error(location, f"the NVIDIA runtime knows no {gpu.id}", remedy="Say `access: cdi`.")


def _nearest(wanted: str, known: Sequence[str]) -> str:
    if not known:
        return "Neither `nvidia-smi -L` nor /etc/cdi shows a GPU: see whether the driver is installed and loaded."
    near = nearest(wanted, known)
    hint = f"Did you mean {near}? " if near else ""
    return f"{hint}`make gpus` shows what there is and writes it to site/{PROPOSAL}."


def profile_faults(file: SiteFile, profiles: Iterable[Mapping[str, Any]], pool: Pool) -> Iterator[HomeroomError]:
    """Profiles that want more GPUs than a lab can ever get.

    :param file: `site/profiles.yaml`, for locations.
    :param profiles: what was read from it, in any order; each with `name` and `gpus`.
    """
    there = len(pool.gpus)
    most = min(there, pool.per_user or there)
    positions = {str(each["name"]): index for index, each in enumerate(file.values()["profiles"])}
    for profile in profiles:
        if profile["gpus"] > most:
            limit = f"one person may hold {most}" if most < there else f"site/{GPUS} lists {there or 'none'}"
            yield file.error(
                ("profiles", positions[profile["name"]], "gpus"),
                f"{profile['name']} would never start: it wants {counted(profile['gpus'], 'GPU')}, and {limit}",
                remedy=f"Lower gpus here, or change site/{GPUS}; `make gpus` shows what there is.",
            )


# -- the proposal ------------------------------------------------------------------------------------------------------


def access_of(kind: str, info: Mapping[str, Any], host: Sequence[FoundGpu]) -> Access:
    """How this engine gives devices: CDI wherever it can."""
    if kind == "podman":
        return "podman"
    by_cdi = bool(info.get("CDISpecDirs")) and all(gpu.cdi_names for gpu in host)
    return "nvidia" if "nvidia" in (info.get("Runtimes") or {}) and not by_cdi else "cdi"


def access_faults(access: Access, kind: str, info: Mapping[str, Any]) -> Iterator[HomeroomError]:
    """Why the engine cannot give devices in this way."""
    location = f"site/{GPUS}: access"
    if (access == "podman") != (kind == "podman"):
        yield HomeroomError(
            f"access: {access} does not fit this engine",
            location=location,
            remedy=f"Say `access: {access_of(kind, info, [])}`.",
        )
    elif access == "nvidia" and "nvidia" not in (info.get("Runtimes") or {}):
        yield HomeroomError(
            "Docker has no NVIDIA runtime",
            location=location,
            remedy="Run `sudo nvidia-ctk runtime configure && sudo systemctl restart docker`, or say `access: cdi`.",
        )
    elif access == "cdi" and not info.get("CDISpecDirs"):
        yield HomeroomError(
            "Docker's CDI is switched off",
            location=location,
            remedy='Add `"features": {"cdi": true}` to /etc/docker/daemon.json and restart Docker, or update it to 28.',
        )


def proposal(host: Sequence[FoundGpu], access: Access) -> str:
    """The text of `gpus.yaml.proposed`."""
    lines = [
        f"# Written by `make gpus`, which overwrites it. Copy it to site/{GPUS} and edit that.",
        f"access: {access}  # cdi: Docker by CDI; nvidia: Docker by the NVIDIA runtime; podman: Podman by CDI",
        "per_user: 0  # GPUs or slots that one person may hold at a time; 0: no cap",
        "gpus:" if host else "gpus: []",
    ]
    for gpu in host:
        lines += [
            f"  - id: {json.dumps(gpu.id)}",
            f"    label: {json.dumps(gpu.label)}",
            "    slots: 1  # labs that may share it; its memory is not divided among them",
        ]
    return "\n".join(lines) + "\n"


# -- who holds what ----------------------------------------------------------------------------------------------------


def holders(containers: Iterable[tuple[Mapping[str, str], str]]) -> dict[str, list[tuple[str, str]]]:
    """Who holds each GPU: (lab, created) by the GPU's id.

    :param containers: the labels of every lab's container that has not ended, and when it was made.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for labels, created in containers:
        user, server = labels.get(USER_LABEL, ""), labels.get(SERVER_LABEL, "")
        for gpu in filter(None, labels.get(GPUS_LABEL, "").split(",")):
            found.setdefault(gpu, []).append((f"{user}/{server}" if server else user, created))
    return found
