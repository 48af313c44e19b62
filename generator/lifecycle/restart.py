"""`make restart`."""

from __future__ import annotations

from generator.core.console import step
from generator.engine.deployment import open_deployment
from generator.engine.health import wait_until_healthy
from generator.lifecycle import smoke_test
from generator.lifecycle.hub_config import render_checked
from generator.lifecycle.own import require_own
from generator.lifecycle.services import require, runs_older_files
from generator.lifecycle.up import prepare_storage


def restart() -> None:
    """Restart the hub with the configuration that `.env` and `site/` make now; labs, kernels and websockets go on.
    Guard and firewall are restarted too where their rules changed: the older ones would refuse calls of the hub.

    What Compose itself reads of `.env` (ports, memory of the services) takes `up`.
    """
    deployment = open_deployment()
    require_own(deployment, "restart")
    require(deployment, "hub")
    prepare_storage(deployment)
    render_checked(deployment)
    services = [*(name for name in ("guard", "firewall") if runs_older_files(deployment, name)), "hub"]
    with step(f"Restarting {' and '.join(services)}; labs go on"):
        deployment.compose("restart", *services)
        wait_until_healthy(deployment, services)
    smoke_test.run(deployment.settings)
