"""What makes copies look as if something went wrong: then none is forgotten until the operator says so."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from generator.topics.copies.last import Last

LEAST_FILES, LEAST_SHARE, TIMES_USUAL = 200, 0.25, 10
"""A jump is so many files, such a share of all, and so many times what is usual: all three."""
LONGEST_GAP = timedelta(days=30)
CLOCK_PATIENCE = timedelta(minutes=10)
"""Clocks of two machines differ by less."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """How the files of a copy differ from those of the one before.

    :param before: files that the one before had.
    :param touched: of them, those that were changed or are gone.
    """

    before: int
    touched: int


def changes(before: Last, *, new: int, changed: int, now: int) -> Changes:
    """What happened to the files of the copy before.

    :param now: files that there are in all.
    """
    gone = max(0, before.files + new - now)
    return Changes(before=before.files, touched=changed + gone)


def jump(seen: Changes, usual: Sequence[int]) -> str:
    """Whether far more files than usual were changed or are gone, as when they are encrypted or deleted by somebody
    else's program: in words, with the numbers; empty: no.

    :param usual: how many it were in the runs before.
    """
    normal = int(statistics.median(usual)) if usual else 0
    least = max(LEAST_FILES, LEAST_SHARE * seen.before, TIMES_USUAL * normal)
    if seen.touched < least:
        return ""
    return f"{seen.touched} of {seen.before} files were changed or are gone since the copy before; {normal} are usual"


def gap(before: Last, moment: datetime) -> str:
    """Whether the copy before is very old, or the clock went astray: in words; empty: no."""
    if not before.made_at:
        return ""
    days = (moment - datetime.fromisoformat(before.made_at)).days
    return f"the copy before this one is {days} days older, by this machine's clock" if days > LONGEST_GAP.days else ""


def future(moments: Sequence[datetime], now: datetime) -> str:
    """Whether copies are dated in the future: in words; empty: no."""
    late = sorted(each for each in moments if each > now + CLOCK_PATIENCE)
    if not late:
        return ""
    what = "a copy is" if len(late) == 1 else f"{len(late)} copies are"
    return f"{what} dated in the future ({late[-1]:%Y-%m-%d %H:%M}), by this machine's clock"
