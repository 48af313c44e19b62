"""site/courses.yaml: what it says, and slips that are told with line and remedy before anything changes."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from homeroom.courses.desk.runs import Runs
from homeroom.guard.policy import Policy

from generator.core.errors import HomeroomError
from generator.core.machine import Machine
from generator.engine import services as table
from generator.lifecycle import render
from generator.site.starters import starters
from generator.topics.courses import checks, courses, services
from generator.topics.courses.courses import ReadCourse
from generator.topics.labs import labs
from generator.topics.labs.labs import LabsConfig
from tests.sample_settings import settings

GROUPS = "groups:\n  staff: {members: [ada]}\n  biology: {members: [chen], includes: [lti-bio]}\n  lti-bio: {}\n"
PROFILES = "profiles:\n  - {name: small, memory: 1G}\n"
GOOD = """\
courses:
  - name: biology-1
    title: Cells
    teachers: {people: [Ada]}
    students: {people: [b+ob, a.b@x.org], groups: [biology], roster: class.csv}
    profile: small
    assignments:
      - name: week-1
        opens: 2026-10-05
        due: 2026-10-12 23:59
        closes: 2026-10-14
        late: mark
        extra_time: {b+ob: 2d, chen: 90m}
"""
VIENNA = "Europe/Vienna"


def known(site: Path) -> LabsConfig:
    """The labs of a site of three groups and one profile."""
    site.mkdir(exist_ok=True)
    (site / "groups.yaml").write_text(GROUPS)
    (site / "profiles.yaml").write_text(PROFILES)
    (site / "class.csv").write_text("name;e-mail\ndora;d@x.org\n")
    return labs.load(settings(), site, Machine(memory_bytes=16 * 2**30, cpus=4))


def loaded(directory: Path, text: str) -> list[ReadCourse]:
    """The courses of a text."""
    site = directory / "site"
    there = known(site)
    (site / "courses.yaml").write_text(text)
    return courses.load(settings(TIMEZONE=VIENNA), site, there)


def told(directory: Path, text: str) -> str:
    """What is said of a faulty text."""
    with pytest.raises(HomeroomError) as fault:
        loaded(directory, text)
    return str(fault.value)


def test_the_starter_changes_nothing(tmp_path: Path) -> None:
    """A new site has courses.yaml, of comments only; without their marks they are a course that is taken."""
    text = starters()["courses.yaml"]
    assert loaded(tmp_path, text) == []
    (tmp_path / "site/biology.csv").write_text("chen\n")
    (course,) = loaded(
        tmp_path, "".join(line.removeprefix("#") + "\n" for line in text.splitlines() if line[:2] != "##")
    )
    assert course.named["students"] == ["chen"]


def test_a_course_is_told_to_the_hub(tmp_path: Path) -> None:
    """People of names, class list and groups; times in the deployment's zone, a day alone to its last second."""
    (read,) = loaded(tmp_path, GOOD)
    data = courses.as_data(read, known(tmp_path / "site"), ZoneInfo(VIENNA))
    assert data["roles"]["teachers"] == {"people": ["ada"], "hub_groups": []}
    assert data["roles"]["students"] == {
        "people": ["a.b@x.org", "b+ob", "chen", "dora"],
        "hub_groups": ["biology", "lti-bio"],
    }
    (week,) = data["assignments"]
    at = [datetime.fromtimestamp(week[name], UTC).isoformat() for name in ("opens", "due", "closes")]
    assert at == ["2026-10-04T22:00:00+00:00", "2026-10-12T21:59:00+00:00", "2026-10-14T21:59:59+00:00"]
    assert week["extra_seconds"] == {"b+ob": 172_800, "chen": 5400}


def test_courses_are_rendered_for_a_hub_that_runs(tmp_path: Path) -> None:
    """`courses.json` is always there, and no service is restarted for it."""
    assert json.loads(render.rendered_files(settings(), tmp_path / "none")["courses.json"])["courses"] == []
    assert "courses.json" not in {name for each in ("hub", "guard", "proxy") for name in render.read_by(each)}


