"""Lessons, as the service prewarm reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from generator.rendering.context import Context, Rendered
from generator.schema.settings import Settings
from generator.topics.labs.render import labs_config
from generator.topics.prewarm import schedule, site

LESSONS = "lessons.json"
FILES = {LESSONS: "hub"}


def render(context: Context) -> Rendered:
    """The lessons, and the hub's service that keeps them."""
    settings = context.settings
    lessons = schedule.load(context.site, context.of(labs_config))
    return Rendered(
        hub={"prewarm_at_once": settings.PREWARM_AT_ONCE or context.machine.cpus, "scheduled": bool(lessons)},
        files={LESSONS: lessons_file(settings, lessons)},
    )


def lessons_file(settings: Settings, lessons: Sequence[site.Lesson]) -> str:
    """The text of `lessons.json`: when which labs are to be started; the service prewarm reads it."""
    data = [schedule.as_data(lesson) for lesson in lessons]
    return json.dumps({"base_url": settings.BASE_URL, "zone": settings.TIMEZONE, "lessons": data}, indent=2) + "\n"
