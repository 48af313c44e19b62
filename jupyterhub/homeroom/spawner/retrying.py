"""Calls to the engine that outlast a short absence of it, or of the guard before it."""

from __future__ import annotations

import asyncio
from typing import Any

import docker.errors
import requests.exceptions
from dockerspawner import DockerSpawner

from homeroom.spawner.no_lab import NoLab
from homeroom.texts.said import say

PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 0.25


class EngineAway(NoLab):
    """The engine did not answer for PATIENCE_SECONDS; what a user who starts a lab then reads."""

    def __init__(self) -> None:
        super().__init__(say("no_lab.engine_away"), reason="engine-away", status_code=503)


def is_away(error: Exception) -> bool:
    """Whether an error means that there was no answer, not that the engine said no."""
    if isinstance(error, docker.errors.APIError):
        return bool(error.status_code == 503)  # the guard's own answer while the engine is away
    return isinstance(error, docker.errors.DockerException | requests.exceptions.RequestException)


class RetryingSpawner(DockerSpawner):
    """A DockerSpawner whose calls are made again for a while where there is no answer.

    The while begins with the first call of any lab that is not answered: who asks later is told at once.
    """

    object_id: Any
    _silent_since: float | None = None

    def docker(self, method: str, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        """Call a method of docker-py's client in a thread.

        :raises EngineAway: through the future, when there was no answer for PATIENCE_SECONDS.
        """
        return asyncio.ensure_future(self._call(method, *args, **kwargs))

    async def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        loop = asyncio.get_running_loop()
        repeated = False
        while True:
            try:
                answer = await super().docker(method, *args, **kwargs)
                RetryingSpawner._silent_since = None
                return answer
            except docker.errors.DockerException as error:
                if repeated and method == "create_container" and getattr(error, "status_code", 0) == 409:
                    # The first call did it, only its answer was lost.
                    return await super().docker("inspect_container", kwargs["name"])
                if not is_away(error):
                    RetryingSpawner._silent_since = None
                    raise
                cause: Exception = error
            except requests.exceptions.RequestException as error:
                cause = error
            if RetryingSpawner._silent_since is None:
                RetryingSpawner._silent_since = loop.time()
            if loop.time() >= RetryingSpawner._silent_since + PATIENCE_SECONDS:
                self.log.error("The engine does not answer: %s", cause)
                raise EngineAway from cause
            repeated = True
            await asyncio.sleep(RETRY_SECONDS)
