"""The services of a deployment: brought up, restarted where they run with older files."""

from __future__ import annotations

from datetime import datetime

from generator import preflight
from generator.core.console import step
from generator.core.errors import HomeroomError
from generator.core.paths import RENDERED
from generator.engine import services as table
from generator.engine.deployment import MERELY_MADE, Deployment
from generator.engine.health import HEALTHY_SECONDS, health_of, last_words, not_healthy, wait_until_healthy
from generator.lifecycle import render


def bring_up(deployment: Deployment) -> None:
    """Bring the services up, restart those that run with older files or are not healthy, and wait until all are."""
    rows = table.known(deployment.settings)
    *first, last = (row.name for row in rows)
    with step(f"Starting {', '.join(first)} and {last}") as shown:
        for row in rows:
            remove_half_made(deployment, row.name)
            if is_unhealthy(deployment, row.name):  # Compose would give up at once
                shown.say(f"restarting {row.name}, which was not healthy")
                deployment.compose("restart", row.name)
            elif row.fails_with_older_files and runs_older_files(deployment, row.name):
                deployment.compose("restart", row.name)
        _compose_up(deployment)
        remove_unwanted(deployment)
        stale = [row.name for row in rows if runs_older_files(deployment, row.name)]
        if stale:
            shown.say(f"restarting {', '.join(stale)} with the new configuration")
            deployment.compose("restart", *stale)
            wait_until_healthy(deployment, stale)
        shown.say("healthy")


def is_half_made(deployment: Deployment, name: str) -> bool:
    """Whether a command that made a service anew was cut off: there is a container of it that was never started."""
    return any(one.status == MERELY_MADE for one in deployment.containers(name))


def make_anew(deployment: Deployment, name: str) -> None:
    """Have a service be in another container, healthy, with its settings as they are now; whatever an earlier command
    was cut off in. Services that it needs are started, and not made anew as long as nothing of them changed.

    :raises HomeroomError: it is not healthy then, in its own last words.
    """
    remove_half_made(deployment, name)
    how = ("--detach", "--force-recreate", "--wait", f"--wait-timeout={HEALTHY_SECONDS}")
    try:
        deployment.compose("up", *how, name)
    except HomeroomError as error:
        raise (not_healthy(deployment) or error) from None
    wait_until_healthy(deployment, [name])


def remove_half_made(deployment: Deployment, name: str) -> None:
    """Of two containers of a service, as Compose leaves them where it was cut off, remove the one that was never
    started: Compose would go on with it under a name of its own."""
    there = deployment.containers(name)
    for one in there:
        if one.status == MERELY_MADE and len(there) > 1:
            one.remove(force=True)


def remove_unwanted(deployment: Deployment) -> None:
    """Remove the services that a deployment with these settings has no more: Compose leaves them running."""
    wanted = table.names(deployment.settings)
    for name in table.names():
        container = deployment.service(name) if name not in wanted else None
        if container is not None:
            container.stop()
            container.remove(force=True)


def _compose_up(deployment: Deployment) -> None:
    """:raises HomeroomError: it failed; with its reason where that is one that an operator can fix."""
    try:
        deployment.compose("up", "--detach", "--remove-orphans", "--wait", f"--wait-timeout={HEALTHY_SECONDS}")
    except HomeroomError as error:
        firewall = deployment.service("firewall")
        if "Pool overlaps" in error.cause:  # it was free when the machine was checked
            taken = [deployment.settings.LAB_SUBNET, *(route.subnet for route in preflight.host_routes())]
            raise HomeroomError(
                f"{deployment.settings.LAB_SUBNET} was taken by another network of the engine just now",
                location=".env: LAB_SUBNET",
                remedy=f"Set LAB_SUBNET={preflight.free_subnet(taken, deployment.project)} and run `make up` again.",
            ) from None
        if firewall is not None and health_of(firewall) != "healthy":
            raise HomeroomError(
                f"the labs' firewall cannot be activated: {last_words(firewall)}",
                location="firewall",
                remedy="Its kernel needs nftables with fib, conntrack and connlimit, as Debian's and Ubuntu's have. "
                "LAB_FIREWALL=off in .env does without it: labs then reach private networks.",
            ) from None
        raise (not_healthy(deployment) or error) from None


def is_unhealthy(deployment: Deployment, service: str) -> bool:
    """Whether a service runs and its healthcheck has failed, time and again: it hangs, or the machine was too busy."""
    container = deployment.service(service)
    return container is not None and container.status == "running" and health_of(container) == "unhealthy"


def runs_older_files(deployment: Deployment, service: str) -> bool:
    """Whether a service was started before the files it read at its start were last changed."""
    container = deployment.service(service)
    if container is None:
        return False
    started = datetime.fromisoformat(container.attrs["State"]["StartedAt"]).timestamp()
    paths = [RENDERED / name for name in render.read_by(service)]
    inside = [path for folder in paths if folder.is_dir() for path in folder.glob("*.py")]
    return any(path.exists() and path.stat().st_mtime > started for path in (*paths, *inside))


def require(deployment: Deployment, *services: str, running: bool = False) -> None:
    """See that the containers of these services are there; without a name, that any service's is.

    :param running: and that they run.
    :raises HomeroomError: one is not.
    """
    found = {name: deployment.service(name) for name in services or table.names(deployment.settings)}
    missing = [name for name, one in found.items() if one is None or (running and one.status != "running")]
    if missing and (services or len(missing) == len(found)):
        named = f"services {', '.join(missing)} are" if len(missing) > 1 else f"service {missing[0]} is"
        cause = f"the {named} not {'running' if running else 'there'}"
        raise HomeroomError(cause, remedy="`make up` brings everything up; `make status` shows what is there.")
