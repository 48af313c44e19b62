"""Memory and clock: what the kernel tells of them, and what of that is a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.topics.watching import machine

PLENTY, SHORT = {"MemTotal": 100, "MemAvailable": 50}, {"MemTotal": 100, "MemAvailable": 5}


def test_the_kernel_is_read(tmp_path: Path) -> None:
    """Its pressure and its kills; one that does not tell is no fault."""
    assert (machine.pressure(tmp_path), machine.kills(tmp_path)) == (None, 0)
    (tmp_path / "pressure").mkdir()
    (tmp_path / "pressure/memory").write_text(
        "some avg10=1.00 avg60=2.00 avg300=30.00 total=1\nfull avg10=1.00 avg60=2.00 avg300=12.50 total=1\n"
    )
    (tmp_path / "vmstat").write_text("nr_free_pages 1\noom_kill 7\n")
    assert (machine.pressure(tmp_path), machine.kills(tmp_path)) == (12.5, 7)


@pytest.mark.parametrize(
    ("waiting", "killed", "meminfo", "words"),
    [
        (0.1, 0, PLENTY, []),
        (None, 0, {}, []),
        (12.0, 0, PLENTY, ["stood still for 12 %"]),
        (0.0, 3, PLENTY, []),
        (0.0, 3, SHORT, ["3 programs ended for want of memory"]),
    ],
)
def test_want_of_memory_is_told(waiting: float | None, killed: int, meminfo: dict[str, int], words: list[str]) -> None:
    """Of the machine, not of a lab that went over its own limit while there is plenty."""
    found = [finding.cause for finding in machine.judge_memory(waiting, killed, meminfo)]
    assert len(found) == len(words)
    assert all(word in cause for word, cause in zip(words, found, strict=True))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({}, ""),
        ({"boot": "a", "wall": 1000.0, "steady": 10.0}, ""),
        ({"boot": "a", "wall": 1000.0 + 7200, "steady": 10.0}, "set back by 2 h"),
        ({"boot": "a", "wall": 1000.0 - 3 * 86400, "steady": 10.0}, "set forward by 3 d"),
        ({"boot": "another", "wall": 1.0, "steady": 10.0}, ""),
        ({"boot": "a", "wall": 1000.0 + 60, "steady": 10.0}, ""),
    ],
)
def test_a_clock_that_was_set_is_told(before: dict[str, Any], words: str) -> None:
    """While the machine ran; a machine that slept or was started anew is another matter."""
    found = [finding.cause for finding in machine.judge_clock(before, 1300.0, 310.0, "a")]
    assert len(found) == bool(words)
    assert all(words in cause for cause in found)


def test_what_was_seen_is_kept_for_the_next_look(tmp_path: Path) -> None:
    """Kills are those since the last look, and none at the first."""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("a\n")
    memory: dict[str, Any] = {}
    for total, new in ((7, 0), (9, 2), (9, 0)):
        (tmp_path / "vmstat").write_text(f"oom_kill {total}\n")
        machine.faults(memory, tmp_path)
        assert memory[machine.MEMORY]["new_kills"] == new
