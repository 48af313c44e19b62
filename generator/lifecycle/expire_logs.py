"""`make expire-logs`: what services said long ago goes, since it can name people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from generator.core.console import counted, note, step, warn
from generator.core.errors import HomeroomError
from generator.core.labels import SERVER_LABEL
from generator.engine import services
from generator.engine.deployment import Deployment
from generator.lifecycle.own import require_own
from generator.lifecycle.services import is_half_made, make_anew
from generator.topics.updates import record

EXAM = re.compile(r"exam-(?:[a-z0-9]+-)+[0-9a-f]{12}")
"""What labs of exams are called; as in `homeroom.contract.exam_labs`, which a test holds equal."""


def expire(deployment: Deployment, now: datetime) -> None:
    """Make containers of services anew that are older than LOG_DAYS, one after the other: their logs go with them, and
    labs go on. The engine itself ends a log by its size alone. What an earlier run was cut off in is ended first.

    While somebody sits an exam nothing is done.

    :raises HomeroomError: another directory's deployment has this name, an update was cut off, a service would become
        another one than it is, or is not healthy afterwards.
    """
    require_own(deployment, "expire-logs")
    _require_no_update()
    known = services.names(deployment.settings)
    half = [name for name in known if is_half_made(deployment, name)]
    if half and _is_let(deployment):
        with step(f"Ending what was cut off: making {', '.join(half)}") as shown:
            for name in half:
                shown.say(name)
                make_anew(deployment, name)
    days = deployment.settings.LOG_DAYS
    if not days:
        note("LOG_DAYS=0: logs go by their size alone.")
        return
    since = now - timedelta(days=days)
    old = [name for name in known if _made_before(deployment, name, since)]
    stopped = [name for name in old if not _runs(deployment, name)]
    if stopped:
        note(f"Stopped, so that its log stays until it is started and this is run again: {', '.join(stopped)}.")
    old = [name for name in old if name not in stopped]
    if not old:
        note(f"No {'other ' if stopped else ''}service's log is older than {counted(days, 'day')}.")
        return
    if not _is_let(deployment):
        return
    _require_as_it_is(deployment, old)
    title = f"Making {', '.join(old)} anew, whose logs are older than {counted(days, 'day')}; labs go on"
    with step(title) as shown:
        for name in old:
            shown.say(name)
            make_anew(deployment, name)


def _require_no_update() -> None:
    """:raises HomeroomError: which version is to run is not settled."""
    if record.is_under_way(record.FOLDER):
        remedy = "`make up` completes or undoes it; then run this again."
        raise HomeroomError("an update was cut off", location=str(record.FOLDER), remedy=remedy)


def _is_let(deployment: Deployment) -> bool:
    """Whether services may be away for seconds; not while somebody sits an exam, which is told."""
    sitting = sum(bool(EXAM.fullmatch(lab.labels.get(SERVER_LABEL, ""))) for lab in deployment.labs(running_only=True))
    if sitting:
        warn(f"{counted(sitting, 'lab')} of an exam: nobody is disturbed now, and logs go with the next run.")
    return not sitting


def _require_as_it_is(deployment: Deployment, names: Sequence[str]) -> None:
    """:raises HomeroomError: one of these would be made anew as another one than it is, which `make up` does with all
    that belongs to it."""
    changed = deployment.outdated(names)
    if changed:
        raise HomeroomError(
            f"{', '.join(changed)} would be made anew with what was changed since the last `make up`; nothing was done",
            location=".env, docker-compose.yml, images",
            remedy="`make up` takes the changes up, all at once; then run this again.",
        )


def _runs(deployment: Deployment, name: str) -> bool:
    container = deployment.service(name)
    return container is not None and container.status == "running"


def _made_before(deployment: Deployment, name: str, moment: datetime) -> bool:
    """Whether a service's container is from before that moment."""
    container = deployment.service(name)
    return container is not None and datetime.fromisoformat(container.attrs["Created"]) < moment
