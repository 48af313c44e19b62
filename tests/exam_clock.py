"""Exams of a deployment under test, whose clock is moved: nobody waits for one to begin or end."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from tests.hub_deployment import HubDeployment

MINUTES = 60


def hold(
    deployment: HubDeployment, courses: str, *, begins_in: float = 0.0, ends_in: float = 0.0, extra: int = 0
) -> float:
    """Have an exam begin in so many seconds, or end so: for all, or for who has extra time. Returns that moment.

    :param courses: `site/courses.yaml`, with OPENS in the place of when it begins, on clocks of UTC; it takes MINUTES.
    :param extra: how long after the others those with extra time end, in minutes.
    """
    moment = int(time.time() + (begins_in or ends_in))
    begins = moment if begins_in else moment - 60 * (MINUTES + extra)
    written = datetime.fromtimestamp(begins, UTC).strftime("%Y-%m-%d %H:%M:%S")
    (deployment.directory / "site/courses.yaml").write_text(courses.replace("OPENS", written))
    deployment.make("render")
    return moment
