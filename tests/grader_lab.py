"""The lab in which a course is graded, as a teacher comes into it."""

from __future__ import annotations

import copy
import re

from tests.faults import until
from tests.person import Person

PATIENCE_SECONDS = 240


def grader_lab(teacher: Person, course: str) -> Person:
    """Start it, and say yes to the hub's question whether somebody else's lab may know who comes."""
    until(lambda: teacher.get(f"hub/homeroom/courses/{course}").status_code == 200, "the course is there")
    grader = copy.copy(teacher)
    grader.name = f"grader-{course}"
    grader.get("hub/home")
    assert grader.api("POST", f"users/{grader.name}/server").status_code in (201, 202)
    place = f"user/{grader.name}/lab"
    until(lambda: "oauth2/authorize" in grader.get(place).url, "the hub asks", seconds=PATIENCE_SECONDS)
    page = grader.get(place)
    fields = re.findall(r'<input[^>]*name="(_xsrf|scopes)"[^>]*value="([^"]*)"', page.text)
    answer = grader.web.post(page.url, data=fields, headers={"Referer": page.url}, timeout=60)
    assert answer.status_code == 200, answer.text
    grader.wait_for_lab()
    return grader
