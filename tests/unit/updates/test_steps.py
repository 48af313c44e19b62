"""The steps of an update: from one version to another, or back, wherever it is cut off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.updates import record, steps
from generator.topics.updates.record import KEPT, Update
from tests.unit.updates.deployment_in_memory import NAMES, NEW, OLD, InMemory, Killed

UPDATE = Update(step="preparing", old=OLD, new=NEW, old_version="0.1.0", new_version="0.2.0", branch="main")


def update(machine: InMemory) -> Update:
    """Run one."""
    return steps.run(machine, UPDATE, within_seconds=60)


def rollback(machine: InMemory) -> None:
    """Take the last one back, with its database."""
    kept = record.read(machine.folder, KEPT)
    assert kept is not None
    steps.go_back(machine, kept.at("returning", why="you asked for it"), "you asked for it")


def kills(folder: Path, *, updated: bool = False, **traits: object) -> Iterator[InMemory]:
    """Deployments, each killed one effect later than the one before; ends with the first that is not killed."""
    for number in range(200):
        machine = InMemory(folder / str(number))
        if updated:
            update(machine)
            machine.effects = 0
        for name, value in {"dies_at": number, **traits}.items():
            setattr(machine, name, value)
        yield machine
        if machine.dies_at == number:
            return
    raise AssertionError("it never came to an end")


def test_an_update_changes_all_and_keeps_the_way_back(tmp_path: Path) -> None:
    """Tree, images, database and services are the new version's; the old images and the old database are kept."""
    machine = InMemory(tmp_path / "update")
    done = update(machine)
    assert machine.is_all(NEW)
    assert machine.kept == {(name, OLD): OLD for name in NAMES}
    assert (machine.folder / done.copy).read_text() == OLD
    assert machine.left() == []
    assert timedelta(days=13) < done.until - datetime.now(UTC) <= timedelta(days=14)


def test_the_old_version_runs_until_all_is_prepared(tmp_path: Path) -> None:
    """The hub stands still only once the new version was built and rehearsed, and its database is copied then, so that
    nothing that was written meanwhile is lost."""
    machine = InMemory(tmp_path / "update")
    update(machine)
    first = machine.done.index
    assert first("stop_hub") > max(n for n, name in enumerate(machine.done) if name in ("lay_out", "rehearse"))
    assert first("stop_hub") < first("copy_database") < first("take_images") < first("check_out") < first("up")


@pytest.mark.parametrize("verb", ["lay_out", "rehearse", "keep_images", "stop_hub", "copy_database"])
def test_what_cannot_be_prepared_changes_nothing(tmp_path: Path, verb: str) -> None:
    """A version that cannot be had, built, rehearsed, or a database that cannot be copied: the old one goes on."""
    machine = InMemory(tmp_path / "update", refuses=verb)
    with pytest.raises(HomeroomError, match=f"the update was not made: {verb} failed"):
        update(machine)
    assert machine.is_all(OLD)
    assert machine.left() == []
    assert "take_images" not in machine.done


def test_a_version_that_is_not_well_goes_by_itself(tmp_path: Path) -> None:
    """Tree, branch, images and database are as they were, the old version runs, and the error says so."""
    machine = InMemory(tmp_path / "update", sick=(NEW,))
    with pytest.raises(HomeroomError, match="is not well: the hub cannot be used") as raised:
        update(machine)
    assert "The old version, aaaaaaaaaaaa, runs again" in raised.value.remedy
    assert machine.is_all(OLD)
    assert machine.branch == "main"
    assert machine.left() == []


def test_a_way_back_that_fails_too_is_tried_again(tmp_path: Path) -> None:
    """Where neither version comes up, that is told, all that is kept is there, and the next `make up` goes on."""
    machine = InMemory(tmp_path / "update", sick=(NEW, OLD))
    with pytest.raises(HomeroomError, match="the old version did not come up either"):
        update(machine)
    machine.sick = ()
    machine.typed_up()
    assert machine.is_all(OLD)
    assert machine.left() == []


