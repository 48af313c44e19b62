"""Who holds which GPU: decisions on plain data, without an engine and without a hub.

The labels of containers are the truth. Beside them a ledger knows only the reservations of labs whose container is
still on its way; it keeps nothing that a hub killed at any moment would need again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.contract.labels import GPUS_LABEL, MAX_AGE_LABEL, SERVER_LABEL, USER_LABEL
from homeroom.texts.said import Said, say

ENDED_STATES = frozenset({"exited", "dead", "stopped"})
"""States in which a container has no process left; the hub never starts such a one again, it removes it."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """A GPU, or a MIG slice of one, that labs may lease.

    :param id: what the operator calls it, and what containers are labelled with: a UUID or a CDI name.
    :param slots: how many labs may hold it at once.
    :param name: what the engine is asked for; the id where there is no other name.
    :param nodes: paths that are in a container to which the device was really given; empty where nobody knows them.
    """

    id: str
    label: str = ""
    slots: int = 1
    name: str = ""
    nodes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.id or "," in self.id:
            raise ValueError(f"a GPU's id {self.id!r} must be there and have no comma")
        if self.slots < 1:
            raise ValueError(f"GPU {self.id}: slots must be 1 or more, not {self.slots}")

    @property
    def title(self) -> str:
        """What people read."""
        return self.label or self.id

    @property
    def requested(self) -> str:
        """What the engine is asked for."""
        return self.name or self.id


@dataclass(frozen=True, kw_only=True)
class LabContainer:
    """A container with the label of GPUs, as the engine lists it; times are seconds since 1970."""

    id: str
    user: str
    server: str
    devices: tuple[str, ...]
    state: str
    created_seconds: float
    max_age_seconds: float = 0

    @classmethod
    def from_listing(cls, row: Mapping[str, Any]) -> LabContainer:
        """One row of the engine's `GET /containers/json`."""
        labels = row.get("Labels") or {}
        max_age = labels.get(MAX_AGE_LABEL, "")
        return cls(
            id=str(row["Id"]),
            user=labels.get(USER_LABEL, ""),
            server=labels.get(SERVER_LABEL, ""),
            devices=tuple(each for each in labels.get(GPUS_LABEL, "").split(",") if each),
            state=str(row.get("State", "")),
            created_seconds=float(row.get("Created") or 0),
            max_age_seconds=float(max_age) if max_age.isdecimal() else 0,
        )


@dataclass(frozen=True, kw_only=True)
class Lease:
    """GPUs held for one lab.

    :param since_seconds: and `ends_seconds`: seconds since 1970; the end is None for a lab without a maximum age.
    :param number: tells two reservations of the same lab apart; 0 for a lease read from a container.
    """

    user: str
    server: str
    devices: tuple[str, ...]
    since_seconds: float = 0
    ends_seconds: float | None = None
    number: int = 0

    @property
    def lab(self) -> tuple[str, str]:
        """The key of a lab: its user and its server's name."""
        return self.user, self.server


class Unavailable(Exception):
    """No lease now; what is said is why, for the person who asked.

    :param reason: one word for metrics: `impossible`, `cap` or `taken`.
    :param next_free_seconds: when it will be possible (since 1970), where the maximum age of the holders tells.
    """

    def __init__(self, said: Said, *, reason: str, next_free_seconds: float | None = None) -> None:
        super().__init__(said.english())
        self.said = said
        self.reason = reason
        self.next_free_seconds = next_free_seconds


