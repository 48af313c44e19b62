"""Whether the clock can be believed: what is removed for good since its time is over waits until it can."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from generator.core import json_file
from generator.core.errors import HomeroomError
from generator.timers import steady
from generator.timers.steady import Known, Moment

HOUR, DAY = 3600.0, 86400.0
START = 1_800_000_000.0


class Machine:
    """A machine whose clock is set, and that is switched off."""

    def __init__(self) -> None:
        self.at, self.up, self.boot = START, 100.0, 1
        self.known = Known()

    def look(self) -> Known:
        """Look at the clock."""
        self.known = steady.look(self.known, Moment(at=self.at, boot=str(self.boot), up=self.up))
        return self.known

    def go_on(self, seconds: float, *, looks_each: float = HOUR) -> Known:
        """Time passes."""
        for _ in range(round(seconds / looks_each)):
            self.at, self.up = self.at + looks_each, self.up + looks_each
            self.look()
        return self.known

    def switch_off(self, seconds: float) -> None:
        """Off for a while; its clock goes on by its battery."""
        self.at, self.up, self.boot = self.at + seconds, 20.0, self.boot + 1


@pytest.fixture
def machine() -> Machine:
    """One whose clock is believed."""
    made = Machine()
    made.look()
    assert made.go_on(2 * DAY).is_believed
    return made


def test_a_clock_is_believed_once_it_was_looked_at_for_a_day() -> None:
    """Nothing is known of one that nobody looked at."""
    machine = Machine()
    assert machine.known.doubt
    assert machine.look().doubt
    assert machine.go_on(19 * HOUR).doubt
    assert machine.go_on(HOUR).doubt == ""


@pytest.mark.parametrize("days", [400, 4, -4, -20000])
def test_a_clock_that_was_set_is_not_believed_for_a_day(machine: Machine, days: int) -> None:
    """Forward or back, seen at the next look, however soon or late that is; the day after it is gone by."""
    machine.at += days * DAY
    assert f"by {abs(days)} days" in machine.look().doubt
    assert machine.known.was_set
    assert machine.go_on(19 * HOUR).doubt
    assert machine.go_on(2 * HOUR).doubt == ""


def test_a_long_time_without_a_look_is_no_fault_while_the_machine_runs(machine: Machine) -> None:
    """The kernel counts how long it runs: a month in which nobody looked is a month, and one more is not."""
    machine.go_on(30 * DAY, looks_each=30 * DAY)
    assert machine.known.is_believed
    machine.at += 30 * DAY
    assert machine.go_on(30 * DAY, looks_each=30 * DAY).doubt == "the clock was set forward by 30 days"


def test_a_machine_that_was_off_for_long_waits_a_day(machine: Machine) -> None:
    """Off, or set while it was: nobody knows. A night or a weekend is neither."""
    machine.switch_off(2.5 * DAY)
    assert machine.look().is_believed
    machine.switch_off(30 * DAY)
    assert "was off for 30 days" in machine.look().doubt
    assert not machine.known.was_set
    assert machine.go_on(DAY).is_believed


def test_a_clock_set_a_little_wins_no_time() -> None:
    """Days by which it was set, fewer than are odd, do not count as days in which it went on."""
    machine = Machine()
    machine.look()
    machine.at += 2 * DAY
    assert machine.look().doubt
    assert machine.go_on(DAY).is_believed


def test_a_clock_set_back_shortens_nobodys_time(machine: Machine) -> None:
    """Somebody who is removed under it counts as removed when the clock was believed last."""
    right = machine.at
    machine.at = 0.0
    machine.go_on(HOUR)
    assert machine.known.removed_at == right
    machine.at = right + 2 * HOUR
    machine.look()
    assert machine.known.removed_at == right + 2 * HOUR


def test_it_is_kept_and_the_operators_word_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From one command to the next; the right day by name is enough, another day removes nothing."""
    monkeypatch.setattr(steady, "FILE", tmp_path / "timers/clock.json")
    assert "before" in steady.why_wait()
    assert steady.why_wait(), "a second run is no day"
    today = f"{datetime.now():%Y-%m-%d}"
    assert steady.why_wait(today) == ""
    with pytest.raises(HomeroomError, match="not 2019-01-01"):
        steady.why_wait("2019-01-01")
    known = steady.read()
    json_file.write(steady.FILE, Known(**{**vars(known), "since": known.at - 2 * DAY}))
    assert steady.why_wait() == ""
    steady.FILE.write_text("{half")
    assert steady.why_wait(), "a file that is damaged believes nothing"


def test_a_full_disk_keeps_nobody_from_being_locked_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A look that cannot be kept is told, and what it was for goes on."""
    (tmp_path / "timers").write_text("in the way")
    monkeypatch.setattr(steady, "FILE", tmp_path / "timers/clock.json")
    assert abs(steady.note().removed_at - steady.moment().at) < 60
    assert "cannot be kept" in capsys.readouterr().err


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[float], None]:
    """Sets the clock, as commands see it."""
    monkeypatch.setattr(steady, "FILE", tmp_path / "timers/clock.json")
    now = steady.moment()
    json_file.write(steady.FILE, Known(**vars(now), since=now.at - 2 * DAY))

    def change(seconds: float) -> None:
        monkeypatch.setattr(steady, "moment", lambda: Moment(at=now.at + seconds, boot=now.boot, up=now.up + 60))

    return change


def test_the_watchdog_tells_of_a_clock_that_was_set(set_clock: Callable[[float], None]) -> None:
    """Once, as of any other fault; not of a clock that goes on."""
    from generator.topics.watching import watch

    steady.note()
    assert list(watch.clock_faults()) == []
    set_clock(400 * DAY)
    steady.note()
    (fault,) = watch.clock_faults()
    assert "set forward by 400 days" in fault.cause
