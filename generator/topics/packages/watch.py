"""How old the packages in the images are, for the watchdog and the letter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from generator.core.console import counted
from generator.core.finding import Finding, warning
from generator.engine.watched import Watched
from generator.topics.packages import look
from generator.topics.packages.images import Image, built
from generator.topics.packages.look import Look

ORDER = 45
LONGEST_DAYS = 35
"""Five weeks: four that were missed."""


def faults(watched: Watched) -> Iterator[Finding]:
    """Nobody has brought security updates into the images for long, or seen that there are none."""
    if watched.deployment is None:
        return
    days = age_days(built(watched.deployment), look.read(), watched.now)
    if days is not None and days > LONGEST_DAYS:
        cause = f"for {days} days nobody has brought security updates into the images"
        remedy = "`make refresh` does it, while labs run; REFRESH_AT=`Sun 04:30` in .env each week."
        yield warning("packages", cause, location=".env: REFRESH_AT", remedy=remedy)


def age_days(images: list[Image], last: Look, now: datetime) -> int | None:
    """For how many days the images have had no updates, and nobody has seen that there are none; None where no image
    says of when it is."""
    moments = [image.packages_of for image in images if image.packages_of]
    if not moments:
        return None
    since = datetime.fromisoformat(min(moments)).replace(tzinfo=UTC)
    if last.at and not last.security:
        since = max(since, datetime.fromisoformat(last.at))
    return max(0, (now - since).days)


def letter(watched: Watched) -> Iterator[str]:
    """What the images lack."""
    found = look.read()
    if not found.at:
        yield "Images: nobody has asked yet whether they lack security updates: `make refresh`."
    elif found.security:
        waits = f"{counted(found.security, 'security update')} waited on {found.at[:10]}"
        yield f"Images: {waits}: `make refresh` brings what there is."
    else:
        yield f"Images: on {found.at[:10]} they lacked no security update."
