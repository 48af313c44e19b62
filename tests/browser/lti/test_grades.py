"""A course of a learning platform in Chromium, with the service that asks platforms in its container."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.lti.courses import click, course
from tests.edge_deployment import EdgeDeployment
from tests.faults import until
from tests.lti_platform import MEMBERSHIP, LearningPlatform, Person

TEACHER = Person(sub="9", given_name="Grace", family_name="Hopper", email="grace@school.example")
STUDENT = Person(sub="1", given_name="Ada", family_name="Byron", email="byron@school.example")
SCORE = {"points": 7.5, "penalty": 0.0, "late": False, "needs_grading": False}
KEEP = "import pathlib, sys; pathlib.Path('/srv/courses/biology').mkdir(exist_ok=True); "
KEEP += "pathlib.Path('/srv/courses/biology/gradebook.json').write_text(sys.argv[1])"


def test_a_teacher_sends_grades(school: LearningPlatform, campus: EdgeDeployment, visitor: Callable[[], Page]) -> None:
    """Who teaches at the platform and comes from there is a teacher here within seconds, sees what will change, sends
    it, and the student's grade is in the platform's gradebook; the page says who sent it. Taken back, it is gone."""
    TEACHER.roles = [f"{MEMBERSHIP}#Instructor"]
    people: dict[str, Any] = {"9": {"roles": TEACHER.roles, "name": "Grace Hopper"}, "1": {}, "7": {"name": "Zoë Late"}}
    school.services.people, before = people, dict(school.more)
    school.services.page_size = 2
    school.more |= school.services.claims()
    try:
        page, other = visitor(), visitor()
        for person, browser in ((TEACHER, page), (STUDENT, other)):
            school.person = person
            click(course(school, campus, browser))
            browser.wait_for_url(f"{campus.url}hub/token")
    finally:
        school.more = before
    here = f"{campus.url}hub/homeroom/courses/biology"

    def is_in(browser: Page) -> bool:
        answer = browser.goto(here)
        return answer is not None and answer.status == 200

    until(lambda: is_in(page) and is_in(other), "both are in the course", seconds=90, interval=1)

    def shows(text: str) -> bool:
        page.goto(here)
        return text in page.get_by_role("main").inner_text()

    until(lambda: shows("Not here yet: Zoë Late"), "the platform's list is here", seconds=60, interval=1)
    grades = {"at": 1, "assignments": [{"name": "week-1", "maximum": 10.0, "scores": {"byron": SCORE}}]}
    kept = campus.container("desk").exec_run(["python", "-c", KEEP, json.dumps(grades)])
    assert kept.exit_code == 0, kept.output
    page.get_by_role("link", name="Grades", exact=True).click()
    expect(page.get_by_role("table", name="What will change")).to_contain_text("byron")
    assert school.services.scores == {}
    page.get_by_role("button", name="Send 1 grade to school").click()
    until(lambda: school.services.scores, "the grade is in the gradebook", seconds=60)
    assert school.services.given("Cells") == {"1": 7.5}
    page.goto(f"{here}/grades")
    expect(page.get_by_role("main")).to_contain_text("What was sent is what there is.")
    page.get_by_text("grace: 1 grade sent.").click()
    page.get_by_role("button", name="Take back").click()
    until(lambda: school.services.given("Cells") == {"1": None}, "it is taken back", seconds=60)
    assert other.goto(f"{here}/grades").status == 403  # type: ignore[union-attr]
