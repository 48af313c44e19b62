"""Whether a deployment's services are healthy, and the end of what they said."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import datetime

from docker.models.containers import Container

from generator.core.errors import HomeroomError
from generator.engine import services
from generator.engine.deployment import Deployment

HEALTHY_SECONDS = 180
MOST_RESTARTS = 2
"""So often a service may start by itself without becoming healthy; then there is no more waiting for it."""
SHOWN_LINES = 6
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def wait_until_healthy(deployment: Deployment, names: Sequence[str], seconds: float = HEALTHY_SECONDS) -> None:
    """Wait until the services' own healthchecks pass.

    :raises HomeroomError: one did not become healthy in time, with the end of its log.
    """
    deadline = time.monotonic() + seconds
    for name in names:
        while (container := deployment.service(name)) is None or health_of(container) != "healthy":
            fails_again = container is not None and container.attrs["RestartCount"] >= MOST_RESTARTS
            if time.monotonic() > deadline or fails_again:
                raise _fault(name, container)
            time.sleep(0.2)


def not_healthy(deployment: Deployment) -> HomeroomError | None:
    """The first service that runs but is not healthy, or fails to run, in its own words; None where all is well."""
    for name in services.names(deployment.settings):
        container = deployment.service(name)
        if container is not None and container.status != "created" and health_of(container) != "healthy":
            return _fault(name, container)
    return None


def _fault(name: str, container: Container | None) -> HomeroomError:
    return HomeroomError(
        f"{name} is not healthy: {last_words(container) if container else 'it does not run'}",
        remedy=f"`make logs SERVICE={name}` shows the rest; `make check` checks settings and machine.",
    )


def last_words(container: Container) -> str:
    """The end of a service's log: of its last start, where it said something since; what it said twice counts once."""
    started = datetime.fromisoformat(container.attrs["State"]["StartedAt"]).timestamp()  # of the year 1: it never was
    since = started if started > 0 else None
    said = container.logs(tail=SHOWN_LINES, since=since) or container.logs(tail=SHOWN_LINES)
    lines = COLOUR.sub("", said.decode(errors="replace")).rstrip().splitlines()
    return "\n".join(dict.fromkeys(lines)) or "it said nothing"


def health_of(container: Container) -> str:
    """What a service's healthcheck says of it; of one without, or that does not run, its state."""
    state = container.attrs["State"]
    return str(state.get("Health", {}).get("Status", state["Status"]))
