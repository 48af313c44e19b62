"""How large a message to a kernel may be."""

from __future__ import annotations

import pytest
from homeroom_lab.message_limit import LEAST_BYTES, MOST_BYTES, most_bytes

MB = 2**20


@pytest.mark.parametrize(
    ("memory", "expected"),
    [(str(2**30), 64 * MB), (str(512 * MB), 32 * MB), (str(64 * MB), LEAST_BYTES), (str(2**40), MOST_BYTES)],
)
def test_the_limit_goes_with_the_labs_memory(memory: str, expected: int) -> None:
    """A sixteenth of the lab's memory, which the server may hold a few times; never less than upstream's 10 MB."""
    assert most_bytes({"MEM_LIMIT": memory}) == expected


@pytest.mark.parametrize("memory", ["", "unlimited"])
def test_a_lab_without_a_limit_has_upstreams(memory: str) -> None:
    """Where the lab's memory is not known, what upstream takes is taken."""
    assert most_bytes({"MEM_LIMIT": memory}) == LEAST_BYTES
