"""A whole course in Chromium: from the learning platform, by handout, hand-in and grading, to its gradebook."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from homeroom.lti.claims import CONTEXT
from playwright.sync_api import Locator, Page, expect

from tests.browser.lti.conftest import LABS
from tests.browser.lti.courses import click, course
from tests.browser.pages import Lab
from tests.edge_deployment import EdgeDeployment, Visitor
from tests.faults import until
from tests.lti_platform import MEMBERSHIP, LearningPlatform, Person

TEACHER = Person(sub="9", given_name="Grace", family_name="Hopper", email="grace@school.example")
STUDENT = Person(sub="1", given_name="Ada", family_name="Byron", email="byron@school.example")
QUESTION = "# Cells\nHow large is a cell?"
SOLUTION = "def area(r):\n    ### BEGIN SOLUTION\n    return 3.14159 * r * r\n    ### END SOLUTION"
TESTS = (
    "assert round(area(1), 2) == 3.14\n### BEGIN HIDDEN TESTS\n"
    "assert round(area(2), 2) == 12.57, 'try other radii'\n### END HIDDEN TESTS"
)
ANSWER = "def area(r):\n    return 3.14159 * r * r"
COMMENT = "Right. How does the surface grow with the radius?"
HAND_IN = "import subprocess\nfor command in ('nbgrader fetch_assignment week-1', 'nbgrader submit week-1'):\n"
HAND_IN += "    print(subprocess.run(command, shell=True, capture_output=True, text=True).stderr)"
PICTURES = os.environ.get("HOMEROOM_PICTURES")
"""A folder: the steps' pictures are kept there, as docs/courses/first-course.md shows them."""


def picture(page: Page, name: str) -> None:
    """Keep what a page shows, where pictures are wanted."""
    if PICTURES:
        page.mouse.move(640, 790)
        page.wait_for_timeout(1000)  # what moves has come to rest
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


@dataclass
class Walk:
    """The course's page, and labs as somebody in the browser has them."""

    campus: EdgeDeployment

    @property
    def page(self) -> str:
        """The course's page."""
        return f"{self.campus.url}hub/homeroom/courses/biology"

    def lab(self, page: Page, name: str) -> Lab:
        """Somebody's lab, under the name that labs have."""
        found = Lab(page, self.campus, name)
        found.address = re.compile(re.escape(f"https://{LABS}:{self.campus.https_port}/user/{name}/lab"))
        return found

    def is_in(self, page: Page) -> bool:
        """Whether the course's page opens."""
        answer = page.goto(self.page)
        return answer is not None and answer.status == 200


def prepare(teacher: Page) -> None:
    """Say on the course's pages what there is to do, and who is in it whom the platform does not know."""
    teacher.get_by_role("link", name="Settings").click()
    teacher.get_by_text("New assignment").click()
    new = teacher.locator("#work-new")
    new.get_by_label("Name", exact=True).fill("week-1")
    new.get_by_label("Title").fill("Cells")
    new.get_by_role("button", name="Add").click()
    expect(teacher.get_by_text("Saved. It holds from now on.")).to_be_visible()
    teacher.get_by_label("People: students").fill("b+ob")
    teacher.get_by_role("region", name="Members").get_by_role("button", name="Save").click()
    expect(teacher.get_by_label("People: students")).to_have_value("b+ob")
    teacher.get_by_role("link", name="Back to the course").click()


def write(lab: Lab, text: str, *, prose: bool = False) -> None:
    """Write the notebook's last cell, and go on to a new one."""
    cell, keys = lab.notebook.locator(".jp-Cell").last, lab.page.keyboard
    if prose:
        cell.locator(".jp-InputPrompt").click()
        keys.press("m")
        keys.press("Enter")
    else:
        cell.locator(".cm-content").click()
    keys.insert_text(text)
    keys.press("Shift+Enter")


def overwrite(cell: Locator, text: str) -> None:
    """Write another text into a cell."""
    cell.locator(".cm-content").click()
    cell.page.keyboard.press("Control+a")
    cell.page.keyboard.insert_text(text)


def make_assignment(lab: Lab) -> None:
    """Write the notebook in JupyterLab, and say by nbgrader's panel which cell is what."""
    expect(lab.open_launcher().get_by_text("course/source/week-1")).to_be_visible()  # where it makes what it makes
    lab.new_notebook()
    write(lab, QUESTION, prose=True)
    write(lab, SOLUTION)
    write(lab, TESTS)
    write(lab, "Why are cells small?", prose=True)
    lab.page.locator(".lm-TabBar-tab[data-id=nbgrader-create_assignemnt]").click()  # as nbgrader spells it
    cells = lab.page.locator(".nbgrader-CellWidget")
    kinds = (("Autograded answer", "area", ""), ("Autograded tests", "area-tests", "3"))
    for number, (kind, name, points) in enumerate((*kinds, ("Manually graded answer", "why", "2")), start=1):
        cells.nth(number).get_by_label("Type").select_option(kind)
        for label, value in (("ID", name), ("Points", points)):
            if value:
                field = cells.nth(number).get_by_label(label)
                field.fill(value)
                field.press("Enter")
    expect(lab.page.get_by_label("Total points")).to_have_value("5")
    picture(lab.page, "assignment")
    lab.save_as("cells.ipynb")


