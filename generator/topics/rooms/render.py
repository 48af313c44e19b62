"""Rooms, as the hub takes them up while it runs."""

from __future__ import annotations

import json

from generator.rendering.context import Context, Rendered
from generator.schema.settings import Settings
from generator.topics.courses import courses
from generator.topics.environments import features
from generator.topics.labs.render import labs_config
from generator.topics.rooms import rooms

FILE = "rooms.json"
FEATURE = "collaboration"
"""Of the lab image."""
FILES = {FILE: ""}
"""The hub looks at it every few seconds: nothing is restarted for a room."""


def with_collaboration(settings: Settings) -> bool:
    """Whether the lab image can be worked in by several at once."""
    return FEATURE in features.parse(settings.LAB_FEATURES)


def render(context: Context) -> Rendered:
    """The rooms."""
    known = context.of(labs_config)
    names = [each.course.name for each in courses.load(context.settings, context.site, known)]
    found = [rooms.as_data(room, known) for room in rooms.load(context.site, known, names)]
    text = json.dumps({"rooms": found}, indent=2) + "\n"
    return Rendered(files={FILE: text}, hub={"with_collaboration": with_collaboration(context.settings)})
