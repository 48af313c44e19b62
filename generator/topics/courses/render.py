"""Courses, as the hub takes them up while it runs; and how the guard runs what is handed in."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from generator.engine.resources import resource_names
from generator.rendering.context import Context, Rendered
from generator.schema.settings import Settings
from generator.topics.courses import courses, exams
from generator.topics.labs.render import labs_config
from generator.topics.storage.site import PLAIN_PATH
from generator.topics.storage.storage import SKELETON_TARGET

FILE = "courses.json"
FILES = {FILE: ""}
MOST_PIDS = 256
"""Processes and threads of one hand-in."""
"""The hub looks at it every few seconds: nothing is restarted for a course."""


def render(context: Context) -> Rendered:
    """The courses, and the hub's pages of them."""
    known, settings = context.of(labs_config), context.settings
    zone = ZoneInfo(settings.TIMEZONE)
    found = [courses.as_data(each, known, zone) for each in courses.load(settings, context.site, known)]
    text = json.dumps({"zone": settings.TIMEZONE, "courses": found}, indent=2) + "\n"
    rules = [run_rule(profile, settings) for profile in known.profiles]
    # Also without courses, so that the guard is not restarted for them: without a desk nobody asks for a run.
    guard: dict[str, Any] = {"runs": [*rules, {**rules[0], "profile": ""}], "runs_at_once": settings.graded_at_once}
    hub: dict[str, Any] = {"exam_files": "", "makers": settings.course_makers}
    hub["grader_labs_set_aside"] = settings.GRADER_LABS_SET_ASIDE
    folder = context.site.resolve() / exams.FOLDER
    if not PLAIN_PATH.fullmatch(str(folder)):  # the guard takes no other; labs of exams then begin with nothing
        return Rendered(files={FILE: text}, hub=hub, guard=guard)
    rule = {"source": f"{folder}/*", "target": SKELETON_TARGET, "read_only": True}
    guard["binds"] = [rule]
    return Rendered(files={FILE: text}, hub=hub | {"exam_files": str(folder)}, guard=guard)


def run_rule(profile: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """How hand-ins of a profile's courses are run: in the image that their labs have."""
    return {
        "profile": profile["name"],
        "image": profile["image"],
        "memory_bytes": min(settings.GRADING_MEMORY, profile["memory_bytes"]),
        "pids": min(settings.LAB_PIDS, MOST_PIDS),
        "seconds": settings.GRADING_MINUTES * 60,
        "kernels_volume": resource_names(settings)["kernels_volume"],
        "time_zone": settings.TIMEZONE,
        "language": settings.LAB_LANG,
    }
