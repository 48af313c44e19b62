"""When copies are made by themselves."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from generator.topics.copies.timers import timers
from tests.sample_settings import settings


def test_copies_are_made_at_each_time() -> None:
    """Of BACKUP_AT, in order; where there is no place for them, or no time, not at all."""
    (timer,) = timers(settings(BACKUP_TO="/srv/copies", BACKUP_AT="14:30,02:30"))
    assert timer.verb == ("backup",)
    assert timer.at.cron() == ("30 2 * * *", "30 14 * * *")
    assert list(timers(settings(BACKUP_AT="02:30"))) == []
    assert list(timers(settings(BACKUP_TO="/srv/copies"))) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("BACKUP_AT", "2:30"), ("BACKUP_AT", "24:00"), ("BACKUP_AT", "02:30 14:30"), ("BACKUP_KEEP", "last:3"),
     ("BACKUP_KEEP", "daily:14"), ("BACKUP_KEEP", "14d")],
)  # fmt: skip
def test_a_slip_is_told(name: str, value: str) -> None:
    """With the setting, and what it would look like."""
    with pytest.raises(ValidationError, match=name):
        settings(**{name: value})
