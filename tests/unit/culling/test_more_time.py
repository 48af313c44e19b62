"""When a lab ends by itself, as its user is told, and two more hours for who asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from homeroom.culling.culling import LabState, Prewarm, is_over
from homeroom.culling.lab_prewarm import LabPrewarm
from homeroom.culling.lab_time import LabTime
from homeroom.culling.more_time import MORE_SECONDS, ends, given, helps
from homeroom.labs.plan import LabPlan

HOUR = 3600
NOW = 1_900_000_000.0
LESSON = Prewarm(lesson_at=NOW + HOUR, keep_until=NOW + 2 * HOUR)
PLAN = LabPlan(profile="small", image="i", memory_bytes=1, cpus=1)


def lab_state(idle_seconds: int = HOUR, max_age_seconds: int = 0, *, more_time_seconds: int = 2 * HOUR) -> LabState:
    """A lab that was just started."""
    plan = replace(
        PLAN, idle_seconds=idle_seconds, max_age_seconds=max_age_seconds, more_time_seconds=more_time_seconds
    )
    return LabState.of(plan)


def over_at(known: LabState, when: float, *, started_at: float, used_at: float) -> bool:
    """Whether the culler would stop a lab."""
    return is_over(
        known,
        idle_for_seconds=when - used_at,
        runs_for_seconds=when - started_at,
        culling_for_seconds=10 * HOUR,
        now=when,
    )


@pytest.mark.parametrize(
    "known",
    [
        lab_state(),
        lab_state(0, HOUR),
        lab_state(HOUR, 3 * HOUR),
        given(lab_state(), started_at=NOW, now=NOW + 600),
        given(lab_state(HOUR, 2 * HOUR), started_at=NOW, now=NOW + HOUR),
        replace(lab_state(HOUR, 3 * HOUR), lesson_at=NOW + HOUR, keep_until=NOW + 2 * HOUR),
        replace(lab_state(HOUR, 3 * HOUR), lesson_at=NOW + HOUR, keep_until=NOW + 2 * HOUR, opened=True),
    ],
    ids=["idle", "age", "both", "held", "extended", "not opened", "opened"],
)
def test_a_lab_ends_when_its_user_is_told(known: LabState) -> None:
    """What the page says is what the culler does: it stops the lab then, and not a second sooner."""
    times = {"started_at": NOW, "used_at": NOW + 300}
    end = ends(known, **times).first_at
    assert end is not None
    assert over_at(known, end, **times)
    assert not over_at(known, end - 1, **times)


def test_a_lab_without_an_end_is_told_of_none() -> None:
    """Never idle, and without a maximum age: there is nothing to tell, and nothing to ask for."""
    known = lab_state(0)
    assert ends(known, started_at=NOW, used_at=NOW).first_at is None
    assert not helps(known, started_at=NOW, used_at=NOW, now=NOW)


def test_two_more_hours_are_two_hours_from_now() -> None:
    """A lab that would be stopped in a minute runs for two more hours, used or not; a lab without a maximum age can be
    given them again and again."""
    known, now = lab_state(), NOW
    for _ in range(3):
        known, now = given(known, started_at=NOW, now=now), now + MORE_SECONDS
        assert ends(known, started_at=NOW, used_at=NOW).first_at == now
    assert known.added_seconds == 0


def test_a_maximum_age_grows_by_what_its_profile_allows_and_no_more() -> None:
    """However often it is asked for, a lab with a maximum age ends: at the age that its profile allows in all."""
    known = lab_state(HOUR, 3 * HOUR)
    pressed_at = [NOW, NOW + HOUR, NOW + 2 * HOUR, NOW + 4 * HOUR, NOW + 5 * HOUR - 1]
    found = []
    for now in pressed_at:
        known = given(known, started_at=NOW, now=now)
        latest = ends(known, started_at=NOW, used_at=now).latest_at
        assert latest is not None
        found.append((latest - NOW) / HOUR)
    assert found == [3, 3, 4, 5, 5]
    assert over_at(known, NOW + 5 * HOUR, started_at=NOW, used_at=NOW + 5 * HOUR - 1)


@pytest.mark.parametrize(
    ("known", "now", "expected"),
    [
        (lab_state(), NOW, True),
        (given(lab_state(), started_at=NOW, now=NOW), NOW + 60, False),
        (lab_state(more_time_seconds=0), NOW, False),
        (lab_state(0, 5 * HOUR), NOW, False),
        (lab_state(0, 5 * HOUR), NOW + 4 * HOUR, True),
        (replace(lab_state(0, 5 * HOUR), added_seconds=2 * HOUR), NOW + 6 * HOUR, False),
        (LabState.of(replace(PLAN, idle_seconds=60, more_time_seconds=HOUR), LESSON), NOW, False),
    ],
    ids=["idle soon", "just given", "not allowed", "long enough", "ends soon", "had it all", "not opened"],
)
def test_it_is_offered_where_it_brings_something(known: LabState, now: float, expected: bool) -> None:
    """No button that changes nothing: none where the profile allows no more time or all of it was given, none for
    a lab that runs for longer anyway."""
    assert helps(known, started_at=NOW, used_at=now, now=now) is expected


def test_it_is_recorded_and_survives_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given is saved at once, so that a hub that is killed knows of it; what cannot be given changes
    nothing."""
    monkeypatch.setattr("homeroom.culling.lab_time.time.time", lambda: NOW)
    saved: list[int] = []
    started = datetime.fromtimestamp(NOW - HOUR, UTC).replace(tzinfo=None)
    record = SimpleNamespace(lab_state=lab_state())
    prewarm = LabPrewarm(record, was_opened=lambda: True, save=lambda: None)
    times = SimpleNamespace(started=started, last_activity=started)
    time = LabTime(record, prewarm, times=lambda: times, save=lambda: saved.append(1))
    assert time.can_be_longer
    assert time.give_more()
    assert (saved, time.can_be_longer, time.give_more(), saved) == ([1], False, False, [1])
    assert time.ends.idle_at == NOW + MORE_SECONDS
    assert LabState.from_state(record.lab_state.as_state()) == record.lab_state
    record.lab_state = None  # a lab that an older Homeroom started
    assert (time.ends.first_at, time.can_be_longer, time.give_more()) == (None, False, False)
