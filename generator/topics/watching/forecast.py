"""When a disk is full, by its pace over the last days: a slope that one day of much or little does not turn, and that
counts for nothing where something empties the disk again. And by the pace of the last hours, if these fill it soon."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median

DAY_SECONDS = 86400
LEAST_SAMPLES = 12
LEAST_SPAN_SECONDS = 2 * DAY_SECONDS
LEAST_SHARE_DOWN = 0.6
"""Of two looks the later has less free, in so many of all pairs: else it goes up and down, and leads nowhere."""
LONGEST_SECONDS = 365 * DAY_SECONDS
"""What is further away is no forecast."""
NEWS_SECONDS = 3 * DAY_SECONDS
"""A disk that fills has less free within these last days than before them, also after a weekend."""
LEAST_NEWS = 0.02
"""So much less, of all between the most and the least that was free."""
SUDDEN_SAMPLES, SUDDEN_SHARE_DOWN = 6, 0.9
HALF_A_DAY_SECONDS, HALF_A_DAY_FILLS_SECONDS = 13 * 3600, DAY_SECONDS
TWO_DAYS_SECONDS, TWO_DAYS_FILL_SECONDS = 49 * 3600, 3 * DAY_SECONDS
"""What fills a disk within a day is seen in half a day, and within three in two, if it goes down nearly all the time.
"""
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
    was_as_full = _was_as_full(samples)
    found = _sudden(samples, HALF_A_DAY_SECONDS, HALF_A_DAY_FILLS_SECONDS)
    if found is None and not was_as_full:
        found = _sudden(samples, TWO_DAYS_SECONDS, TWO_DAYS_FILL_SECONDS)
    if found is None and not was_as_full:
        found = _end(samples, LEAST_SHARE_DOWN, LONGEST_SECONDS)
    return found


def _sudden(samples: Sequence[Sample], last_seconds: float, fills_seconds: float) -> float | None:
    """When it is full by the pace of the last hours alone; None: not so soon."""
    last = [each for each in samples if each[0] >= samples[-1][0] - last_seconds]
    return _end(last, SUDDEN_SHARE_DOWN, fills_seconds) if len(last) >= SUDDEN_SAMPLES else None


def _end(samples: Sequence[Sample], least_share_down: float, longest_seconds: float) -> float | None:
    pace, share_down = slope(samples)
    if pace >= 0 or share_down < least_share_down:
        return None
    now, free = samples[-1]
    seconds = max(free, 0) / -pace
    return now + seconds if seconds <= longest_seconds else None


def _was_as_full(samples: Sequence[Sample]) -> bool:
    """Whether it had as little free before as in the last days: then something empties it again, such as the removal of
    old copies once a week."""
    begin = samples[-1][0] - NEWS_SECONDS
    lately = [free for at, free in samples if at >= begin]
    before = [free for at, free in samples if at < begin]
    span = max(*lately, *before) - min(*lately, *before) if before else 0.0
    return bool(before) and min(lately) > min(before) - LEAST_NEWS * span
