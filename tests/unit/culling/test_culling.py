"""When labs end by themselves, and what counts as activity in them: the pure decisions."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from homeroom.culling import culling
from homeroom.culling.culling import LONGEST_RETRY_SECONDS, LabState, Prewarm, is_over, report_seconds, why_over
from homeroom.labs.plan import LabPlan
from homeroom_lab import activity, waits

from generator.core.paths import ROOT

HOUR = 3600
NOW = 2_000_000_000.0


def lab_state(idle_seconds: int = HOUR, max_age_seconds: int = 0) -> LabState:
    """A lab's facts."""
    return LabState(profile="small", idle_seconds=idle_seconds, max_age_seconds=max_age_seconds)


@pytest.mark.parametrize(
    ("idle_seconds", "max_age_seconds", "idle_for", "runs_for", "expected"),
    [
        (HOUR, 0, HOUR - 1, 5 * HOUR, False),
        (HOUR, 0, HOUR, 5 * HOUR, True),
        (0, 0, 100 * HOUR, 100 * HOUR, False),
        (0, 2 * HOUR, 0, 2 * HOUR, True),
        (HOUR, 2 * HOUR, 0, 2 * HOUR - 1, False),
        (HOUR, 0, 5 * HOUR, 60, False),
    ],
    ids=["used lately", "idle", "exempt", "longest run, busy", "not yet", "older than itself"],
)
def test_a_labs_end(idle_seconds: int, max_age_seconds: int, idle_for: int, runs_for: int, expected: bool) -> None:
    """A lab ends when it was idle for its own timeout or ran for its longest run; 0 is never; a new lab is never idle
    for longer than it runs."""
    over = is_over(
        lab_state(idle_seconds, max_age_seconds),
        idle_for_seconds=idle_for,
        runs_for_seconds=runs_for,
        culling_for_seconds=10 * HOUR,
        now=NOW,
    )
    assert over is expected


def test_no_lab_is_stopped_because_the_hub_was_away() -> None:
    """After a break of the hub idleness counts only when labs had time to report; the longest run counts at once."""
    idle = {"idle_for_seconds": 2 * HOUR, "runs_for_seconds": 5 * HOUR, "now": NOW}
    assert not is_over(lab_state(), **idle, culling_for_seconds=report_seconds(HOUR))
    assert is_over(lab_state(), **idle, culling_for_seconds=2 * report_seconds(HOUR))
    assert is_over(lab_state(0, HOUR), **idle, culling_for_seconds=0)
    assert not is_over(lab_state(20), **idle, culling_for_seconds=LONGEST_RETRY_SECONDS)
    assert is_over(lab_state(20), **idle, culling_for_seconds=LONGEST_RETRY_SECONDS + report_seconds(20))


LESSON = Prewarm(lesson_at=NOW, keep_until=NOW + 1200)
PREWARMED = LabPlan(profile="small", image="i", memory_bytes=1, cpus=1, idle_seconds=600, max_age_seconds=HOUR)


@pytest.mark.parametrize(
    ("opened", "since_lesson", "idle_for", "expected"),
    [
        (False, -900, 10 * HOUR, ""),
        (False, 1199, 10 * HOUR, ""),
        (False, 1200, 0, "you did not open it"),
        (True, -60, 900, ""),
        (True, 599, 2 * HOUR, ""),
        (True, 600, 2 * HOUR, "idle for 10 min"),
        (True, HOUR - 1, 0, ""),
        (True, HOUR, 0, "stopped after 1 h"),
    ],
)
def test_a_lab_for_a_lesson(opened: bool, since_lesson: int, idle_for: int, expected: str) -> None:
    """Before its lesson a lab's time is never over. Not opened, it ends when it was kept for long enough, and not
    before; opened, what is idle or runs too long is counted from the lesson on."""
    known = replace(LabState.of(PREWARMED, LESSON), opened=opened)
    runs_for = 5 * HOUR
    said = why_over(known, idle_for_seconds=idle_for, runs_for_seconds=runs_for, now=NOW + since_lesson)
    assert expected in str(said) if expected else not said


