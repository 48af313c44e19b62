"""A teacher opens the grader lab from the course's page, makes an assignment on the formgrader's own pages and gives it
out; a student checks their work by the button of the notebook."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.pages import Lab
from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import Person

NOTEBOOK = """
import json, pathlib
cell = {"cell_type": "code", "execution_count": None, "outputs": [], "id": "a1",
        "source": "### BEGIN SOLUTION\\nanswer = 42\\n### END SOLUTION",
        "metadata": {"nbgrader": {"schema_version": 3, "grade": True, "grade_id": "a1", "locked": False,
                                  "points": 2, "solution": True, "task": False}}}
book = {"nbformat": 4, "nbformat_minor": 5, "cells": [cell],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}}
pathlib.Path("course/source/week-1/cells.ipynb").write_text(json.dumps(book))
print("laid")
"""
WORK = """
import json, pathlib
folder = pathlib.Path("week-1")
folder.mkdir()
def cell(name, source):
    return {"cell_type": "code", "execution_count": None, "outputs": [], "id": name, "source": source, "metadata": {}}
cells = [cell("a", "answer = 41"), cell("t", "assert answer == 42, 'not 42'")]
book = {"nbformat": 4, "nbformat_minor": 5, "cells": cells,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}}
(folder / "cells.ipynb").write_text(json.dumps(book))
pathlib.Path("notes.ipynb").write_text(json.dumps(book))
print("laid")
"""


def lists(formgrader: Page, student: str) -> bool:
    """Whether the page lists somebody who is called so, and nothing else."""
    formgrader.reload()
    formgrader.locator("#main-table").get_by_role("row").filter(has_not_text="Loading").first.wait_for()
    return formgrader.get_by_role("link", name=student, exact=True).count() == 1


def test_an_assignment_is_made_and_given_out(graded: HubDeployment, page: Page) -> None:
    """The button of the course's page opens the grader lab in a tab of its own: the waiting page, then the formgrader,
    with the course's assignment. Its name leads to the folder in JupyterLab; the student version is made by a click,
    and its preview leads there, too. What is released there waits for a teacher, since the course has an assistant: it
    is called so, and released once the teacher has said so. Students are listed by what they are called, and have no
    such button."""
    page.goto(f"{graded.url}hub/login")
    page.get_by_label("Username:").fill("ada")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{graded.url}hub/homeroom/courses/botany")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the grader lab").click()
    formgrader = opened.value
    formgrader.wait_for_url("**/user/grader-botany/formgrader/manage_assignments", timeout=120_000)
    row = formgrader.get_by_role("row").filter(has_text="week-1")
    expect(row).to_contain_text("draft")
    expect(row).to_contain_text("2099-01-01")

    ada = Person(graded, "ada")
    ada.sign_in("")
    ada.name = "grader-botany"
    ada.wait_for_lab()
    assert ada.run(NOTEBOOK) == "laid\n"
    with page.context.expect_page() as folder:
        row.get_by_role("link", name="week-1").click()
    expect(folder.value.get_by_role("listitem").filter(has_text="cells.ipynb")).to_be_visible()
    folder.value.close()

    row.locator(".glyphicon-education").click()
    expect(formgrader.get_by_text("Successfully created the student version of 'week-1'")).to_be_visible()
    formgrader.get_by_role("button", name="OK").click()
    with page.context.expect_page() as preview:
        row.locator(".glyphicon-search").click()
    expect(preview.value.get_by_role("listitem").filter(has_text="cells.ipynb")).to_be_visible()
    assert "YOUR CODE HERE" in ada.run("print(open('course/release/week-1/cells.ipynb').read())")

    row.locator(".glyphicon-cloud-upload").click()
    expect(formgrader.get_by_role("dialog")).to_contain_text("It is not out yet: a teacher releases it")
    expect(formgrader.get_by_text("Successfully released")).to_have_count(0)
    formgrader.get_by_role("button", name="OK").click()
    expect(row).to_contain_text("waits for a teacher")
    expect(row).not_to_contain_text("released")
    page.reload()
    page.get_by_role("button", name="Release: Cells").click()
    page.wait_for_load_state()
    formgrader.reload()
    expect(row).to_contain_text("released")

    chen = Person(graded, "chen")
    chen.sign_in("")
    formgrader.get_by_role("link", name="Manage Students").click()
    until(lambda: lists(formgrader, "chen"), "who has come is in the gradebook", seconds=60)
    assert "grader-botany" not in chen.get("hub/homeroom/courses/botany").text


def test_starting_all_labs_starts_those_of_people(graded: HubDeployment, page: Page) -> None:
    """*Start All* of the page *Admin* asks first, says whose labs it leaves out, and starts neither a grader lab nor a
    room. Nothing is called failed."""
    ada = Person(graded, "ada")
    ada.sign_in("")
    page.goto(f"{graded.url}hub/login?next=/hub/admin")
    page.get_by_label("Username:").fill("admin")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("user-row-grader-botany")).to_be_visible()
    started, asked = list[str](), list[str]()

    def start(route: Route) -> None:
        started.append(urlsplit(route.request.url).path.split("/")[-2])
        route.fulfill(status=201)

    def say_yes(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.route("**/api/users/*/server*", start)
    page.once("dialog", say_yes)
    with page.expect_response(lambda answer: "/api/users?" in answer.url):  # the list, once all were asked for
        page.get_by_role("button", name="Start All").click()
    assert {"ada", "admin"} <= set(started)
    assert not [name for name in started if name.startswith("grader-")]
    assert "Grader labs and rooms are left out." in asked[0]
    expect(page.get_by_text("could not be started")).to_have_count(0)


def test_a_student_checks_their_work(graded: HubDeployment, page: Page) -> None:
    """The notebook of an assignment has a button: it saves, runs the folder as it will be when it is graded, and shows
    what fails and how often one can today; a page that is loaded meanwhile shows it, too. Other notebooks have none."""
    chen = Person(graded, "chen")
    chen.sign_in("")
    chen.start_lab()
    assert chen.run(WORK) == "laid\n"
    page.goto(f"{graded.url}hub/login?next=/user/chen/lab/tree/week-1/cells.ipynb")
    page.get_by_label("Username:").fill("chen")
    page.get_by_role("button", name="Sign in").click()
    lab = Lab(page, graded, "chen").wait()
    lab.wait_until_idle()
    check = lab.notebook.get_by_role("button", name="Check my work")
    shown = page.get_by_role("dialog")
    check.click()
    expect(shown).to_contain_text("cells.ipynb: cell 2: AssertionError: not 42", timeout=60_000)
    expect(shown).to_contain_text("You can check this 2 more times today.")
    shown.get_by_role("button", name="Close").click()

    lab.notebook.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("answer = 42")
    with page.expect_response(lambda answer: "homeroom/check" in answer.url and answer.status == 202):
        check.click()
    page.reload()
    lab.wait()
    expect(shown).to_contain_text("All cells ran without an error", timeout=60_000)
    expect(shown).to_contain_text("You can check this once more today.")
    shown.get_by_role("button", name="Close").click()
    assert "answer = 42" in chen.run("print(open('week-1/cells.ipynb').read())")
    page.goto(f"{graded.url}user/chen/lab/tree/notes.ipynb")
    lab.wait_until_idle()
    expect(check).to_have_count(0)
