"""The form of site/rooms.yaml."""

from __future__ import annotations

from generator.site.models import Form, Name, Person, Strict, Text

ROOMS = "rooms.yaml"


class Room(Strict):
    """A lab in which several people work in the same documents.

    :param public: everybody may enter it.
    :param courses: all members of these courses may.
    """

    name: Name
    title: Text = ""
    public: bool = False
    people: list[Person] = []
    groups: list[Text] = []
    courses: list[Name] = []
    profile: Text | None = None


class Rooms(Strict):
    """`site/rooms.yaml`."""

    rooms: list[Room]


FORMS = (
    Form(
        name=ROOMS,
        model=Rooms,
        what="Labs in which several people work in the same documents at once.",
        page="rooms",
        order=36,
    ),
)
