"""The services of a deployment, a row each: those that every deployment has, and those that topics bring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator import topics
from generator.schema.settings import Settings

MIB = 1 << 20


def _always(_: Settings) -> bool:
    return True


def _nothing(_: Settings) -> int:
    return 0


def of_mib(number: int) -> Callable[[Settings], int]:
    """So much memory whatever the settings say, in MiB."""
    return lambda _: number * MIB


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service of docker-compose.yml.

    :param order: where it stands among the others, as they are shown and started.
    :param exists: whether a deployment with these settings has it. In docker-compose.yml a service that not every one
        has says `profiles: [<its name>]`, and Compose is told the name where it exists.
    :param memory_bytes: its `mem_limit` in docker-compose.yml: what it may use is not the labs'.
    :param beside_bytes: what the containers may use that are made for it.
    :param fails_with_older_files: it is not healthy with them, so it is restarted before Compose waits for it.
    """

    name: str
    order: int
    memory_bytes: Callable[[Settings], int]
    exists: Callable[[Settings], bool] = _always
    beside_bytes: Callable[[Settings], int] = _nothing
    fails_with_older_files: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether there are deployments without it."""
        return self.exists is not _always


EVERYWHERE = (
    Service(name="guard", order=10, memory_bytes=lambda settings: settings.GUARD_MEMORY),
    Service(name="proxy", order=30, memory_bytes=lambda settings: settings.PROXY_MEMORY),
    Service(name="hub", order=40, memory_bytes=lambda settings: settings.HUB_MEMORY),
)


def known(settings: Settings | None = None) -> tuple[Service, ...]:
    """The services in their order: all there can be, or those that a deployment with these settings has."""
    rows = [*EVERYWHERE, *(row for part in topics.each("services") for row in part.SERVICES)]
    return tuple(
        sorted((row for row in rows if settings is None or row.exists(settings)), key=lambda row: (row.order, row.name))
    )


def names(settings: Settings | None = None) -> tuple[str, ...]:
    """Their names."""
    return tuple(row.name for row in known(settings))


def memory_bytes(settings: Settings) -> int:
    """What all services of a deployment may use together, with what is made for them."""
    return sum(row.memory_bytes(settings) + row.beside_bytes(settings) for row in known(settings))
