"""`rooms.json`, which `make up` renders from `site/rooms.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from traitlets import Unicode
from traitlets.config import SingletonConfigurable

from homeroom.hub.told_file import ToldFile
from homeroom.rooms.room import Room


class Rooms(ToldFile, SingletonConfigurable):
    """The rooms of this hub."""

    what: ClassVar[str] = "rooms"
    path = Unicode("/srv/jupyterhub/rooms.json", config=True, help="The file, which is written whole or not at all.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._known: dict[str, Room] = {}

    def read(self) -> Mapping[str, Room]:
        """By name, as they are now."""
        self.look()
        return self._known

    def _take(self, values: Mapping[str, Any]) -> None:
        self._known = {room.name: room for room in map(Room.from_json, values["rooms"])}
