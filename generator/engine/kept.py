"""What a deployment's volumes hold that copies keep: those that every deployment has, and those that topics bring."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from generator import topics
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings


def _always(_: Settings) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One volume of docker-compose.yml, of which everything is kept.

    :param owner: user and group by number, who alone opens its databases.
    :param databases: SQLite files in it that are written while copies are made: they are copied by SQLite itself.
    :param without: files and folders in it that can be made again.
    :param dispensable: whether a copy is made without its databases where they are not there, or damaged.
    :param exists: whether a deployment with these settings has it.
    """

    volume: str
    owner: str
    databases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    dispensable: bool = False
    exists: Callable[[Settings], bool] = _always


EVERYWHERE = (Kept(volume="data", owner="990:100", databases=("jupyterhub.sqlite",)),)


def known(settings: Settings, volumes: Collection[str] = ()) -> tuple[Kept, ...]:
    """The volumes that copies keep, in the order of the alphabet: those that these settings ask for.

    :param volumes: which there are besides: they are kept as long as they are there, also where the settings ask for
        them no more.
    """
    rows = [*EVERYWHERE, *(row for part in topics.each("keeps") for row in part.KEEPS)]
    return tuple(
        sorted((row for row in rows if row.exists(settings) or row.volume in volumes), key=lambda row: row.volume)
    )


def there(deployment: Deployment) -> tuple[Kept, ...]:
    """The volumes that copies of a deployment keep."""
    start = f"{deployment.project}_"
    volumes = {str(volume.name) for volume in deployment.client.volumes.list()}
    return known(deployment.settings, {name.removeprefix(start) for name in volumes if name.startswith(start)})
