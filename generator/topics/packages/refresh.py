"""`make refresh`: Debian's updates reach the images, while labs run."""

from __future__ import annotations

from generator.core.console import note
from generator.engine.deployment import Deployment
from generator.topics.packages import look
from generator.topics.updates import update

WITHIN_SECONDS = 180
"""By the clock nobody is there to try again, and nobody waits."""


def refresh(deployment: Deployment, lock: int, *, anyway: bool, within_seconds: int) -> None:
    """Build the images anew where Debian has newer packages, and have services and later labs run from them: rehearsed,
    proved, and taken back if that is not well.

    :param lock: holds the deployment.
    :param anyway: also where nothing is newer.
    :param within_seconds: how long the services may take to be well.
    :raises HomeroomError: it was not made, and what ran runs.
    """
    update.finish_first(deployment, lock)
    found = look.ask(deployment, look.images(deployment))
    if not found.security and not found.others and not anyway:
        note("All images have Debian's newest packages: nothing is built, and nothing is restarted.")
        return
    update.refresh(deployment, lock, within_seconds=within_seconds)
    left = look.ask(deployment, look.images(deployment))
    note(f"\nThe services run from the new images, and {left.in_words()}. Labs have them when they are started next.")
