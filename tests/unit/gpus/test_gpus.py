"""Leases of GPUs: who gets which, who is refused why, and that nothing that happens ever gives one out twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from homeroom.gpus.leases import Device, LabContainer, Lease, Ledger, Unavailable
from homeroom.gpus.pool import GPUPool
from homeroom.labs import choice
from homeroom.labs.plan import LabPlan
from homeroom.queue.resources import NOTHING, Estimate, Resources
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from traitlets import TraitError

from tests.examples import examples

A, B, C = "GPU-a", "GPU-b", "GPU-c"


def ledger(*slots: int, per_user: int = 0) -> Ledger:
    """Devices GPU-a, GPU-b, ... with so many slots each."""
    return Ledger(
        [Device(id=f"GPU-{chr(97 + index)}", slots=number) for index, number in enumerate(slots)], per_user=per_user
    )


def container(user: str, *devices: str, state: str = "running", **more: Any) -> LabContainer:
    """A lab's container that holds devices."""
    given: dict[str, Any] = {"id": f"id-{user}", "server": "", "created_seconds": 100, **more}
    return LabContainer(user=user, devices=devices, state=state, **given)


def reserve(book: Ledger, user: str, count: int = 1, server: str = "", **more: Any) -> Lease:
    """A reservation at the time 1000."""
    return book.reserve(user, server, count, now_seconds=1000, **more)


def refusal(book: Ledger, user: str, count: int = 1, server: str = "", **more: Any) -> Unavailable:
    """The refusal of a reservation that must not be granted."""
    with pytest.raises(Unavailable) as caught:
        reserve(book, user, count, server, **more)
    return caught.value


def test_a_device_has_one_holder() -> None:
    """Without slots a device is its holder's alone; the next gets another, the one after that is refused."""
    book = ledger(1, 1)
    assert {reserve(book, "ada").devices, reserve(book, "bela").devices} == {(A,), (B,)}
    refused = refusal(book, "cyd")
    assert refused.reason == "taken"
    assert str(refused) == "This lab needs 1 GPU. Free now: 0 of 2."


def test_several_devices_are_given_together_or_not_at_all() -> None:
    """A lab of two GPUs gets two different ones; where only one is free it is refused and holds nothing."""
    book = ledger(1, 1, 1)
    assert len(set(reserve(book, "ada", 2).devices)) == 2
    assert "Free now: 1 of 3" in str(refusal(book, "bela", 2))
    assert sum(book.free().values()) == 1


def test_slots_are_shared_and_spread() -> None:
    """A device of four slots takes four labs, and labs go to the emptier device first."""
    book = ledger(4, 4)
    users = [f"user{number}" for number in range(8)]
    given = [reserve(book, user).devices[0] for user in users]
    assert Counter(given) == {A: 4, B: 4}
    assert set(given[:2]) == {A, B}
    assert refusal(book, "late").reason == "taken"


def test_a_lab_never_gets_two_slots_of_one_device() -> None:
    """Two slots of one device would be the same device twice: a lab of two needs two devices."""
    assert refusal(ledger(4), "ada", 2).reason == "impossible"


def test_more_than_the_machine_has_is_said_plainly() -> None:
    """What can never be granted is not called taken, so that nobody waits for it."""
    assert "this machine has 2" in str(refusal(ledger(1, 1), "ada", 3))
    assert "this machine has 0" in str(refusal(ledger(), "ada"))


def test_the_cap_counts_all_labs_of_a_person() -> None:
    """With a cap of two, a second lab that would make it three is refused with the lab to stop; others are not."""
    book = ledger(1, 1, 1, 1, per_user=2)
    reserve(book, "ada", 2, server="training")
    refused = refusal(book, "ada", 1)
    assert refused.reason == "cap"
    assert "stop one of them first: training" in str(refused)
    assert reserve(book, "bela", 2)
    assert refusal(book, "cyd", 3).reason == "impossible"


def test_a_groups_cap_goes_before_the_deployments() -> None:
    """A cap given with the request raises or lowers the deployment's."""
    book = ledger(1, 1, 1, per_user=1)
    assert reserve(book, "ada", 2, cap=2)
    assert refusal(book, "ada", 1, server="x", cap=2).reason == "cap"
    book = ledger(1, 1, 1, per_user=1)
    assert len(reserve(book, "bela", 3, cap=0).devices) == 3


