"""Days, times of day and time spans as people write them on pages: by the rules that `site/courses.yaml` has for them.
Pure, and without JupyterHub."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
"""With a `T` browsers write what was picked."""
DAY = "%Y-%m-%d"
YEARS = range(1970, 2200)
UNITS = {"m": 60, "h": 3600, "d": 86400}
LONGEST_EXTRA_SECONDS = 366 * 86400


def parse(text: str) -> date | datetime | None:
    """A day with a time of day, or a day alone; None: it is neither."""
    for form in FORMS:
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            continue
        return found if found.year in YEARS else None
    return parse_day(text)


def parse_day(text: str) -> date | None:
    """A day; None: it is none."""
    try:
        found = datetime.strptime(text, DAY).date()
    except ValueError:
        return None
    return found if found.year in YEARS else None


def begins(moment: date | datetime, zone: ZoneInfo) -> int:
    """When something begins, in seconds since 1970: a day alone with its first second, a time that a clock shows twice
    at the first."""
    return _seconds(moment, time.min, zone, fold=0)


def ends(moment: date | datetime, zone: ZoneInfo) -> int:
    """When something ends: a day alone with its last second, a time that a clock shows twice at the second."""
    return _seconds(moment, time(23, 59, 59), zone, fold=1)


def _seconds(moment: date | datetime, of_day: time, zone: ZoneInfo, *, fold: int) -> int:
    found = moment if isinstance(moment, datetime) else datetime.combine(moment, of_day)
    return int(found.replace(tzinfo=zone, fold=fold).timestamp())


def is_skipped(moment: date | datetime, zone: ZoneInfo) -> bool:
    """Whether no clock ever shows this time: it is put forward over it."""
    if not isinstance(moment, datetime):
        return False
    there = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) != moment


def typed(at: int | None, zone: ZoneInfo) -> str:
    """A time as a field of a form holds it: `2026-10-12T23:59`; empty for none."""
    return "" if at is None else datetime.fromtimestamp(at, zone).strftime("%Y-%m-%dT%H:%M")


def parse_span(text: str) -> int | None:
    """A time span such as 30m, 2h or 3d, in seconds; None: it is none, or longer than a year."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    seconds = int(found[1]) * UNITS[found[2]] if found else 0
    return seconds if 0 < seconds <= LONGEST_EXTRA_SECONDS else None


def written_span(seconds: int) -> str:
    """The same again: `2d`."""
    unit = next((unit for unit in "dhm" if seconds % UNITS[unit] == 0), "m")
    return f"{max(1, seconds // UNITS[unit])}{unit}"
