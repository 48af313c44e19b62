"""When a fault begins and when it is over: each is told once."""

from __future__ import annotations

import pytest

from generator.core.finding import Finding, error, ok, warning
from generator.topics.watching import faults
from generator.topics.watching.faults import Fault

MINUTE = 60.0
BROKEN = error("services", "is unhealthy, and said last:\nsecret words", location="hub", remedy="Look.\nMore.")
FULL = warning("disk", "full on 12 March at this pace", location="disk of homes", remedy="Make room.")


def rounds(*seen: list[Finding], minutes: float = 5) -> tuple[list[str], list[str], dict[str, Fault]]:
    """What is told to have begun and to be over in rounds, each of which sees this."""
    known: dict[str, Fault] = {}
    begun, over = [], []
    for number, findings in enumerate(seen):
        changes = faults.take(known, findings, 1000.0 + number * minutes * MINUTE)
        begun += [each.line for each in changes.begun]
        over += [each.line for each in changes.over]
    return begun, over, known


def test_a_fault_is_told_once_and_once_when_it_is_over() -> None:
    """Not in each round, and not with what a service said last; its values may change meanwhile."""
    later = error("services", "does not run: it ended with 1, and said last:\nx", location="hub", remedy="Look.")
    begun, over, _ = rounds([BROKEN], [BROKEN, FULL], [later, FULL], [FULL], [], [], [], [], [], [])
    assert begun == ["hub: is unhealthy. Look.", "disk of homes: full on 12 March at this pace. Make room."]
    assert over == ["hub: does not run: it ended with 1. Look.", begun[1]]


def test_what_is_well_is_no_fault() -> None:
    """Checks that passed are not told."""
    assert rounds([ok("disk", "200 GiB free")]) == ([], [], {})


def test_a_fault_that_flaps_is_told_once() -> None:
    """One that comes and goes every few minutes begins once; while it does so it is not over."""
    begun, over, known = rounds(*([BROKEN], []) * 100)
    assert (len(begun), over) == (1, [])
    assert len(known) == 1


def test_a_fault_that_comes_back_must_stay_away_longer() -> None:
    """One that comes back every half an hour is told a few times a day, not forty."""
    begun, over, _ = rounds(*([BROKEN], [], [], [], [], []) * 48)  # 24 hours
    assert len(begun) == 2
    assert len(over) == 1


def test_several_findings_of_one_thing_are_one_fault() -> None:
    """A service with two troubles is told by the first of them."""
    second = warning("services", "was ended for want of memory", location="hub", remedy="Raise HUB_MEMORY.")
    begun, _, known = rounds([BROKEN, second])
    assert begun == ["hub: is unhealthy. Look."]
    assert len(known) == 1


ENDS = warning("certificate", "is good for 9 days more", location="hub.example.edu", remedy="Renew it.")
ENDED = error("certificate", "ended 1 day ago", location="hub.example.edu", remedy="Renew it.")


def test_what_becomes_worse_is_told_again() -> None:
    """A certificate that ends soon and then has ended is two messages, and one when it is over: a warning that became
    an error is not over. Once only the warning is left, it is told anew."""
    begun, over, known = rounds([ENDS], [ENDS], [ENDED], [ENDED, ENDS], *[[]] * 4)
    assert begun == [
        "hub.example.edu: is good for 9 days more. Renew it.",
        "hub.example.edu: ended 1 day ago. Renew it.",
    ]
    assert over == [begun[1]]
    assert len(known) == 1
    begun, over, known = rounds([ENDED], *[[ENDS]] * 5)
    assert begun == [
        "hub.example.edu: ended 1 day ago. Renew it.",
        "hub.example.edu: is good for 9 days more. Renew it.",
    ]
    assert over == begun[:1]


def test_what_swings_between_worse_and_better_is_told_a_few_times() -> None:
    """A disk at the border of what must be free sends no message in each round."""
    begun, over, _ = rounds(*([ENDS], [ENDED]) * 144)  # a day
    assert (len(begun), over) == (2, [])
    begun, _, _ = rounds(*([ENDED], [ENDS], [ENDS], [ENDS], [ENDS], [ENDS]) * 48)
    assert len(begun) <= 4


def test_what_cannot_be_seen_is_not_over() -> None:
    """While the engine does not answer nobody knows how its services are."""
    known: dict[str, Fault] = {}
    faults.take(known, [BROKEN], 0)
    for minutes in (5, 30, 60):
        assert faults.take(known, [], minutes * MINUTE, is_blind=True).over == []
    assert faults.take(known, [], 65 * MINUTE).over == []
    assert len(faults.take(known, [], 75 * MINUTE).over) == 1


def test_what_is_over_is_forgotten_after_a_day() -> None:
    """What is kept does not grow without end."""
    known: dict[str, Fault] = {}
    faults.take(known, [BROKEN], 0.0)
    faults.take(known, [], 3600.0)
    assert len(known) == 1
    faults.take(known, [], 2 * faults.DAY_SECONDS)
    assert known == {}


@pytest.mark.parametrize(("times", "minutes"), [(1, 15), (2, 30), (4, 120), (30, 1440)])
def test_the_quiet_time_doubles(times: int, minutes: float) -> None:
    """Up to a day."""
    fault = Fault(line="x", since=0, seen=0, begun=[0.0] * times)
    assert fault.quiet_seconds == minutes * MINUTE
