"""What is taken by what people hand in, while it is graded."""

from __future__ import annotations

import os
from typing import Annotated

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Size, Whole, written_as

GRADING = Group(
    title="Grading",
    text="What people hand in is run in containers of its own, where site/courses.yaml has courses.",
    page="courses/grading",
    order=70,
)

COURSES = Group(title="Courses", text="Courses that are made on the hub's pages.", page="courses/made", order=69)
ADMINS = "admins"
"""In the place of a group: nobody beside administrators, for whom courses are made on pages all the same."""
GROUP = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
Groups = Annotated[str, written_as(rf"(?:{GROUP}(?:,{GROUP}){{0,19}})?", "names of groups with commas between them")]
MOST_AT_ONCE = 4
"""Hand-ins at a time, where GRADING_AT_ONCE does not say it: `homeroom.courses.desk.runs` has the same."""


class CoursesSettings(Part):
    """Who makes courses on pages, and what is taken by what people hand in, while it is graded."""

    COURSE_MAKERS: Groups = setting(
        "",
        About(
            group=COURSES, consumers=("hub", "generator"), unit="groups with commas between them", example="lecturers"
        ),
        f"""Groups whose members make courses on the hub's pages, beside those of site/courses.yaml. Administrators do
        so always. Where it is set, the hand-in desk runs, with or without that file; `{ADMINS}`: for courses that
        administrators alone make.""",
    )

    GRADING_MEMORY: Size = setting(
        "512M",
        About(group=GRADING, consumers=("hub", "generator"), unit="bytes, as 512M or 2G", example="1G"),
        """Memory for one hand-in while it is run, files that it writes included, and never more than the course's labs
        have. It is set aside: labs have so much less, times GRADING_AT_ONCE.""",
    )
    GRADING_AT_ONCE: Whole = setting(
        0,
        About(group=GRADING, consumers=("compose", "hub"), unit="hand-ins", example="4"),
        """How many hand-ins are run at a time, each with one CPU at most. 0: one for each CPU of the machine, and four
        at most.""",
        ge=0,
        le=256,
    )
    GRADING_MINUTES: Whole = setting(
        10,
        About(group=GRADING, consumers=("hub",), unit="minutes", example="30"),
        "How long one hand-in may run, with all its notebooks. How long a cell may is nbgrader's to say, 30 seconds.",
        ge=1,
        le=240,
    )

    GRADER_LABS_SET_ASIDE: Whole = setting(
        1,
        About(group=GRADING, consumers=("hub", "generator"), unit="labs", example="2"),
        """For how many grader labs memory and CPUs are kept free, so that they start however many other labs run: for
        the largest of those that site/courses.yaml has. 0: for none.""",
        ge=0,
        le=64,
    )

    @property
    def course_makers(self) -> list[str]:
        """The groups whose members make courses."""
        return [group for group in self.COURSE_MAKERS.split(",") if group and group != ADMINS]

    @property
    def graded_at_once(self) -> int:
        """How many hand-ins are run at a time."""
        return self.GRADING_AT_ONCE or min(MOST_AT_ONCE, os.cpu_count() or 1)
