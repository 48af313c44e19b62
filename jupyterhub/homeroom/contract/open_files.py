"""How many files and connections this process may have open."""

from __future__ import annotations

import resource

MOST = 65536
"""More is of no use, and some systems have no limit at all."""


def raise_limit() -> int:
    """Raise this process's limit to what its engine allows, and return it.

    Engines let a process have few at first (1024 since Docker 29), and far more where it asks.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return limit()


def limit() -> int:
    """How many there may be now."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, soft)