def test_the_guard_runs_in_the_image_of_the_labs(tmp_path: Path) -> None:
    """What is handed in is run as its course's profile says, with no more memory than a lab has; courses that name none
    have the default one's. The first course changes nothing of it."""
    site = tmp_path / "site"
    known(site)
    (site / "profiles.yaml").write_text(
        "profiles:\n  - {name: small, memory: 256M}\n  - {name: big, memory: 4G, image: jupyter/r, default: true}\n"
    )
    chosen = settings(GRADING_MEMORY="1G", GRADING_AT_ONCE="3", GRADING_MINUTES="5", TIMEZONE=VIENNA)
    text = render.rendered_files(chosen, site)["guard.json"]
    policy = Policy.from_json(text)
    assert policy.runs_at_once == 3
    assert [(each.profile, each.image, each.memory_bytes >> 20) for each in policy.runs] == [
        ("big", "jupyter/r", 1024),
        ("small", policy.runs[1].image, 256),
        ("", "jupyter/r", 1024),
    ]
    assert {each.image for each in policy.runs} == policy.images
    assert {(each.seconds, each.time_zone, each.kernels_volume) for each in policy.runs} == {
        (300, VIENNA, "homeroom_kernels")
    }
    (site / "courses.yaml").write_text(GOOD)
    assert Policy.from_json(render.rendered_files(chosen, site)["guard.json"]).runs == policy.runs


def test_what_is_graded_is_not_the_labs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there are courses, memory for so many hand-ins as are run at a time is taken off what labs may have."""
    chosen = settings(GRADING_MEMORY="1G", GRADING_AT_ONCE="3")
    monkeypatch.setattr(services, "SITE", tmp_path)
    before = table.memory_bytes(chosen)
    (tmp_path / "courses.yaml").write_text(GOOD)
    assert table.memory_bytes(chosen) - before == (3 << 30) + (256 << 20)


def test_a_large_machine_grades_no_more_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody says how many, it is one for each CPU and four at most: 64 CPUs take no 32 GB from labs. The desk
    asks for as many at a time as the guard makes."""
    for cpus, most in ((1, 1), (2, 2), (64, 4)):
        monkeypatch.setattr(os, "cpu_count", lambda cpus=cpus: cpus)
        chosen = settings()
        assert chosen.graded_at_once == Runs(Path(), nullcontext, at_once=0).at_once == most  # type: ignore[arg-type]
        assert services.runs_bytes(chosen) == most * chosen.GRADING_MEMORY
    assert settings(GRADING_AT_ONCE="9").graded_at_once == 9


def test_what_is_set_aside_is_told_where_it_is_much(tmp_path: Path) -> None:
    """Grading that has more than a quarter of the machine, and grader labs that have most of what labs may have; each
    with a number that is better."""
    small, large = Machine(memory_bytes=4 << 30, cpus=4), Machine(memory_bytes=64 << 30, cpus=64)
    chosen = settings(GRADING_AT_ONCE="4")
    (found,) = checks.much_for_grading(chosen, small)
    assert found.cause.startswith("2.0 GiB of this machine's 4.0 GiB are set aside for grading")
    assert found.location == ".env: GRADING_AT_ONCE"
    assert found.remedy == "Set GRADING_AT_ONCE=2, or lower GRADING_MEMORY."
    assert list(checks.much_for_grading(chosen, large)) == []
    read, there = loaded(tmp_path, GOOD), known(tmp_path / "site")
    assert list(checks.much_set_aside(read, there, 1)) == []
    (found,) = checks.much_set_aside(read, replace(there, memory_bytes=3 << 29), 1)
    assert found.cause == "1.0 GiB of the 1.5 GiB that all labs may have are set aside for 1 grader lab"
    assert list(checks.much_set_aside(read, replace(there, memory_bytes=3 << 29), 0)) == []


