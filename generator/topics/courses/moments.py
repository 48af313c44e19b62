"""Days and times of day of a site file, as seconds since 1970 in the deployment's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def begins(moment: date | datetime | None, zone: ZoneInfo) -> int | None:
    """When something begins: a day alone begins at its start, a time that a clock shows twice at the first."""
    return _seconds(moment, time.min, zone, fold=0)


def ends(moment: date | datetime | None, zone: ZoneInfo) -> int | None:
    """When something ends: a day alone with its last second, a time that a clock shows twice at the second."""
    return _seconds(moment, time(23, 59, 59), zone, fold=1)


def _seconds(moment: date | datetime | None, of_day: time, zone: ZoneInfo, *, fold: int) -> int | None:
    if moment is None:
        return None
    found = moment if isinstance(moment, datetime) else datetime.combine(moment, of_day)
    return int((found if found.tzinfo else found.replace(tzinfo=zone, fold=fold)).timestamp())


def is_skipped(moment: date | datetime | None, zone: ZoneInfo) -> bool:
    """Whether no clock ever shows this time: it is put forward over it."""
    if not isinstance(moment, datetime) or moment.tzinfo:
        return False
    there = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) != moment
