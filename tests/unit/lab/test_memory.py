"""What a lab knows of its memory: the pure parts."""

from __future__ import annotations

import pytest
from homeroom_lab.memory import bus_error, explanation, kills_in, shared_bytes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("low 0\nhigh 0\nmax 26\noom 2\noom_kill 3\noom_group_kill 0\n", 3),
        ("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", 2),
        ("oom_kill_disable 0\nunder_oom 0\n", 0),
        ("", 0),
    ],
    ids=["cgroup v2", "cgroup v1", "old kernel", "nothing"],
)
def test_the_count_of_kills(text: str, expected: int) -> None:
    """The processes that were ended for memory are counted alike in both kinds of cgroups; 0 where nothing tells."""
    assert kills_in(text) == expected


def test_the_explanation_names_the_limit() -> None:
    """The person reads how much the lab has, where the hub told it."""
    assert "(256 MB)" in explanation(str(256 * 2**20))
    assert "()" not in explanation("")


def test_a_bus_error_is_explained() -> None:
    """Who filled the shared memory reads what that is, how much there is and what helps."""
    assert shared_bytes() > 0
    said = bus_error(512 * 2**20)
    for words in ("Bus error", "has 512 MB", "num_workers=0"):
        assert words in said
