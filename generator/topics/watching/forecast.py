"""When a disk is full, by its pace over the last days. A slope that one day of much or little does not turn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median

LEAST_SAMPLES = 12
LEAST_SPAN_SECONDS = 2 * 86400
LEAST_SHARE_DOWN = 0.6
"""Of two looks the later has less free, in so many of all pairs: else it goes up and down, and leads nowhere."""
LONGEST_SECONDS = 365 * 86400
"""What is further away is no forecast."""
Sample = tuple[float, float]
"""When, in seconds since 1970, and how much was free."""


def slope(samples: Sequence[Sample]) -> tuple[float, float]:
    """The median of the slopes between all pairs (Theil and Sen), and the share of those that lead down."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(samples, 2) if b[0] != a[0]]
    if not slopes:
        return 0.0, 0.0
    return median(slopes), sum(each < 0 for each in slopes) / len(slopes)


def full_at(samples: Sequence[Sample]) -> float | None:
    """When nothing is free any more at this pace; None: not within a year, or too little is known.

    :param samples: in the order of time; what is free now stands last.
    """
    if len(samples) < LEAST_SAMPLES or samples[-1][0] - samples[0][0] < LEAST_SPAN_SECONDS:
        return None
    pace, share_down = slope(samples)
    if pace >= 0 or share_down < LEAST_SHARE_DOWN:
        return None
    now, free = samples[-1]
    seconds = max(free, 0) / -pace
    return now + seconds if seconds <= LONGEST_SECONDS else None
