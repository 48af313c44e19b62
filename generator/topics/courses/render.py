"""Courses, as the hub takes them up while it runs."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from generator.rendering.context import Context, Rendered
from generator.topics.courses import courses, exams
from generator.topics.labs.render import labs_config
from generator.topics.storage.site import PLAIN_PATH
from generator.topics.storage.storage import SKELETON_TARGET

FILE = "courses.json"
FILES = {FILE: ""}
"""The hub looks at it every few seconds: nothing is restarted for a course."""


def render(context: Context) -> Rendered:
    """The courses, and the hub's pages of them."""
    known, settings = context.of(labs_config), context.settings
    zone = ZoneInfo(settings.TIMEZONE)
    found = [courses.as_data(each, known, zone) for each in courses.load(settings, context.site, known)]
    text = json.dumps({"zone": settings.TIMEZONE, "courses": found}, indent=2) + "\n"
    folder = context.site.resolve() / exams.FOLDER
    if not PLAIN_PATH.fullmatch(str(folder)):  # the guard takes no other; labs of exams then begin with nothing
        return Rendered(files={FILE: text}, hub={"exam_files": ""})
    rule = {"source": f"{folder}/*", "target": SKELETON_TARGET, "read_only": True}
    return Rendered(files={FILE: text}, hub={"exam_files": str(folder)}, guard={"binds": [rule] if found else []})
