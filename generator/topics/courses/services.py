"""The hand-in desk, where there are courses, or can be without anybody restarting anything."""

from __future__ import annotations

import re

from generator.core.paths import SITE
from generator.engine.services import Service, of_mib
from generator.schema.settings import Settings
from generator.topics.courses.site import COURSES
from generator.topics.lti.launches import make_courses

NAME = "desk"


def has_courses(settings: Settings) -> bool:
    """Whether site/courses.yaml has courses, or some are made on pages or by launches; what is wrong with the files is
    told elsewhere."""
    if settings.COURSE_MAKERS or make_courses(settings, SITE):
        return True
    try:
        text = (SITE / COURSES).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(re.search(r"^courses:", text, re.MULTILINE))


def runs_bytes(settings: Settings) -> int:
    """What hand-ins may use that are run at a time: it is not the labs'."""
    return settings.GRADING_MEMORY * settings.graded_at_once


SERVICES = (Service(name=NAME, order=50, memory_bytes=of_mib(256), exists=has_courses, beside_bytes=runs_bytes),)
