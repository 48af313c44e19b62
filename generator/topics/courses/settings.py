"""What is taken by what people hand in, while it is graded."""

from __future__ import annotations

import os

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Size, Whole

GRADING = Group(
    title="Grading",
    text="What people hand in is run in containers of its own, where site/courses.yaml has courses.",
    page="courses/grading",
    order=70,
)


class CoursesSettings(Part):
    """What is taken by what people hand in, while it is graded."""

    GRADING_MEMORY: Size = setting(
        "512M",
        About(group=GRADING, consumers=("hub", "generator"), unit="bytes, as 512M or 2G", example="1G"),
        """Memory for one hand-in while it is run, files that it writes included, and never more than the course's labs
        have. It is set aside: labs have so much less, times GRADING_AT_ONCE.""",
    )
    GRADING_AT_ONCE: Whole = setting(
        0,
        About(group=GRADING, consumers=("compose", "hub"), unit="hand-ins", example="4"),
        "How many hand-ins are run at a time, each with one CPU at most. 0: one for each CPU of the machine.",
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

    @property
    def graded_at_once(self) -> int:
        """How many hand-ins are run at a time."""
        return self.GRADING_AT_ONCE or os.cpu_count() or 1
