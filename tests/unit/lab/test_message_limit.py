"""How large a message to a kernel may be."""

from __future__ import annotations

import pytest
from homeroom_lab.message_limit import AT_REST_BYTES, COPIES, LEAST_BYTES, MOST_BYTES, UPSTREAMS_BYTES, most_bytes

MB = 2**20


@pytest.mark.parametrize("memory", [256 * MB, 512 * MB, 2**30, 4 * 2**30])
def test_what_is_sent_has_room(memory: int) -> None:
    """A cell of the limit's size fits into the lab's memory as often as it is held, beside what runs at rest; and more
    than upstream takes is taken where it fits."""
    most = most_bytes({"MEM_LIMIT": str(memory)})
    assert most * COPIES + AT_REST_BYTES <= memory
    assert most > memory // 128


@pytest.mark.parametrize(("memory", "expected"), [(64 * MB, LEAST_BYTES), (2**40, MOST_BYTES), (2**30, 34 * MB)])
def test_the_limit_goes_with_the_labs_memory(memory: int, expected: int) -> None:
    """Never less than an ordinary cell, never more than a browser copes with; 34 MB in a lab of 1 GB."""
    assert most_bytes({"MEM_LIMIT": str(memory)}) // MB == expected // MB


@pytest.mark.parametrize("memory", ["", "unlimited"])
def test_a_lab_without_a_limit_has_upstreams(memory: str) -> None:
    """Where the lab's memory is not known, what upstream takes is taken."""
    assert most_bytes({"MEM_LIMIT": memory}) == UPSTREAMS_BYTES
