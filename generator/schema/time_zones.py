"""The setting TIMEZONE: a zone of the IANA database by its name, and what else people write there."""

from __future__ import annotations

import functools
import itertools
import re
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from generator.core.errors import nearest

WELL_KNOWN = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Helsinki",
    "Europe/Moscow",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Africa/Nairobi",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
"""Which zone is proposed where many would do; no list of what is allowed."""
GERMAN = {"MEZ": "CET", "MESZ": "CEST"}
_OFFSET = re.compile(r"(?:UTC|GMT|Z)? ?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")


@functools.cache
def known() -> frozenset[str]:
    """The names in this machine's IANA database, which takes a walk over its files."""
    return frozenset(zoneinfo.available_timezones())


def check(value: str) -> str:
    """Require a time zone by its name in the IANA database; a machine without the database takes any."""
    if _NAME.fullmatch(value) and (not known() or value in known()):
        return value
    raise ValueError(f"is not a time zone{_hint(value.strip())}")


def _hint(value: str) -> str:
    """The remedy: which zones may have been meant."""
    if match := _OFFSET.fullmatch(value):
        hours, minutes = int(match[2]), int(match[3] or 0)
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if match[1] == "-" else 1)
        found = next((name for name in _candidates() if offset == _winter(name).utcoffset()), "")
        such = f", such as {found}" if found else ""
        return f" but an offset, which knows no summer time; name a place{such}"
    if value.upper() not in known() and (places := _places_of(GERMAN.get(value.upper(), value.upper()))):
        return f" but what the time is called in some; name a place, such as {places}"
    by_city = {name.rpartition("/")[2].lower(): name for name in sorted(known())}
    by_city |= {name.lower(): name for name in sorted(known())}
    wanted = value.lower().replace(" ", "_")
    near = nearest(wanted, by_city) or nearest(wanted.rpartition("/")[2], by_city)
    return f"; did you mean {by_city[near]}?" if near else ", such as Europe/Vienna or UTC"


def _candidates() -> Iterator[str]:
    """Zones to propose: the well-known ones first, then all places of the world."""
    yield from (name for name in WELL_KNOWN if name in known())
    yield from sorted(
        name for name in known() if "/" in name and not name.startswith(("Etc/", "US/", "posix", "right"))
    )


def _places_of(abbreviation: str) -> str:
    """The zones whose clocks say this, in winter or in summer: all that are well known, else one; empty: none."""
    if not re.fullmatch(r"[A-Z]{3,5}", abbreviation):
        return ""
    saying = (name for name in _candidates() if abbreviation in (_winter(name).tzname(), _summer(name).tzname()))
    first = next(saying, "")
    return " or ".join(dict.fromkeys([first, *itertools.takewhile(WELL_KNOWN.__contains__, saying)]))


def _winter(name: str) -> datetime:
    """A moment in which no place of the north has summer time, as it is there."""
    return datetime(datetime.now(UTC).year, 1, 1, 12, tzinfo=UTC).astimezone(zoneinfo.ZoneInfo(name))


def _summer(name: str) -> datetime:
    """A moment half a year after `_winter`."""
    return datetime(datetime.now(UTC).year, 7, 1, 12, tzinfo=UTC).astimezone(zoneinfo.ZoneInfo(name))
