"""What was sent of a course that is no more."""

from __future__ import annotations

from pathlib import Path

from homeroom.lms.changes import Change
from homeroom.lms.records import DONE, Records


def test_what_was_sent_goes_with_the_course(tmp_path: Path) -> None:
    """Sendings, what came of them and who was in it; another course keeps its own."""
    records = Records(tmp_path)
    change = Change(person="chen", user_id="7", column="week-1", label="Week 1", before=None, points=3.0, maximum=4.0)
    for course in ("bio", "physics"):
        number = records.begin(course, "moodle", "ada", 1)
        records.note(number, 0, change, "sent", "")
        records.end(number, DONE)
        records.keep_roster(course, "moodle", [])
    records.forget_course("bio")
    records.forget_course("bio")
    assert (records.of_course("bio"), records.of_course("physics")) == (0, 1)
    assert [each["course"] for each in records.of_person("chen")] == ["physics"]
    assert records.roster("bio", "moodle") is None
    assert records.last("bio", "moodle") == {}
