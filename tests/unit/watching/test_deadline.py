"""What may never end by itself has an end."""

from __future__ import annotations

import threading

import pytest

from generator.topics.watching.deadline import within


def keepers() -> set[threading.Thread]:
    """The threads that keep a process from ending."""
    return {each for each in threading.enumerate() if not each.daemon}


def test_what_hangs_is_left_behind() -> None:
    """Whoever waits for it goes on, and the process can end: the thread is one that keeps nobody."""
    release, before = threading.Event(), keepers()
    with pytest.raises(TimeoutError):
        within(0.05, release.wait)
    assert keepers() == before
    release.set()


def test_what_ends_is_as_if_it_was_called() -> None:
    """Its result, None too, and its failure."""

    def fails() -> None:
        raise KeyError("x")

    assert within(60, lambda: 7) == 7
    assert within(60, lambda: None) is None
    with pytest.raises(KeyError):
        within(60, fails)
