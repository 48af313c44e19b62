"""LabContainers: the containers of a deployment's labs, as the engine lists them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import docker.errors
from jupyterhub.orm import Spawner as HubLab
from jupyterhub.orm import User as HubUser
from sqlalchemy.orm import Session

from homeroom.contract.labels import DEPLOYMENT_LABEL, GPUS_LABEL, SERVER_LABEL, USER_LABEL
from homeroom.culling.culling import LabState
from homeroom.queue.resources import Key, Running
from homeroom.spawner.retrying import EngineAway, RetryingSpawner
from homeroom.spawner.running import STATES, Recorded, orphans, running

Container = dict[str, Any]


def labels(deployment: str, user: str) -> dict[str, str]:
    """What tells whose container or volume it is; the truth from which everything is counted."""
    return {DEPLOYMENT_LABEL: deployment, USER_LABEL: user}


def recorded_labs(db: Session) -> list[Recorded]:
    """The labs that run, start or stop, as far as the hub's database knows."""
    labs = db.query(HubUser.name, HubLab).filter(HubLab.user_id == HubUser.id, HubLab.server_id.is_not(None))
    return [_recorded(user, lab) for user, lab in labs]


def _recorded(user: str, lab: HubLab) -> Recorded:
    state = lab.state or {}
    known = LabState.from_state(state)
    return Recorded(
        key=(user, lab.name),
        container_id=state.get("object_id"),
        last_activity=lab.last_activity,
        held_until=known.held_until if known else 0.0,
    )


class LabContainers:
    """Lists and removes the labs' containers. Only methods with `remove` in their names remove any.

    :param engine: any spawner, for its calls to the engine.
    :param deployment: whose labs are meant.
    :param recorded: tells the labs in the hub's database.
    """

    def __init__(self, engine: RetryingSpawner, deployment: str, recorded: Callable[[], list[Recorded]]) -> None:
        self._engine = engine
        self._deployment = deployment
        self._recorded = recorded

    async def listed(self) -> list[Container]:
        """The labs' containers, ended ones and orphans too."""
        filters = {"label": [f"{DEPLOYMENT_LABEL}={self._deployment}", USER_LABEL]}
        found: list[Container] = await self._engine.docker("containers", all=True, filters=filters)
        return found

    async def running(self) -> dict[Key, Running]:
        """The labs whose containers are there, by their labels."""
        return running(_holding(await self.listed()), self._recorded())

    async def with_gpus(self) -> list[Container]:
        """The containers that hold GPUs, ended ones too."""
        return _with_gpus(await self.listed())

    async def remove_orphans(self) -> list[Container]:
        """Remove the containers of no lab that the hub knows: a user may be waiting for what they reserve.

        :returns: all that are left, ended ones too.
        """
        return (await self._remove_orphans())[0]

    async def remove_orphans_from_running(self) -> dict[Key, Running]:
        """Remove them, and return what `running` then tells, without asking the engine twice."""
        containers, recorded = await self._remove_orphans()
        return running(_holding(containers), recorded)

    async def remove_orphans_with_gpus(self) -> list[Container]:
        """Remove them, and return what `with_gpus` then tells, without asking the engine twice."""
        return _with_gpus(await self.remove_orphans())

    async def _remove_orphans(self) -> tuple[list[Container], list[Recorded]]:
        """What is left, and the labs in the hub's database, which is asked after the engine: a lab is recorded there
        before its container is made."""
        containers, recorded = await self.listed(), self._recorded()
        lost = orphans(_holding(containers), recorded, time.time())
        for container in lost:
            self._engine.log.warning("Removing %s, which no hub knows of", container["Names"])
            await self.remove(container["Id"])
        return [each for each in containers if each not in lost], recorded

    async def remove(self, name: str) -> None:
        """Remove a container, whether it runs, is being removed or is not there at all."""
        try:
            await self._engine.docker("remove_container", name, v=True, force=True)
        except docker.errors.APIError as error:
            if error.status_code not in (404, 409):
                self._engine.log.warning("Cannot remove %s: %s", name, error)

    async def remove_of(self, lab: Key) -> None:
        """Remove the containers of a lab's starts before, which would stand in its own way."""
        user, server = lab
        whose = {**labels(self._deployment, user), SERVER_LABEL: server}
        filters = {"label": [f"{key}={value}" for key, value in whose.items()]}
        for container in await self._engine.docker("containers", all=True, filters=filters):
            await self.remove(container["Id"])

    async def log(self, name: str) -> bytes:
        """The end of what a container has written; empty where there is none."""
        try:
            written: bytes = await self._engine.docker("logs", name, stdout=True, stderr=True, tail=20)
        except (docker.errors.APIError, EngineAway):
            return b""
        return written


def _holding(containers: list[Container]) -> list[Container]:
    """Those that hold their memory, or are about to."""
    return [each for each in containers if each["State"] in STATES]


def _with_gpus(containers: list[Container]) -> list[Container]:
    return [each for each in containers if GPUS_LABEL in each["Labels"]]
