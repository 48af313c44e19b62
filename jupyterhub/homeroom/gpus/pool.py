"""GPUPool: leases GPUs to labs, and says how the engine is asked for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from docker.types import DeviceRequest
from traitlets import Dict as DictTrait
from traitlets import Enum, Integer, List, TraitError, validate
from traitlets.config import SingletonConfigurable

from homeroom.contract.labels import GPUS_LABEL
from homeroom.gpus.leases import Device, LabContainer, Lease, Ledger, Unavailable
from homeroom.gpus.queue import GPUQueue

__all__ = ["GPUPool", "Lease", "Unavailable"]

VISIBLE = "NVIDIA_VISIBLE_DEVICES"
NO_DEVICE = "void"

ListContainers = Callable[[], Awaitable[Iterable[Mapping[str, Any]]]]


class GPUPool(SingletonConfigurable):
    """Leases the GPUs of this machine to the labs of one deployment; one for all spawners of a hub.

    Before each grant it reads from the labels of the containers who holds what, so a hub that was killed at any moment
    starts with the truth, and containers that no hub remembers are counted too.
    """

    gpus = List(
        DictTrait(),
        config=True,
        help="""The GPUs to lease, each a dictionary: `id` (UUID or CDI name; what containers are labelled with),
        `label` (what people read), `slots` (labs that may share it, 1 by default), `name` (what the engine is asked
        for, where that is not the id), `nodes` (paths that a container with it has).""",
    )
    per_user = Integer(0, min=0, config=True, help="GPUs or slots that one person may hold at a time; 0: no cap.")
    access = Enum(
        ["cdi", "nvidia", "podman"],
        "cdi",
        config=True,
        help="""How the engine gives devices: Docker with CDI, Docker with the NVIDIA runtime, or Podman with CDI.""",
    )

    list_containers: ListContainers | None = None
    """Asks the engine for all containers of the deployment with GPUS_LABEL, ended ones too, as rows of its listing."""
    remove_orphans: ListContainers | None = None
    """Removes containers of no lab that the hub knows, then tells as `list_containers` does; asked before a lab is
    given GPUs. None: nothing is removed."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.ledger = Ledger([_device(each) for each in self.gpus], per_user=self.per_user)
        self.queue = GPUQueue(self)
        self._lock = asyncio.Lock()

    @validate("gpus")
    def _validate_gpus(self, proposal: Any) -> list[dict[str, Any]]:
        given: list[dict[str, Any]] = proposal["value"]
        ids = [_device(each).id for each in given]
        if len(set(ids)) < len(ids):
            raise TraitError(f"GPUPool.gpus names a device twice: {sorted(ids)}")
        return given

    async def lease(
        self, user: str, server: str, count: int, *, max_age_seconds: float = 0, cap: int | None = None
    ) -> Lease:
        """Reserve `count` devices for a lab; they stay reserved until `release`, and then as long as its container is.

        :param max_age_seconds: the lab's maximum age, by which the next free GPU is foretold; 0: no limit.
        :param cap: what this user may hold at a time, where that is not `per_user`; 0: no cap.
        :raises Unavailable: with the reason for the user.
        """
        if count < 1:
            return Lease(user=user, server=server, devices=(), since_seconds=time.time())
        async with self._lock:
            await self._reconcile(self.remove_orphans)
            return self.ledger.reserve(
                user, server, count, now_seconds=time.time(), max_age_seconds=max_age_seconds, cap=cap
            )

    def release(self, lease: Lease) -> None:
        """Say that the lab's container now exists, or that none will be made any more.

        Never while the engine may still be making it: a start that timed out goes on in its thread. From the next
        listing on, the container's label alone holds the devices, until the container has ended or is gone.
        """
        if lease.number:
            self.ledger.release(lease)

    async def refresh(self) -> None:
        """Read the truth anew, for `free`, `holders` and `next_free_seconds`."""
        async with self._lock:
            await self._reconcile()

    async def _reconcile(self, ask: ListContainers | None = None) -> None:
        ask = ask or self.list_containers
        if ask is None:
            raise RuntimeError("GPUPool.list_containers is not set")
        over = self.ledger.over()
        rows = await ask()
        self.ledger.reconcile([LabContainer.from_listing(row) for row in rows], over)

    def free(self) -> dict[str, int]:
        """Labs that each device could still take, by id, as of the last listing."""
        return self.ledger.free()

    def holders(self) -> tuple[Lease, ...]:
        """Who holds what since when, as of the last listing."""
        return self.ledger.holders()

    def next_free_seconds(self, count: int = 1) -> float | None:
        """When `count` devices are free by the maximum ages of their holders (since 1970); 0: now; None: unknown."""
        return self.ledger.next_free_seconds(count)

    def labs_that_fit(self, count: int) -> int:
        """How many more labs with `count` GPUs each could have them, as of the last listing."""
        return self.ledger.labs_that_fit(count)

    def refusal(self, user: str, server: str, count: int, *, cap: int | None = None) -> Unavailable | None:
        """Why a lab could not have its GPUs now, for the choice page; None where it could. Holds nothing."""
        try:
            if count:
                self.ledger.choose(user, server, count, cap=cap)
        except Unavailable as refusal:
            return refusal
        return None

    def devices(self, lease: Lease) -> tuple[Device, ...]:
        """The devices of a lease."""
        return tuple(self.ledger.devices[each] for each in lease.devices)

    def labels(self, lease: Lease) -> dict[str, str]:
        """What the lab's container must be labelled with: the truth that leases are read from again."""
        return {GPUS_LABEL: ",".join(lease.devices)} if lease.devices else {}

    def environment(self, lease: Lease) -> dict[str, str]:
        """What the lab's environment must say: its devices to the NVIDIA runtime, or none at all.

        CUDA images say `all`, and where the NVIDIA runtime is the engine's default, it would give them all.
        """
        given = [device.requested for device in self.devices(lease)] if self.access == "nvidia" else []
        return {VISIBLE: ",".join(given) or NO_DEVICE}

    def host_config(self, lease: Lease) -> dict[str, Any]:
        """What `create_host_config` of docker-py must be told."""
        names = [device.requested for device in self.devices(lease)]
        if not names:
            return {}
        if self.access == "nvidia":  # reads the variable; a device request would only add a hook that says the same
            return {"runtime": "nvidia"}
        if self.access == "podman":  # ignores device requests without a word: podman#22645, podman#28495
            return {"devices": names}
        return {"device_requests": [DeviceRequest(driver="cdi", device_ids=names)]}

    def device_check(self, lease: Lease) -> list[str]:
        """A command that succeeds in the lab's container where its devices really are there; empty: nothing to try."""
        nodes = [node for device in self.devices(lease) for node in device.nodes]
        return ["ls", "-d", *dict.fromkeys(nodes)] if nodes else []


def _device(given: Mapping[str, Any]) -> Device:
    """:raises TraitError: naming what is wrong with an entry of `GPUPool.gpus`."""
    try:
        return Device(**{**given, "nodes": tuple(given.get("nodes", ()))})
    except (TypeError, ValueError) as error:
        raise TraitError(f"GPUPool.gpus: {error}") from None
