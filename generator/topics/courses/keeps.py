"""What copies keep of courses: what people handed in. It is laid in whole, so a copy never has half of one."""

from __future__ import annotations

from generator.engine.kept import Kept
from generator.topics.courses.services import has_courses

VOLUME, OWNER = "courses", "990:100"
KEEPS = (Kept(volume=VOLUME, owner=OWNER, without=(".incoming",), exists=has_courses),)
