"""Courses, as the hub takes them up while it runs."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from generator.rendering.context import Context, Rendered
from generator.topics.courses import courses
from generator.topics.labs.render import labs_config

FILE = "courses.json"
FILES = {FILE: ""}
"""The hub looks at it every few seconds: nothing is restarted for a course."""


def render(context: Context) -> Rendered:
    """The courses, and the hub's pages of them."""
    known, settings = context.of(labs_config), context.settings
    zone = ZoneInfo(settings.TIMEZONE)
    found = [courses.as_data(each, known, zone) for each in courses.load(settings, context.site, known)]
    text = json.dumps({"zone": settings.TIMEZONE, "courses": found}, indent=2) + "\n"
    return Rendered(files={FILE: text})