def test_a_lab_for_a_lesson_is_given_up_also_where_labs_are_never_idle() -> None:
    """Who is exempt from idleness is not kept a lab that they did not come for; a break of the hub changes nothing."""
    exempt = LabState.of(replace(PREWARMED, idle_seconds=0, max_age_seconds=0), LESSON)
    after = {"idle_for_seconds": 0, "runs_for_seconds": HOUR, "culling_for_seconds": 0}
    assert is_over(exempt, **after, now=NOW + 1200)
    assert not is_over(exempt, **after, now=NOW + 1199)
    assert LabState.from_state(exempt.as_state()) == exempt


@pytest.mark.parametrize("idle_seconds", [8, 60, HOUR, 0])
def test_labs_report_often_enough(idle_seconds: int) -> None:
    """A lab reports at least twice within its own timeout, and never less often than every five minutes."""
    assert 1 <= report_seconds(idle_seconds) <= min(300, idle_seconds / 2 or 300)


def test_facts_survive_the_hub() -> None:
    """What a lab was started with comes back from the spawner's state as it was, also where a newer hub was there
    before; an empty state holds nothing."""
    plan = LabPlan(profile="gpu", image="i", memory_bytes=1, cpus=1, gpus=2, idle_seconds=600, max_age_seconds=HOUR)
    known = LabState.of(plan)
    assert (known.gpus, known.idle_seconds, known.max_age_seconds) == (2, 600, HOUR)
    assert LabState.from_state({"object_id": "x"} | known.as_state()) == known
    assert LabState.from_state({}) is None
    newer = known.as_state()["homeroom"] | {"colour": "blue"}
    assert LabState.from_state({"homeroom": newer}) == known, "what a newer version wrote is no fault of the lab's"


def test_a_lab_of_the_version_before_keeps_its_maximum_age() -> None:
    """A lab that runs while Homeroom is upgraded was started with other names of fields; they are read and written."""
    before = {"profile": "small", "idle_seconds": 60, "longest_seconds": 120, "gpus": 0, "lesson_at": 0.0}
    known = LabState.from_state({"homeroom": before})
    assert known is not None
    assert (known.idle_seconds, known.max_age_seconds) == (60, 120)
    assert known.as_state()["homeroom"].items() >= before.items()


def test_the_arbiter_reads_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The culler's question is answered by the lab's own facts, and by the given limit where a lab has none."""
    monkeypatch.setattr(culling, "_culling_since", -(10**9))
    started = (datetime.now(UTC) - timedelta(hours=5)).isoformat().replace("+00:00", "Z")
    quick = {"started": started, "state": lab_state(600).as_state()}
    exempt = {"started": started, "state": lab_state(0).as_state()}
    unknown = {"started": started, "state": {}}
    idle = timedelta(minutes=30)
    assert culling.arbiter(idle, HOUR, quick)
    assert not culling.arbiter(idle, 60, exempt)
    assert not culling.arbiter(idle, HOUR, unknown)
    assert culling.arbiter(idle, 60, unknown)


def test_a_clock_that_is_set_ends_no_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that slept, or whose clock was wrong, is hours further in a moment: labs have the time of two reports
    to tell that they are in use, as after a restart of the hub. A clock that is a little off is none that was set."""
    started = (datetime.now(UTC) - timedelta(hours=5)).isoformat()
    model = {"started": started, "state": lab_state(600).as_state()}
    monotonic, wall = 1e6, 2e9  # whole seconds, so that no difference of two is a little less than it is
    monkeypatch.setattr(culling, "_culling_since", monotonic)
    monkeypatch.setattr(culling, "_clock_ahead", wall - monotonic)
    told = []
    for later, slept in (
        (1000, 0),
        (1001, 2),
        (1002, 7200),
        (1002 + 299, 7200),
        (1002 + 300, 7200),
        (1400, 0),
        (1700, 0),
    ):
        monkeypatch.setattr(time, "monotonic", lambda now=monotonic + later: now)
        monkeypatch.setattr(time, "time", lambda now=wall + later + slept: now)
        told.append(culling.arbiter(timedelta(hours=2), HOUR, model))
    assert told == [True, True, False, False, True, False, True]


