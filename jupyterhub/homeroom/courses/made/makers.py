"""Who makes courses on pages."""

from __future__ import annotations

from typing import Any

from homeroom.courses.courses_file import Courses
from homeroom.labs.plan import groups_of


def may_make(handler: Any) -> bool:
    """Whether the person of a request makes courses: administrators, and members of the groups of `COURSE_MAKERS`."""
    user = handler.current_user
    if user.admin:
        return True
    makers = Courses.instance(config=handler.settings["config"]).makers
    return not set(makers).isdisjoint(groups_of(user.spawner.person, user.spawner.groups))
