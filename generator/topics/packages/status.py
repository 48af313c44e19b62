"""How old the packages in the images are, for `make status`."""

from __future__ import annotations

from datetime import datetime

from generator.core.console import age, note, warn
from generator.engine.glance import Glance, Show
from generator.topics.packages import images, look
from generator.topics.packages.look import Look
from generator.topics.packages.watch import LONGEST_DAYS, age_days

ORDER = 72


def ask(glance: Glance) -> Show:
    """What the last look found, or that nobody looked for long."""
    built = glance.pool.submit(images.built, glance.deployment)
    last, now = look.read(), glance.now
    return lambda: _show(last, age_days(built.result(), last, now), now)


def _show(last: Look, days: int | None, now: datetime) -> None:
    ago = f"{age(last.at, now)} ago" if last.at else ""
    if last.security:
        warn(f"The images lack {last.in_words()}, as was asked {ago}: `make refresh` brings them.")
    elif days is not None and days > LONGEST_DAYS:
        warn(f"For {days} days nobody has brought security updates into the images: `make refresh`.")
    elif last.at:
        note(f"security updates of the images: all there, as was asked {ago}")