def no_run() -> bool:
    """No program of the lab waits for what runs elsewhere."""
    return False


def test_an_open_page_is_no_activity() -> None:
    """Asking, which open pages do by themselves, is no deed; whatever changes something is."""
    assert [method for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") if activity.is_deed(method)] == [
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
    ]


def test_a_running_cell_is_activity_now() -> None:
    """While any kernel is busy the lab is in use now, however long ago it last said something; else it is as it was."""
    earlier = datetime(2000, 1, 1, tzinfo=UTC)
    idle, busy = {"execution_state": "idle"}, {"execution_state": "busy"}
    assert activity.last_activity(lambda: earlier, lambda: [idle], lambda: None, no_run) == earlier
    running = activity.last_activity(lambda: earlier, lambda: [idle, busy], lambda: None, no_run)
    assert datetime.now(UTC) - running < timedelta(minutes=1)


def test_a_program_that_uses_the_cpu_is_activity() -> None:
    """A lab was last used when a program last used the CPU, or later where something else was done since."""
    now = datetime.now(UTC)
    found = activity.last_activity(lambda: now - timedelta(hours=2), lambda: [], lambda: 3600.0, no_run)
    assert timedelta(minutes=59) < now - found < timedelta(minutes=61)
    assert activity.last_activity(lambda: now, lambda: [], lambda: 3600.0, no_run) == now


def test_a_program_that_waits_for_a_run_is_activity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that uses no CPU meanwhile, and however many wait, until the last has ended, by itself or killed. What
    lies in the place of the file in which that is noted keeps nobody from waiting."""
    monkeypatch.setattr(waits, "PLACE", tmp_path / "waits")
    code = f"import pathlib, time; from homeroom_lab import waits; waits.PLACE = pathlib.Path({str(waits.PLACE)!r})\n"
    code += "with waits.waiting(): print('waits', flush=True); time.sleep(600)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "jupyterlab")}
    earlier = datetime(2000, 1, 1, tzinfo=UTC)

    def is_used() -> bool:
        return activity.last_activity(lambda: earlier, lambda: [], lambda: None, waits.are_any) > earlier

    assert not is_used()
    processes = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) for _ in range(2)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"waits\n"
            assert is_used()
        processes[0].kill()
        processes[0].wait()
        assert is_used(), "the other one waits still"
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert not is_used()
    with waits.waiting():
        assert is_used(), "the server's own check of somebody's work"
    assert not is_used()

    odd_ones: list[Callable[[Path], None]] = [Path.mkdir, os.mkfifo, partial(os.symlink, "/etc/passwd")]
    for number, odd in enumerate(odd_ones):
        monkeypatch.setattr(waits, "PLACE", tmp_path / f"odd-{number}")
        odd(waits.PLACE)
        with waits.waiting():
            is_used()


def test_nothing_is_told_as_later_than_it_was() -> None:
    """Looking at a lab's processes takes time on a busy machine, by which no activity moves."""
    looked_at: list[datetime] = []

    def look() -> float:
        looked_at.append(datetime.now(UTC))
        while datetime.now(UTC) - looked_at[0] < timedelta(milliseconds=2):
            pass
        return 0.0

    assert activity.last_activity(lambda: datetime(2000, 1, 1, tzinfo=UTC), lambda: [], look, no_run) <= looked_at[0]


@pytest.mark.parametrize(
    ("code", "oom", "expected"),
    [(0, True, ""), (137, True, "ran out of memory"), (137, False, "exit code 137"), (1, True, "exit code 1")],
)
def test_why_a_container_ended(code: int, oom: bool, expected: str) -> None:
    """Memory is blamed only for a lab that was killed by it; an orderly end needs no words."""
    said = culling.why_ended({"ExitCode": code, "OOMKilled": oom}, 2**28)
    assert expected in str(said) if expected else not said
