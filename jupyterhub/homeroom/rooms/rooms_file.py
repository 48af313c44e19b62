"""The rooms that this hub has: those of `rooms.json`, which `make up` renders from `site/rooms.yaml`, and those that
were made on the pages of courses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from traitlets import Bool, Unicode
from traitlets.config import SingletonConfigurable

from homeroom.hub.told_file import ToldFile
from homeroom.rooms.room import Room


class Rooms(ToldFile, SingletonConfigurable):
    """The rooms of this hub. Where file and page have one of the same name, it is the file's."""

    what: ClassVar[str] = "rooms"
    path = Unicode("/srv/jupyterhub/rooms.json", config=True, help="The file, which is written whole or not at all.")
    with_collaboration = Bool(False, config=True, help="Whether the lab image can be worked in by several at once.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._of_file: dict[str, Room] = {}
        self._of_courses: Mapping[str, Room] | None = None

    @property
    def is_known(self) -> bool:
        """Whether both were read: nobody is put out of a room as long as they are not."""
        return self.is_read and self._of_courses is not None

    def read(self) -> Mapping[str, Room]:
        """By name, as they are now."""
        self.look()
        return {**(self._of_courses or {}), **self._of_file}

    @property
    def of_file(self) -> frozenset[str]:
        """The names of those of `site/rooms.yaml`."""
        return frozenset(self._of_file)

    def give_courses(self, rooms: Mapping[str, Room]) -> None:
        """Have there be these rooms of courses, too."""
        self._of_courses = rooms

    def _take(self, values: Mapping[str, Any]) -> None:
        self._of_file = {room.name: room for room in map(Room.from_json, values["rooms"])}
