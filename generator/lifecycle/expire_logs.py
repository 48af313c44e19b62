"""`make expire-logs`: what services said long ago goes, since it can name people."""

from __future__ import annotations

from datetime import datetime, timedelta

from generator.core.console import counted, note, step
from generator.engine import services
from generator.engine.deployment import Deployment
from generator.engine.health import HEALTHY_SECONDS, wait_until_healthy
from generator.lifecycle.own import require_own


def expire(deployment: Deployment, now: datetime) -> None:
    """Make containers of services anew that are older than LOG_DAYS: their logs go with them, and labs go on. The
    engine itself ends a log by its size alone.

    :raises HomeroomError: another directory's deployment has this name, or one is not healthy afterwards.
    """
    require_own(deployment, "expire-logs")
    days = deployment.settings.LOG_DAYS
    if not days:
        note("LOG_DAYS=0: logs go by their size alone.")
        return
    since = now - timedelta(days=days)
    old = [name for name in services.names(deployment.settings) if _made_before(deployment, name, since)]
    if not old:
        note(f"No service's log is older than {counted(days, 'day')}.")
        return
    with step(f"Making {', '.join(old)} anew, whose logs are older than {counted(days, 'day')}; labs go on"):
        how = ("--detach", "--no-deps", "--force-recreate", "--wait", f"--wait-timeout={HEALTHY_SECONDS}")
        deployment.compose("up", *how, *old)
        wait_until_healthy(deployment, old)


def _made_before(deployment: Deployment, name: str, moment: datetime) -> bool:
    """Whether a service runs, in a container from before that moment."""
    container = deployment.service(name)
    if container is None or container.status != "running":
        return False
    return datetime.fromisoformat(container.attrs["Created"]) < moment