def test_containers_without_a_hubs_memory_are_counted() -> None:
    """After a restart the labels alone say who holds what: orphans of nobody's count, ended containers do not."""
    book = ledger(1, 1, 1)
    book.reconcile([container("ada", A), container("", B), container("cyd", C, state="exited")], book.over())
    assert book.free() == {A: 0, B: 0, C: 1}
    assert [(lease.user, lease.devices, lease.since_seconds) for lease in book.holders()] == [
        ("", (B,), 100),
        ("ada", (A,), 100),
    ]


@pytest.mark.parametrize("state", ["created", "running", "paused", "restarting", "removing", ""])
def test_every_state_but_an_end_holds(state: str) -> None:
    """A container that runs, may run in a moment, or is in a state nobody knows, holds its devices."""
    book = ledger(1)
    book.reconcile([container("ada", A, state=state)], book.over())
    assert refusal(book, "bela").reason == "taken"


def test_a_reservation_outlives_a_listing_begun_before_its_end() -> None:
    """A listing that was on its way while the container was made does not show it and must not free its devices."""
    book = ledger(1)
    lease = reserve(book, "ada")
    over = book.over()  # a listing begins
    book.release(lease)  # the container has been made meanwhile
    book.reconcile([], over)
    assert refusal(book, "bela").reason == "taken"
    book.reconcile([], book.over())  # begun afterwards: no container, so it is gone
    assert reserve(book, "bela").devices == (A,)


def test_a_late_release_does_not_end_the_next_reservation() -> None:
    """The clean-up of a start that timed out may come after the same lab's next start began: that one keeps its own."""
    book = ledger(1)
    first = reserve(book, "ada")
    second = reserve(book, "ada")
    book.release(first)
    book.reconcile([], book.over())
    assert second.devices == (A,)
    assert refusal(book, "bela").reason == "taken"


def test_a_lab_that_starts_again_gets_its_own_back() -> None:
    """Its older container is removed first, so its own devices are no reason to refuse it, not even with all taken."""
    book = ledger(1, 1)
    book.reconcile([container("ada", B), container("bela", A)], book.over())
    assert reserve(book, "ada").devices == (B,)


def test_the_next_free_gpu_is_told_by_the_maximum_ages() -> None:
    """Where holders have an end, the refusal says when enough devices will be free; where they have none, nothing."""
    book = ledger(1, 1)
    book.reconcile(
        [container("ada", A, max_age_seconds=500), container("bela", B, id="b", max_age_seconds=900)], book.over()
    )
    assert refusal(book, "cyd").next_free_seconds == 600
    assert refusal(book, "cyd", 2).next_free_seconds == 1000
    book.reconcile([container("ada", A), container("bela", B, id="b")], book.over())
    assert refusal(book, "cyd").next_free_seconds is None
    assert ledger(1).next_free_seconds() == 0


def test_capacity_counts_labs_rather_than_slots() -> None:
    """How many labs would still find their GPUs: one with two needs two different devices."""
    assert [ledger(4, 1, 1).labs_that_fit(count) for count in (1, 2, 3, 4)] == [6, 2, 1, 0]
    assert ledger().labs_that_fit(1) == 0


def test_a_device_taken_off_the_list_is_shown_and_not_leased() -> None:
    """What the operator removes from site/gpus.yaml while somebody holds it goes to nobody else."""
    book = ledger(1)
    book.reconcile([container("ada", "GPU-gone")], book.over())
    assert book.holders()[0].devices == ("GPU-gone",)
    assert book.free() == {A: 1}


# -- the pool, as spawners use it --------------------------------------------------------------------------------------


class Engine:
    """Rows of the engine's listing, and a count of how often it was asked."""

    def __init__(self, *rows: Mapping[str, Any]) -> None:
        self.rows = list(rows)
        self.asked = 0

    async def list(self) -> Iterable[Mapping[str, Any]]:
        """The rows, a moment later."""
        self.asked += 1
        rows = list(self.rows)
        await asyncio.sleep(0)
        return rows


def row(user: str, gpus: str, state: str = "running") -> dict[str, Any]:
    """A row of the engine's listing."""
    labels = {"homeroom.user": user, "homeroom.server": "", "homeroom.gpus": gpus}
    return {"Id": f"id-{user}", "Labels": labels, "State": state, "Created": 100}