@pytest.mark.parametrize("sick", [(), (NEW,)], ids=["well", "sick"])
def test_the_next_up_ends_an_update_that_was_killed(tmp_path: Path, sick: tuple[str, ...]) -> None:
    """Killed at whichever step, of an update or of its way back: after the next `make up` all of it is of one version
    and runs, and nothing is left; the new one only where it had been proved."""
    ends = []
    for machine in kills(tmp_path, sick=sick):
        try:
            update(machine)
        except Killed:
            proved = (found := record.read(machine.folder)) is not None and found.step == "proved"
            machine.typed_up()
            ends.append(NEW if machine.is_all(NEW) else OLD)
            assert not proved or ends[-1] == NEW
        except HomeroomError:
            ends.append(OLD)
        else:
            ends.append(NEW)
        assert machine.is_all(ends[-1]), machine
        assert machine.left() == []
    assert len(ends) > 15
    assert ends == sorted(ends), "once proved, it is not undone"


def test_a_rollback_that_was_killed_is_ended(tmp_path: Path) -> None:
    """Killed at whichever step, a rollback is completed by the next `make up`."""
    for machine in kills(tmp_path, updated=True):
        try:
            rollback(machine)
        except Killed:
            machine.typed_up()
        assert machine.is_all(OLD), machine
        assert machine.left() == []
        assert record.read(machine.folder, KEPT) is None


def test_an_end_that_is_killed_is_ended_too(tmp_path: Path) -> None:
    """A `make up` that is killed while it ends an update does not keep the next one from it."""
    twice = 0
    for first in (8, 11, 14, 17, 20):
        for second in range(0, 10, 2):
            machine = InMemory(tmp_path / f"{first}-{second}", sick=(NEW,), dies_at=first)
            with contextlib.suppress(Killed, HomeroomError):
                update(machine)
            machine.dies_at = machine.effects + second
            try:
                machine.typed_up()
            except Killed:
                twice += 1
                machine.typed_up()
            assert machine.is_all(OLD), machine
            assert machine.left() == []
    assert twice > 8


def test_an_older_way_back_stays_until_another_is_there(tmp_path: Path) -> None:
    """An update that is not made leaves the way back of the one before it; one that is made takes its place."""
    machine = InMemory(tmp_path / "update")
    update(machine)
    third = "c" * 40
    machine.sick = (third,)
    machine.next_images = {}
    following = Update(step="preparing", old=NEW, new=third)

    def build() -> tuple[str, ...]:
        machine.next_images = dict.fromkeys(NAMES, third)
        return NAMES

    machine.rehearse = build  # type: ignore[method-assign]
    with pytest.raises(HomeroomError):
        steps.run(machine, following, within_seconds=60)
    assert machine.is_all(NEW)
    assert machine.left() == []
    assert set(machine.kept) == {(name, OLD) for name in NAMES}
    machine.sick = ()
    steps.run(machine, following, within_seconds=60)
    assert machine.is_all(third)
    assert set(machine.kept) == {(name, NEW) for name in NAMES}


def test_what_was_kept_goes_after_fourteen_days(tmp_path: Path) -> None:
    """Old images and the old database are there for 14 days; the next `make up` after that removes them."""
    machine = InMemory(tmp_path / "update")
    done = update(machine)
    steps.before_up(machine, within_update=False, now=done.until - timedelta(minutes=1))
    assert machine.kept
    steps.before_up(machine, within_update=False, now=done.until + timedelta(minutes=1))
    assert machine.kept == {}
    assert list(machine.folder.glob("*")) == []


def test_a_file_that_is_none_of_ours_is_no_update(tmp_path: Path) -> None:
    """A record that is cut off or edited stops no `make up`."""
    machine = InMemory(tmp_path / "update")
    machine.folder.mkdir()
    (machine.folder / record.NOW).write_text('{"step": "switching"')
    machine.typed_up()
    assert machine.is_all(OLD)
