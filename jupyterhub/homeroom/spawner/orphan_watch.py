"""Containers of labs that no hub knows of are looked for while the hub runs, whether a lab is asked for or not."""

from __future__ import annotations

import asyncio

from jupyterhub.app import JupyterHub
from sqlalchemy.exc import SQLAlchemyError

from homeroom.spawner.containers import LabContainers, recorded_labs
from homeroom.spawner.lab import LabSpawner

INTERVAL_SECONDS = 180.0


async def watch_for_orphans(hub: JupyterHub) -> None:
    """Remove orphans now, and every INTERVAL_SECONDS; it has no end of its own."""
    engine = LabSpawner(config=hub.config)
    containers = LabContainers(engine, engine.deployment, lambda: recorded_labs(hub.db))
    while True:
        try:
            await containers.remove_orphans()
        except Exception as error:  # of whatever kind: it is looked again
            hub.log.warning("Could not look for containers that no hub knows of: %s", error)
            if isinstance(error, SQLAlchemyError):
                hub.db.rollback()  # as the hub does after such a request
        await asyncio.sleep(INTERVAL_SECONDS)
