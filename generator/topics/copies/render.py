"""What hub, guard and reader are told, where people see their own files in the copies."""

from __future__ import annotations

import json

from generator.rendering.context import Context, Rendered
from generator.schema.settings import Settings
from generator.topics.copies.secrets import FOLDER
from generator.topics.copies.target import Target

DIRECTORY, ELSEWHERE = "reader.json", "reader-remote.json"
FILES = {DIRECTORY: "reader", ELSEWHERE: "reader-remote"}
SOCKET_VOLUME = "reader-socket"
CACHE = "/tmp/cache"  # noqa: S108  # the container's own, in memory


def render(context: Context) -> Rendered:
    """Nothing, unless they do."""
    settings = context.settings
    if not settings.shows_copies:
        return Rendered(hub={"shows_copies": False})
    project = settings.COMPOSE_PROJECT_NAME
    place = Target(address=settings.BACKUP_TO)
    name = DIRECTORY if place.kind == "directory" else ELSEWHERE
    return Rendered(
        hub={"shows_copies": True},
        guard={"reader_socket_volume": f"{project}_{SOCKET_VOLUME}", "take_back_image": f"{project}-hub:local"},
        files={name: json.dumps({"deployment": project, "options": options(place)}, indent=2) + "\n"},
    )


def options(place: Target) -> list[str]:
    """What restic is told of the place. Where it is far, a little of what was read is kept in memory."""
    near = place.kind == "directory"
    reading = ["--no-cache"] if near else ["--cache-dir", CACHE]
    return ["--repo", place.repository, *place.options, *reading]


def prepare(settings: Settings) -> None:
    """See that the folder of the password is there, closed, before the engine makes an open one to mount."""
    if settings.shows_copies:
        FOLDER.mkdir(mode=0o700, exist_ok=True)
