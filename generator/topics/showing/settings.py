"""Whether students may show their labs to a tutor."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole

SHOWING = Group(
    title="Showing a lab",
    text="Students may let a tutor of their course into their own lab for a while.",
    page="courses/showing",
    order=71,
)


class ShowingSettings(Part):
    """Whether students may show their labs to a tutor."""

    SHOW_LAB_MINUTES: Whole = setting(
        0,
        About(group=SHOWING, consumers=("hub", "generator"), unit="minutes", example="60"),
        """How long a student may let a teacher or assistant of a course of theirs into their lab at once; it ends by
        itself. 0: not at all. Needs LABS_HOST or SUBDOMAINS.""",
        ge=0,
        le=480,
    )