def lists_it(formgrader: Page) -> bool:
    """Whether the page has the assignment: a lab that has just begun may still put it into the gradebook."""
    formgrader.reload()
    row = formgrader.get_by_role("row").nth(1)
    row.wait_for()
    return "week-1" in row.inner_text()


def do(formgrader: Page, icon: str, said: str) -> None:
    """Click in the assignment's row, and read that it is done."""
    row = formgrader.get_by_role("row").filter(has_text="week-1")
    row.locator(f".glyphicon-{icon}").click()
    expect(formgrader.get_by_text(said)).to_be_visible()
    formgrader.get_by_role("button", name="OK").click()
    expect(formgrader.get_by_role("dialog")).to_have_count(0)


def hand_in(lab: Lab) -> None:
    """Fetch the assignment by nbgrader's list, answer it, validate it and hand it in."""
    page = lab.page
    lab.choose("Nbgrader", "Assignment List")
    page.locator("#released_assignments_list").get_by_role("button", name="Fetch").click()
    fetched = page.locator("#fetched_assignments_list")
    fetched.get_by_role("button", name="week-1").click()
    fetched.get_by_role("link", name="cells").click()
    lab.wait_until_idle()
    overwrite(lab.notebook.locator(".jp-CodeCell").first, ANSWER)
    prose = lab.notebook.locator(".jp-MarkdownCell").last
    prose.dblclick()
    overwrite(prose, "What they need has to come through their surface.")
    page.keyboard.press("Shift+Enter")
    lab.save("cells.ipynb")
    page.get_by_role("tab", name="Assignments").click()
    fetched.get_by_role("button", name="Validate").click()
    expect(page.get_by_role("dialog")).to_contain_text("Success! Your notebook passes all the tests.")
    page.get_by_role("dialog").get_by_role("button", name="OK").click()
    fetched.get_by_role("button", name="Submit").click()
    expect(page.locator("#submitted_assignments_list").get_by_text("week-1").first).to_be_visible()
    picture(page, "handed-in")


def is_named(formgrader: Page, student: str, name: str) -> bool:
    """Whether the list, as it is now, shows a student by this name."""
    formgrader.reload()
    row = formgrader.get_by_role("row").filter(has_text=student)
    row.wait_for()
    return name in row.inner_text()


def grade(formgrader: Page) -> None:
    """Collect, have the answers run, and grade by hand what no test can."""
    do(formgrader, "cloud-download", "Successfully collected submissions of 'week-1'")
    formgrader.get_by_role("row").filter(has_text="week-1").get_by_role("link", name="2", exact=True).click()
    formgrader.get_by_role("button", name="Autograde all").click()
    expect(formgrader.get_by_role("status")).to_have_text("2 of 2 graded. It has ended.")
    picture(formgrader, "autograded")
    own = formgrader.get_by_role("row").filter(has_text="byron")
    expect(own).to_contain_text("needs manual grading")
    expect(own).to_contain_text("Byron, Ada")
    until(
        lambda: is_named(formgrader, "b-2bob", "b+ob"), "who came after the grader lab was begun has a name", interval=2
    )
    expect(formgrader.locator("#main-table")).not_to_contain_text("None")
    own.get_by_role("link").first.click()
    formgrader.get_by_role("link", name="cells").click()
    cell = formgrader.locator(".nbgrader_cell").filter(has=formgrader.locator("#why"))
    expect(formgrader.locator("#area-tests")).to_have_attribute("placeholder", "3")  # it knows what tests gave
    expect(cell.locator("#why-comment")).to_have_attribute("placeholder", re.compile("Type any comments"))
    cell.locator("#why").fill("1.5")
    cell.locator("#why-comment").fill(COMMENT)
    with formgrader.expect_response(lambda answer: "/api/comment/" in answer.url and answer.request.method == "PUT"):
        cell.locator("#why-comment").blur()
    picture(formgrader, "by-hand")


def read_feedback(lab: Lab) -> None:
    """Fetch it by nbgrader's list, and read it."""
    page = lab.page
    page.locator("#refresh_assignments_list").click()
    page.locator("#submitted_assignments_list").get_by_role("button", name="Fetch Feedback").click()
    page.locator("#submitted_assignments_list").get_by_text("(view feedback)").click()
    page.get_by_role("listitem").filter(has_text="cells.html").dblclick()
    shown = page.frame_locator(".jp-HTMLViewer iframe")
    expect(shown.get_by_text("cells (Score: 4.5 / 5.0)")).to_be_visible()
    expect(shown.get_by_text(COMMENT).first).to_be_visible()
    expect(shown.get_by_text("12.57")).to_have_count(0)
    picture(page, "feedback")


