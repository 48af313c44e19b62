"""What `make status` looks at, and what its parts are given."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from generator.engine.deployment import Deployment

Show = Callable[[], None]
"""Prints a part, once its turn comes."""


@dataclass(frozen=True, kw_only=True)
class Glance:
    """A deployment as it is now.

    :param hub_runs: whether the hub can be asked.
    :param pool: for what takes seconds: it is asked for at once, and shown when its turn comes.
    """

    deployment: Deployment
    now: datetime
    hub_runs: bool
    pool: ThreadPoolExecutor


def nothing() -> None:
    """Shows nothing."""