def pool(engine: Engine, *gpus: dict[str, Any], **traits: Any) -> GPUPool:
    """A pool over an engine."""
    made = GPUPool(gpus=list(gpus) or [{"id": A}, {"id": B}], **traits)
    made.list_containers = engine.list
    return made


def test_a_pool_reads_the_truth_before_it_grants() -> None:
    """A hub that has just started knows from the labels what is taken, and leases only the rest."""
    made = pool(Engine(row("ada", A)))

    async def scenario() -> None:
        assert (await made.lease("bela", "", 1)).devices == (B,)
        with pytest.raises(Unavailable):
            await made.lease("cyd", "", 1)

    asyncio.run(scenario())


def test_requests_at_once_are_granted_one_after_the_other() -> None:
    """Fifty at the same moment for two devices: two grants, forty-eight refusals, no device twice."""
    made = pool(Engine())

    async def scenario() -> list[Lease | BaseException]:
        asked = (made.lease(f"user{number}", "", 1) for number in range(50))
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(scenario())
    granted = [each for each in answers if isinstance(each, Lease)]
    assert sorted(device for each in granted for device in each.devices) == [A, B]
    assert sum(isinstance(each, Unavailable) for each in answers) == 48


def test_a_lab_without_gpus_costs_no_listing_and_sees_none() -> None:
    """Ordinary labs start without asking the engine, and are told `void`, since CUDA images say `all`."""
    engine = Engine()
    made = pool(engine, access="nvidia")
    lease = asyncio.run(made.lease("ada", "", 0))
    assert engine.asked == 0
    assert made.environment(lease) == {"NVIDIA_VISIBLE_DEVICES": "void"}
    assert made.host_config(lease) == {}
    assert made.labels(lease) == {}
    assert made.device_check(lease) == []
    made.release(lease)


def test_each_engine_is_asked_in_its_own_way() -> None:
    """Docker by CDI request, the NVIDIA runtime by its variable, Podman by CDI names among devices."""
    gpu = {"id": "GPU-1", "name": "nvidia.com/gpu=0", "nodes": ["/dev/nvidia0"]}
    lease = Lease(user="ada", server="", devices=("GPU-1",), since_seconds=0)

    docker = pool(Engine(), gpu, access="cdi")
    (request,) = docker.host_config(lease)["device_requests"]
    assert (request["Driver"], request["DeviceIDs"], request["Count"]) == ("cdi", ["nvidia.com/gpu=0"], 0)
    assert docker.environment(lease) == {"NVIDIA_VISIBLE_DEVICES": "void"}  # the CDI spec alone gives the device

    podman = pool(Engine(), gpu, access="podman")
    assert podman.host_config(lease) == {"devices": ["nvidia.com/gpu=0"]}

    nvidia = pool(Engine(), {"id": "GPU-1"}, access="nvidia")
    assert nvidia.host_config(lease) == {"runtime": "nvidia"}
    assert nvidia.environment(lease) == {"NVIDIA_VISIBLE_DEVICES": "GPU-1"}

    assert docker.labels(lease) == {"homeroom.gpus": "GPU-1"}
    assert docker.device_check(lease) == ["ls", "-d", "/dev/nvidia0"]


def test_what_a_lab_is_labelled_with_is_what_is_read_again() -> None:
    """Labels written by one hub give the next hub the same leases."""
    made = pool(Engine())
    lease = Lease(user="ada", server="x", devices=(A, B), since_seconds=0)
    labels = {"homeroom.user": "ada", "homeroom.server": "x", "homeroom.longest": "60", **made.labels(lease)}
    read = LabContainer.from_listing({"Id": "1", "Labels": labels, "State": "running", "Created": 7})
    assert read == LabContainer(
        id="1", user="ada", server="x", devices=(A, B), state="running", created_seconds=7, max_age_seconds=60
    )


def test_the_choice_page_is_told_without_holding_anything() -> None:
    """`refusal` says what a lease would say, and leaves everything free."""
    made = pool(Engine(row("ada", A)))
    asyncio.run(made.refresh())
    assert made.refusal("bela", "", 1) is None
    refused = made.refusal("bela", "", 2)
    assert refused is not None
    assert refused.reason == "taken"
    assert made.free() == {A: 0, B: 1}
    assert [lease.user for lease in made.holders()] == ["ada"]