def test_the_desk_runs_where_courses_can_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who may make courses on pages has a hand-in desk for them, without a file; else there is none without courses."""
    monkeypatch.setattr(services, "SITE", tmp_path)
    for makers, runs in {"": False, "admins": True, "lecturers,admins": True}.items():
        assert services.has_courses(settings(COURSE_MAKERS=makers)) is runs
    assert settings(COURSE_MAKERS="lecturers,admins").course_makers == ["lecturers"]
    with pytest.raises(ValueError, match="names of groups with commas between them"):
        settings(COURSE_MAKERS="lecturers, staff")


@pytest.mark.parametrize(
    ("change", "line", "cause"),
    [
        (("name: biology-1", "name: ../x"), 2, "small letters, digits and dashes"),
        (("name: week-1", "name: week/1"), 8, "letters, digits and . _ -"),
        (("name: week-1", "name: a+b"), 8, "letters, digits and . _ -"),
        (("[Ada]", "[-rf]"), 4, "a user's name"),
        (("people: [Ada]", "people: []"), 4, "has no teacher"),
        (("[biology]", "[bilogy]"), 5, "there is no group bilogy"),
        (("class.csv", "../../etc/passwd"), 5, "must be a file of site/"),
        (("class.csv", "klass.csv"), 5, "there is no such file"),
        (("profile: small", "profile: smal"), 6, "there is no profile smal"),
        (("2026-10-12 23:59", "2026-10-12 25:59"), 10, "is not a day with a time"),
        (("2026-10-12 23:59", "soon"), 10, "is not a day with a time"),
        (("closes: 2026-10-14", "closes: 9999-12-31"), 11, "is of the year 9999"),
        (("opens: 2026-10-05", "opens: 0001-01-01 00:00"), 9, "is of the year 1:"),
        (("title: Cells", "archive: 9999-12-31"), 3, "is of the year 9999"),
        (("opens: 2026-10-05", "opens: 2026-13-05"), 9, "month must be in 1..12"),
        (("closes: 2026-10-14", "closes: 2026-10-01"), 11, "closes of week-1 is before due"),
        (("opens: 2026-10-05", "opens: 2026-10-20"), 10, "due of week-1 is before opens"),
        (("opens: 2026-10-05", "opens: 2026-03-29 02:30"), 9, "no clock in Europe/Vienna shows this time"),
        (("late: mark", "late: refuse"), 12, "closes never comes"),
        (("late: mark", "late: perhaps"), 12, "must be 'accept', 'mark' or 'refuse'"),
        (("2d", "2 weeks"), 13, "is not a time span"),
        (("2d", "400d"), 13, "is not a time span"),
        (("people: [b+ob,", "people: [ada, b+ob,"), 5, "ada is among the teachers and the students"),
        (("title: Cells", "titel: Cells"), 3, "there is no field titel"),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], line: int, cause: str) -> None:
    """What is wrong, in which line, and what to do."""
    assert change[0] in GOOD
    said = told(tmp_path, GOOD.replace(*change))
    assert f"courses.yaml line {line} " in said
    assert cause in said
    assert "\n  " in said


def test_two_courses_of_one_name_are_refused(tmp_path: Path) -> None:
    """With the lines of both; so are two assignments that differ in capitals alone."""
    said = told(tmp_path, GOOD + GOOD.removeprefix("courses:\n"))
    assert "line 14 " in said
    assert "the course biology-1 is there twice; the first is on line 2" in said
    said = told(tmp_path, f"{GOOD}      - {{name: Week-1}}\n")
    assert "the assignment Week-1 is there twice; the first is on line 8" in said


def test_a_class_list_is_told_with_its_own_line(tmp_path: Path) -> None:
    """A name that is none, in a roster, by file and line of the roster."""
    known(tmp_path / "site")
    (tmp_path / "site/broken.csv").write_bytes("dora\nzo\xeb smith\n".encode("latin-1"))
    said = told(tmp_path, GOOD.replace("class.csv", "broken.csv"))
    assert "broken.csv:2: this is no text in UTF-8" in said


def test_extra_time_is_for_students(tmp_path: Path) -> None:
    """Somebody who is no student has none, where the file alone says who is; where groups do, the hub knows."""
    alone = GOOD.replace("groups: [biology], ", "")
    assert "line 13 " in told(tmp_path, alone)
    assert "chen is no student of biology-1" in told(tmp_path, alone)
    assert loaded(tmp_path, GOOD.replace("chen: 90m", "zoe: 90m"))
    platform = alone.replace("- name: biology-1", "- name: biology-1\n    lti: {platform: moodle, context: '12'}", 1)
    assert platform != alone
    assert "no student" not in told(tmp_path, platform)


def test_what_is_hardly_meant_is_warned_of(tmp_path: Path) -> None:
    """A course without students, and an assignment without an end, pass, with a word."""
    found = loaded(tmp_path, "courses:\n  - {name: a, teachers: {people: [ada]}, assignments: [{name: w}]}\n")
    assert [finding.cause for finding in checks.findings(found)] == ["a has no students", "w of a has no end"]


LMS = {"AUTH": "native,lti", "TLS": "behind-proxy", "HUB_HOST": "hub.example", "TRUSTED_PROXIES": "10.0.0.1"}
OF_MOODLE = """\
courses:
  - name: biology
    lti: {platform: moodle, context: "12", link: "7"}
    grades: sum
    assignments: [{name: week-1, due: 2026-10-12}]
