"""homeroom.contract.open_files: a process opens what its engine allows, not the few that it is given at first."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest
from homeroom.contract import open_files


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The limit is as before afterwards."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    """Where an engine gives a process 1024 files and lets it have more, it has more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    assert open_files.limit() == 1024
    assert open_files.raise_limit() == min(hard, open_files.MOST)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(hard, open_files.MOST), hard)


def test_a_limit_that_is_higher_stays() -> None:
    """A limit that is higher already is not lowered."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_files.raise_limit()
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= before[0]