def test_a_card_tells_when_gpus_are_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory for ten labs is no use where one GPU is free: the card says one, and none where none is."""
    monkeypatch.setattr(choice, "TEMPLATES", Path(__file__).parents[3] / "jupyterhub" / "templates")
    plan = LabPlan(profile="gpu", image="lab", memory_bytes=2**30, cpus=1, gpus=1)
    profile = {"name": "gpu", "display_name": "GPU", "description": ""}
    capacity = Resources(memory_bytes=10 * 2**30, cpus=10)

    def card(gpu_capacity: list[int | None]) -> str:
        """The page with one card."""
        estimates = [Estimate(latest_seconds=600)]
        return choice.form(
            [profile], [plan], NOTHING, capacity, chosen="", estimates=estimates, gpu_capacity=gpu_capacity
        )

    assert "10 are free now" in card([None])
    assert "1 is free now" in card([1])
    assert "None is free now: there are too few GPUs left. The next is free in 10 min at the latest." in card([0])


@pytest.mark.parametrize(
    "gpus", [[{"id": A}, {"id": A}], [{"id": A, "slots": 0}], [{"label": "no id"}], [{"id": A, "sluts": 1}]]
)
def test_a_pool_refuses_what_it_cannot_lease(gpus: list[dict[str, Any]]) -> None:
    """An administrator's own configuration with a device twice, no slots, no id or a slip is an error at the start."""
    with pytest.raises(TraitError):
        GPUPool(gpus=gpus)


# -- whatever happens, in whatever order -------------------------------------------------------------------------------


@dataclass
class Start:
    """A start on its way: leased, then creating in a thread of its own, whoever still waits for it."""

    lease: Lease
    creating: bool = False
    abandoned: bool = False