def test_a_course_from_the_first_handout_to_the_last_grade(
    school: LearningPlatform, campus: EdgeDeployment, visitor: Callable[[], Page], tmp_path: Path
) -> None:
    """A teacher comes from the platform, which makes the course, and a student, and both are in it within seconds. The
    teacher makes an assignment, and gives it out; it is fetched, validated and handed in, also by somebody called
    `b+ob`; collected, run elsewhere with the page telling how far it is, graded by hand, and given back with a comment
    and without hidden tests. The grades are on the course's page; what will change is shown, is sent by a click and is
    in the platform's gradebook. Taken back, it is gone. Who is in the list there and was not here yet is named."""
    TEACHER.roles = [f"{MEMBERSHIP}#Instructor"]
    people: dict[str, Any] = {"9": {"roles": TEACHER.roles, "name": "Grace Hopper"}, "7": {"name": "Zoë Late"}}
    people["1"] = {"given_name": STUDENT.given_name, "family_name": STUDENT.family_name}
    school.services.people, before = people, dict(school.more)
    school.services.page_size = 2
    school.more |= school.services.claims() | {CONTEXT: {"id": "12", "label": "Biology", "title": "Biology"}}
    walk, teacher, student = Walk(campus), visitor(), visitor()
    try:
        for person, page in ((TEACHER, teacher), (STUDENT, student)):
            school.person = person
            click(course(school, campus, page))
            page.wait_for_url(f"{campus.url}hub/token")
    finally:
        school.more = before
    until(lambda: walk.is_in(teacher), "the course is there, and its teacher in it", seconds=90, interval=1)
    prepare(teacher)
    until(lambda: walk.is_in(student), "the student is in it", seconds=90, interval=1)

    with teacher.context.expect_page() as opened:
        teacher.get_by_role("link", name="Open the grader lab").click()
    formgrader = opened.value
    formgrader.wait_for_url("**/user/grader-biology/formgrader/manage_assignments")
    until(lambda: lists_it(formgrader), "the course's assignment is in the gradebook")
    with teacher.context.expect_page() as folder:
        formgrader.get_by_role("link", name="week-1").click()
    make_assignment(walk.lab(folder.value, "grader-biology").wait())
    folder.value.close()
    do(formgrader, "education", "Successfully created the student version of 'week-1'")
    do(formgrader, "cloud-upload", "Successfully released 'week-1'")
    picture(formgrader, "released")

    student.goto(walk.page)
    picture(student, "student")
    student.get_by_role("link", name="Open your lab").click()
    own = walk.lab(student, "byron").wait()
    hand_in(own)
    other = Visitor(campus, "b+ob", tmp_path / "authority.pem")
    assert other.sign_in(campus.new_password("b+ob")).status_code == 200
    other.name = quote("b+ob")
    other.start_lab()
    assert "Receipt: " in other.run(HAND_IN)
    other.stop_lab()

    grade(formgrader)
    formgrader.goto(formgrader.url.partition("/formgrader/")[0] + "/formgrader/manage_assignments")
    do(formgrader, "comment", "Successfully generated feedback of 'week-1'")
    do(formgrader, "envelope", "Successfully released feedback of 'week-1'")
    read_feedback(own)

    def shows(text: str) -> bool:
        teacher.goto(f"{walk.page}/grades")
        return text in teacher.get_by_role("main").inner_text()

    until(lambda: shows("4.5 of 5"), "the grade is on the page", seconds=90, interval=1)
    expect(teacher.get_by_role("table", name="What will change")).to_contain_text("byron")
    expect(teacher.get_by_role("main")).to_contain_text("Not sent, since they never came from there: b+ob")
    picture(teacher, "grades")
    assert school.services.scores == {}
    teacher.get_by_role("button", name="Send 1 grade to school").click()
    until(lambda: school.services.scores, "the grade is in the gradebook", seconds=60)
    assert school.services.given("Cells") == {"1": 4.5}
    student.goto(walk.page)
    expect(student.get_by_role("main")).to_contain_text("Grade: 4.5 of 5")
    assert student.goto(f"{walk.page}/grades").status == 403  # type: ignore[union-attr]
    assert shows("What was sent is what there is.")
    teacher.get_by_text("grace: 1 grade sent.").click()
    teacher.get_by_role("button", name="Take back").click()
    until(lambda: school.services.given("Cells") == {"1": None}, "it is taken back", seconds=60)
    teacher.goto(walk.page)
    expect(teacher.get_by_role("main")).to_contain_text("Not here yet: Zoë Late")