class Ledger:
    """All leases of one deployment: those that containers' labels tell, and reservations without a container yet.

    A reservation counts until a listing of the containers that was begun after its end: only such a listing shows for
    certain whether its container is there.

    :param per_user: GPUs or slots that all labs of one user may hold together; 0: no cap.
    """

    def __init__(self, devices: Iterable[Device], *, per_user: int = 0) -> None:
        self.devices = {device.id: device for device in devices}
        self.per_user = per_user
        self._containers: tuple[Lease, ...] = ()
        self._reservations: dict[int, Lease] = {}
        self._over: set[int] = set()
        self._last_number = 0

    def holders(self) -> tuple[Lease, ...]:
        """What every lab holds, the oldest first; one entry a lab."""
        found: dict[tuple[str, str], Lease] = {}
        for lease in (*self._containers, *self._reservations.values()):
            found[lease.lab] = _joined(found[lease.lab], lease) if lease.lab in found else lease
        return tuple(sorted(found.values(), key=lambda lease: (lease.since_seconds, lease.lab)))

    def free(self, *, lab: tuple[str, str] | None = None) -> dict[str, int]:
        """How many labs each device could still take, by its id.

        :param lab: leave out what this lab itself holds: its older container is removed before it gets a new one.
        """
        used = Counter(each for lease in self.holders() if lease.lab != lab for each in set(lease.devices))
        return {device.id: max(0, device.slots - used[device.id]) for device in self.devices.values()}

    def labs_that_fit(self, count: int) -> int:
        """How many more labs with `count` devices each could have them now.

        :param count: at least 1.
        """
        slots = list(self.free().values())
        labs = sum(slots) // count
        while labs and sum(min(each, labs) for each in slots) < labs * count:  # a lab has a device once
            labs -= 1
        return labs

    def next_free_seconds(self, count: int = 1) -> float | None:
        """When `count` devices will be free by the maximum ages of their holders: 0 for now, None where none tells."""
        free = self.free()
        waits = 0.0, *sorted(self._ends(each) for each, slots in free.items() if not slots)
        short = count - sum(slots > 0 for slots in free.values())
        when = waits[max(0, short)] if short < len(waits) else math.inf
        return when if math.isfinite(when) else None

    def _ends(self, device: str) -> float:
        ends = [lease.ends_seconds for lease in self.holders() if device in lease.devices]
        return min((end for end in ends if end is not None), default=math.inf)

    def choose(self, user: str, server: str, count: int, *, cap: int | None = None) -> tuple[str, ...]:
        """The devices that a lab would get: its own again where it has some, then the emptiest, each at most once.

        :param cap: this user's instead of `per_user`; 0: none.
        :raises Unavailable: with the reason.
        """
        cap = self.per_user if cap is None else cap
        if count > len(self.devices):
            there = len(self.devices)
            raise Unavailable(say("no_lab.gpus_impossible", count=count, there=there), reason="impossible")
        if cap and count > cap:
            raise Unavailable(say("no_lab.gpus_limit", count=count, most=cap), reason="impossible")
        others = {lease.server: len(lease.devices) for lease in self.holders() if lease.user == user}
        others.pop(server, None)
        held = sum(others.values())
        if cap and held + count > cap:
            labs = sorted(name for name, number in others.items() if number)
            named = "no_lab.gpus_held" if labs == [name for name in labs if name] else "no_lab.gpus_held_unnamed"
            raise Unavailable(say(named, count=count, most=cap, held=held, labs=labs), reason="cap")
        free = self.free(lab=(user, server))
        own = {each for lease in self.holders() if lease.lab == (user, server) for each in lease.devices}
        able = [device for device in self.devices.values() if free[device.id]]
        if len(able) < count:
            raise Unavailable(
                say("no_lab.gpus_taken", count=count, free=len(able), all=len(self.devices)),
                reason="taken",
                next_free_seconds=self.next_free_seconds(count),
            )
        able.sort(key=lambda device: (device.id not in own, -free[device.id] / device.slots))
        return tuple(device.id for device in able[:count])

    def reserve(
        self,
        user: str,
        server: str,
        count: int,
        *,
        now_seconds: float,
        max_age_seconds: float = 0,
        cap: int | None = None,
    ) -> Lease:
        """Choose and hold, in one step that nothing can come between.

        :raises Unavailable: with the reason; nothing is held then.
        """
        devices = self.choose(user, server, count, cap=cap)
        self._last_number += 1
        lease = Lease(
            user=user,
            server=server,
            devices=devices,
            since_seconds=now_seconds,
            ends_seconds=now_seconds + max_age_seconds if max_age_seconds else None,
            number=self._last_number,
        )
        self._reservations[lease.number] = lease
        return lease

    def release(self, lease: Lease) -> None:
        """The lab's container has been made, or never will be: from the next listing on only its label counts."""
        self._over.add(lease.number)

    def over(self) -> frozenset[int]:
        """The reservations that have ended: to be read before the containers are listed, for `reconcile`."""
        return frozenset(self._over)

    def reconcile(self, containers: Iterable[LabContainer], over: Collection[int]) -> None:
        """Take over what the containers' labels say; of the reservations that had ended before, they say everything.

        :param containers: all of this deployment's with a label of GPUs, in any state, by whatever hub they were made.
        :param over: what `over` said before the listing was begun.
        """
        self._containers = tuple(
            Lease(
                user=each.user,
                server=each.server,
                devices=each.devices,
                since_seconds=each.created_seconds,
                ends_seconds=each.created_seconds + each.max_age_seconds if each.max_age_seconds else None,
            )
            for each in containers
            if each.devices and each.state not in ENDED_STATES
        )
        for number in over:
            self._reservations.pop(number, None)
            self._over.discard(number)


def _joined(first: Lease, second: Lease) -> Lease:
    """What a lab holds by its container and by its reservation, as one."""
    ends = None if None in (first.ends_seconds, second.ends_seconds) else first.ends_seconds
    return Lease(
        user=first.user,
        server=first.server,
        devices=tuple(dict.fromkeys((*first.devices, *second.devices))),
        since_seconds=min(first.since_seconds, second.since_seconds),
        ends_seconds=ends,
    )