class Machine(RuleBasedStateMachine):
    """Hubs that are killed, starts that time out and engines that dawdle, against the truth in the containers.

    `containers` is the engine. A killed hub forgets everything; what it had asked the engine to create may still come
    into being, but is never started, since only the hub that made a container starts it.
    """

    USERS = ("ada", "bela", "cyd")

    def __init__(self) -> None:
        super().__init__()
        self.containers: dict[tuple[str, str], LabContainer] = {}
        self.made: set[str] = set()  # containers that the living hub is about to start
        self.starting: set[str] = set()  # containers whose start the engine was asked for, by whichever hub
        self.orphan_creates: list[Lease] = []
        self.starts: list[Start] = []
        self.listing: tuple[frozenset[int], list[LabContainer]] | None = None
        self.serial = 0

    @initialize(slots=st.lists(st.sampled_from([1, 1, 2]), min_size=1, max_size=2), cap=st.integers(0, 2))
    def begin(self, slots: list[int], cap: int) -> None:
        """A machine with devices."""
        self.slots, self.cap = slots, cap
        self.book = ledger(*slots, per_user=cap)

    @rule()
    @precondition(lambda self: self.listing is None)
    def list_begins(self) -> None:
        """The engine takes its snapshot; the answer comes later. The pool's lock allows one at a time."""
        self.listing = self.book.over(), list(self.containers.values())

    @rule(user=st.sampled_from(USERS), server=st.sampled_from(["", "", "x"]), count=st.sampled_from([1, 1, 2]))
    def lease(self, user: str, server: str, count: int) -> None:
        """The listing's answer arrives and a lab is granted or refused in the same step, as `GPUPool.lease` does."""
        over, rows = self.listing or (self.book.over(), list(self.containers.values()))
        self.listing = None
        self.book.reconcile(rows, over)
        if any(start.lease.lab == (user, server) for start in self.starts):
            return  # a hub starts a lab once at a time
        able = sum(slots > 0 for slots in self.book.free(lab=(user, server)).values())
        try:
            self.starts.append(Start(self.book.reserve(user, server, count, now_seconds=0)))
        except Unavailable as refused:
            assert refused.reason != "taken" or able < count  # noqa: PT017 - refused only where it must be

    @rule(user=st.sampled_from(USERS), server=st.sampled_from(["", "", "x"]), count=st.sampled_from([1, 1, 2]))
    def start_smoothly(self, user: str, server: str, count: int) -> None:
        """A start that nothing gets in the way of, from the lease to the running lab."""
        before = len(self.starts)
        self.lease(user, server, count)
        if len(self.starts) > before:
            start = self.starts.pop()
            self.containers[start.lease.lab] = replace(self._made(start.lease), state="running")
            self.book.release(start.lease)

    @rule(data=st.data())
    @precondition(lambda self: bool(self.starts))
    def go_on(self, data: st.DataObject) -> None:
        """A start's next step: its lab's older container is removed and the new one asked for, then it is there."""
        start = data.draw(st.sampled_from(self.starts))
        if not start.creating:
            self.containers.pop(start.lease.lab, None)
            start.creating = True
            return
        self.starts.remove(start)
        if start.lease.lab not in self.containers:  # else the name is taken and the engine says 409
            made = self._made(start.lease)
            if not start.abandoned:
                self.containers[start.lease.lab] = made
                self.made.add(made.id)
        self.book.release(start.lease)

    @rule(data=st.data())
    @precondition(lambda self: bool(self.made))
    def ask_to_start(self, data: st.DataObject) -> None:
        """The hub asks the engine to start what it made."""
        chosen = data.draw(st.sampled_from(sorted(self.made)))
        self.made.remove(chosen)
        self.starting.add(chosen)

    @rule(data=st.data())
    @precondition(lambda self: bool(self.starting))
    def engine_starts(self, data: st.DataObject) -> None:
        """The engine does so, even where the hub that asked is dead by now."""
        chosen = data.draw(st.sampled_from(sorted(self.starting)))
        self.starting.remove(chosen)
        for lab, each in self.containers.items():
            if each.id == chosen and each.state == "created":
                self.containers[lab] = replace(each, state="running")

    @rule(data=st.data())
    @precondition(lambda self: bool(self.starts))
    def time_out(self, data: st.DataObject) -> None:
        """A start is given up: at once where nothing was asked of the engine, else when its thread comes back."""
        start = data.draw(st.sampled_from(self.starts))
        start.abandoned = True
        if not start.creating:
            self.starts.remove(start)
            self.book.release(start.lease)

    @rule(data=st.data(), state=st.sampled_from(["exited", "gone"]))
    @precondition(lambda self: bool(self.containers))
    def end(self, data: st.DataObject, state: str) -> None:
        """A container ends by itself, or is removed."""
        lab = data.draw(st.sampled_from(sorted(self.containers)))
        if state == "gone":
            del self.containers[lab]
        else:
            self.containers[lab] = replace(self.containers[lab], state=state)

    @rule()
    def kill_the_hub(self) -> None:
        """SIGKILL and a new hub, at any moment."""
        self.orphan_creates += [start.lease for start in self.starts if start.creating]
        self.starts, self.listing, self.made = [], None, set()
        self.book = ledger(*self.slots, per_user=self.cap)

    @rule(data=st.data())
    @precondition(lambda self: bool(self.orphan_creates))
    def dead_hubs_create_ends(self, data: st.DataObject) -> None:
        """What a dead hub had asked for comes into being late; nobody starts it."""
        lease = data.draw(st.sampled_from(self.orphan_creates))
        self.orphan_creates.remove(lease)
        self.containers.setdefault(lease.lab, self._made(lease))

    def _made(self, lease: Lease) -> LabContainer:
        self.serial += 1
        return container(lease.user, *lease.devices, id=str(self.serial), server=lease.server, state="created")

    def _used(self, *states: str) -> Counter[str]:
        return Counter(device for each in self.containers.values() if each.state in states for device in each.devices)

    @invariant()
    def no_device_has_too_many_holders(self) -> None:
        """Never more running labs on a device than it has slots."""
        if hasattr(self, "book"):
            used = self._used("running")
            assert all(used[device.id] <= device.slots for device in self.book.devices.values()), used

    @invariant()
    def caps_hold(self) -> None:
        """Never more running GPUs a person than the cap, whichever hub granted them."""
        if getattr(self, "cap", 0):
            running = [each for each in self.containers.values() if each.state == "running"]
            held = Counter({each.user: 0 for each in running})
            for each in running:
                held[each.user] += len(each.devices)
            assert all(number <= self.cap for number in held.values()), held

    def teardown(self) -> None:
        """Nothing leaks: with every start settled, a fresh listing frees exactly what no living container holds."""
        if not hasattr(self, "book"):
            return
        for start in self.starts:
            self.book.release(start.lease)
        self.book.reconcile(self.containers.values(), self.book.over())
        used = self._used("running", "created")
        wanted = {each.id: max(0, each.slots - used[each.id]) for each in self.book.devices.values()}
        assert self.book.free() == wanted


Machine.TestCase.settings = settings(examples(300), stateful_step_count=50)
TestMachine = Machine.TestCase