"""


def of_moodle(directory: Path, text: str, **values: str) -> list[ReadCourse]:
    """Courses of a text, where people come from a platform."""
    site = directory / "site"
    there = known(site)
    (site / "courses.yaml").write_text(text)
    return courses.load(settings(JUPYTERHUB_CRYPT_KEY="0f" * 32, **{**LMS, **values}), site, there)


def test_a_course_of_a_learning_platform_needs_no_list(tmp_path: Path) -> None:
    """Its teachers and students are the platform's, unless the file says that these do not count."""
    (read,) = of_moodle(tmp_path, OF_MOODLE)
    data = courses.as_data(read, known(tmp_path / "site"), ZoneInfo(VIENNA))
    assert data["lti"] == {"platform": "moodle", "context": "12", "link": "7", "roster": True}
    assert data["grades"] == "sum"
    assert list(checks.findings([read], {"moodle"})) == []
    (found,) = checks.findings([read], {"canvas"})
    assert "site/lti.yaml does not have" in found.cause
    with pytest.raises(HomeroomError, match="has no teacher"):
        of_moodle(tmp_path, OF_MOODLE.replace('link: "7"', "roster: false"))


@pytest.mark.parametrize(
    ("change", "line", "cause"),
    [
        (("platform: moodle", "platform: ../x"), 3, "small letters, digits and dashes"),
        (('"12"', '""'), 3, "must not be empty"),
        (("grades: sum", "grades: all"), 4, "must be 'per_assignment', 'sum' or 'none'"),
        (("context", "course"), 3, "there is no field course"),
    ],
)
def test_a_slip_in_a_learning_platforms_course_is_told(
    tmp_path: Path, change: tuple[str, str], line: int, cause: str
) -> None:
    """With its line, as any other."""
    with pytest.raises(HomeroomError) as fault:
        of_moodle(tmp_path, OF_MOODLE.replace(*change))
    assert f"courses.yaml line {line} " in str(fault.value)
    assert cause in str(fault.value)


def test_two_courses_are_not_the_same_one_of_a_platform(tmp_path: Path) -> None:
    """Nor is there a course of a platform where nobody comes from one."""
    twin = OF_MOODLE.removeprefix("courses:\n").replace("name: biology", "name: physics")
    with pytest.raises(HomeroomError, match="biology is this course of moodle, too"):
        of_moodle(tmp_path, OF_MOODLE + twin)
    with pytest.raises(HomeroomError, match=r"AUTH in \.env does not name lti"):
        of_moodle(tmp_path, OF_MOODLE, AUTH="native")


KEY = "0f" * 31 + "FF"
EXAMS = f"""\
{GOOD}    exams:
      - name: final
        opens: 2026-12-14 10:00
        minutes: 90
        extra_time: {{b+ob: 30m}}
        start_files: final
        profile: small
        safe_exam_browser: [{KEY}]
      - {{name: again, opens: 2026-12-14 12:00, minutes: 30}}
"""


