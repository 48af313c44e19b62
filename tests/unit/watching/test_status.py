"""What `make status` says of disks and of the watchdog, and when the clock runs it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from generator.preflight.disk import Filesystem
from generator.topics.watching import status, timers
from generator.topics.watching.disks import Disk
from generator.topics.watching.faults import Fault
from generator.topics.watching.state import State
from tests.sample_settings import settings

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
AT = NOW.timestamp()
FREE = Filesystem(
    path=Path("/x"), kind="ext4", device=1, free_bytes=2**34, total_bytes=2**36, free_inodes=0, total_inodes=0
)


def shown(known: State, capsys: pytest.CaptureFixture[str], *, is_expected: bool = True) -> str:
    """What is printed."""
    disk = Disk(name="disk of homes", filesystem=FREE, full_at=AT + 10 * 86400)
    status._show(known, [disk], NOW, is_expected=is_expected)
    found = capsys.readouterr()
    return " ".join((found.out + found.err).split())


def test_status_tells_until_when_there_is_room(capsys: pytest.CaptureFixture[str]) -> None:
    """By the pace of the last days; where nobody watches, that alone."""
    words = shown(State(), capsys, is_expected=False)
    assert words == "disk of homes: 16.0 GiB of 64.0 GiB free; full on 12 March at this pace"


def test_status_tells_of_the_watchdog(capsys: pytest.CaptureFixture[str]) -> None:
    """That it has not looked yet, that it looks no more, and which faults it knows."""
    assert "has not looked yet" in shown(State(), capsys)
    assert "looked last 60 min ago" in shown(State(round_at=AT - 3600), capsys)
    fault = Fault(line="hub: [red]is down", since=AT - 7200, seen=AT, begun=[AT])
    words = shown(State(round_at=AT - 60, faults={"x": fault}), capsys)
    assert "looked last" not in words
    assert "Since Mon 02 Mar 10:00: hub: [red]is down" in words


def test_a_fault_that_is_gone_is_shown_as_gone(capsys: pytest.CaptureFixture[str]) -> None:
    """It is over only once it was gone for a while, and until then nothing is said to be wrong that is not."""
    fault = Fault(line="hub: [red]is down", since=AT - 7200, seen=AT - 600, begun=[AT])
    words = shown(State(round_at=AT - 60, faults={"x": fault}), capsys)
    assert "Gone at the last look, since Mon 02 Mar 10:00 it was: hub: [red]is down" in words
    assert "!" not in words


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({}, 0),
        ({"WATCH": "on"}, 1),
        ({"WATCH_PING": "https://ping.example"}, 1),
        ({"ALERT_WEBHOOK": "https://chat.example/x"}, 1),
        ({"ALERT_MAIL": "it@uni.example", "MAIL_HOST": "smtp.example"}, 1),
        ({"WATCH_PING": "https://ping.example", "WATCH": "off"}, 0),
    ],
)
def test_the_clock_runs_it_where_somebody_is_told(values: dict[str, str], count: int) -> None:
    """Or where it is wanted; and never where it is not."""
    assert [timer.verb for timer in timers.timers(settings(**values))] == [("watch",)] * count
