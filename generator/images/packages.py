"""Of which moment the distribution's packages in an image are.

A build that is given a new moment fetches packages anew: without it, the engine's cache would serve what was fetched
when the image was built first. Within a week all builds of an engine have the same moment, so they share their layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

ARGUMENT = "PACKAGES"
"""The build argument that every Dockerfile of ours declares before it fetches packages."""
LABEL = "homeroom.packages"
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2})?")


def now() -> str:
    """This minute, in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"


def this_week(today: datetime | None = None) -> str:
    """The day on which this week began, in UTC."""
    day = (today or datetime.now(UTC)).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def of(labels: Mapping[str, str] | None) -> str:
    """Of which moment an image's packages are; empty where that is not known."""
    found = (labels or {}).get(LABEL, "")
    return found if MOMENT.fullmatch(found) else ""


def newest(there: Iterable[Mapping[str, str] | None], today: datetime | None = None) -> str:
    """The moment for a build beside images that are there: this week's, or theirs where they are newer, so that no
    build brings older packages back. One in the future, by a clock that was wrong, does not count.

    :param there: the labels of the images.
    """
    latest = f"{today or datetime.now(UTC):%Y-%m-%dT%H:%M}"
    return max([this_week(today), *(moment for labels in there if (moment := of(labels)) <= latest)])
