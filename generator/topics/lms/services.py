"""What speaks with learning platforms, where a course is connected with one."""

from __future__ import annotations

import re

from generator.core.paths import SITE
from generator.engine.services import Service, of_mib
from generator.schema.settings import Settings
from generator.topics.courses.site import COURSES
from generator.topics.lti.launches import make_courses
from generator.topics.lti.ways import LTI

NAME = "lms"


def has_lms(settings: Settings) -> bool:
    """Whether a course is one of a learning platform, or launches make such; what is wrong with the files is told
    elsewhere."""
    if make_courses(settings, SITE):
        return True
    try:
        text = (SITE / COURSES).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return LTI in settings.ways and bool(re.search(r"^[^#]*\blti:", text, re.MULTILINE))


SERVICES = (Service(name=NAME, order=55, memory_bytes=of_mib(256), exists=has_lms),)