def exam_files(directory: Path) -> Path:
    """The folder that its people begin with."""
    folder = directory / "site/exams/final"
    folder.mkdir(parents=True)
    (folder / "task.ipynb").write_text("{}")
    return folder


def test_an_exam_is_told_to_the_hub(tmp_path: Path) -> None:
    """By the clock of the deployment's zone, with extra time by person, on no network; where it names no profile, with
    that of the course."""
    exam_files(tmp_path)
    (read,) = loaded(tmp_path, EXAMS)
    final, again = courses.as_data(read, known(tmp_path / "site"), ZoneInfo(VIENNA))["exams"]
    assert datetime.fromtimestamp(final["opens"], UTC).isoformat() == "2026-12-14T09:00:00+00:00"
    assert (final["seconds"], final["extra_seconds"], final["network"]) == (5400, {"b+ob": 1800}, "none")
    assert (final["start_files"], again["start_files"], again["profile"]) == ("final", "", "small")
    assert (final["browser_keys"], again["browser_keys"]) == ([KEY.lower()], [])


@pytest.mark.parametrize(
    ("change", "line", "cause"),
    [
        (("2026-12-14 10:00", "2026-12-14"), 16, "is not a day with a time"),
        (("2026-12-14 10:00", "2026-03-29 02:30"), 16, "no clock in Europe/Vienna shows this time"),
        (("minutes: 90", "minutes: 0"), 17, "must be at least 1"),
        (("minutes: 90", "minutes: 150"), 22, "again begins before final is over"),
        (("start_files: final", "start_files: finals"), 19, "there is no such folder"),
        (("start_files: final", "start_files: ../.."), 19, "a folder of site/exams"),
        (("profile: small\n        safe", "profile: smal\n        safe"), 20, "there is no profile smal"),
        (("0f0f", "0f0"), 21, "as Safe Exam Browser's Exam pane shows the key"),
        (("name: again", "name: Week-1"), 22, "Week-1 is the name of an assignment, too"),
        (("name: again", "name: Final"), 22, "the exam Final is there twice"),
        (("{b+ob: 30m}", "{b+ob: 30}"), 18, "is not a time span"),
    ],
)
def test_a_slip_in_an_exam_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, cause: str
) -> None:
    """What is wrong, in which line, and what to do; nothing is rendered."""
    exam_files(tmp_path)
    assert change[0] in EXAMS
    said = told(tmp_path, EXAMS.replace(*change))
    assert f"courses.yaml line {line} " in said
    assert cause in said
    assert "\n  " in said


def test_files_that_labs_could_not_read_are_told(tmp_path: Path) -> None:
    """Before the exam, not in it."""
    (exam_files(tmp_path) / "task.ipynb").chmod(0o600)
    said = told(tmp_path, EXAMS)
    assert "site/exams/final: labs cannot copy final/task.ipynb" in said
    assert "chmod -R o+rX" in said


def test_labs_without_nbgrader_are_warned_of(tmp_path: Path) -> None:
    """Where a course has assignments and the lab image no nbgrader, the check says what is missing, and how to have
    it; a course without assignments needs none."""
    found = loaded(tmp_path, GOOD)
    (finding,) = checks.without_nbgrader(found, ["git", "science"])
    assert (finding.level, finding.location) == ("warn", ".env: LAB_FEATURES")
    assert list(checks.without_nbgrader(found, ["nbgrader"])) == []
    none = loaded(tmp_path, "courses:\n  - {name: a, teachers: {people: [ada]}}\n")
    assert list(checks.without_nbgrader(none, [])) == []


def test_the_grader_lab_has_a_profile(tmp_path: Path) -> None:
    """That of the course, or one of its own; one that is not there is told."""
    zone = ZoneInfo(VIENNA)
    (found,) = loaded(tmp_path, GOOD)
    assert courses.as_data(found, known(tmp_path / "site"), zone)["grader_profile"] == "small"
    said = told(tmp_path, GOOD.replace("    profile: small\n", "    grader_profile: large\n"))
    assert "there is no profile large" in said
