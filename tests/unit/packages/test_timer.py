"""Security updates by the clock."""

from __future__ import annotations

import pytest

from generator.topics.packages.timers import timers
from tests.sample_settings import settings


def test_it_is_run_once_a_week_where_that_is_asked_for() -> None:
    """REFRESH_AT names a day and a time; without it nothing is run, and what is neither is refused."""
    (timer,) = timers(settings(REFRESH_AT="Sun 04:30"))
    assert (timer.at.systemd(), timer.verb) == (("Sun *-*-* 04:30:00",), ("refresh",))
    assert list(timers(settings())) == []
    for odd in ("Sunday 04:30", "Sun 4:30", "04:30", "Sun 24:00"):
        with pytest.raises(ValueError, match="day of the week"):
            settings(REFRESH_AT=odd)
