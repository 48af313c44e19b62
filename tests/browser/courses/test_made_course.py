"""A course without a file: its teacher makes an exam on the page of settings, and a student sits it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from homeroom.contract.exam_labs import lab_name
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.hub.test_accessible import axe, barriers, faults_of
from tests.browser.pages import PATIENCE_MILLISECONDS, Lab
from tests.hub_deployment import HubDeployment
from tests.person import Person

SETTINGS, PAGE = "hub/homeroom/courses/algae/settings", "hub/homeroom/exams/algae/final"
SHOTS = os.environ.get("SHOTS", "")
"""A folder for what the pages look like; empty: nobody wants to see it."""
RELEASE = """
import pathlib, subprocess
folder = pathlib.Path("course/release/final")
folder.mkdir(parents=True)
(folder / "task.txt").write_text("What is an alga?")
done = subprocess.run(["nbgrader", "release_assignment", "final"], cwd="course", capture_output=True, text=True)
print(done.returncode, done.stderr[-300:] if done.returncode else "released")
"""


@pytest.fixture
def algae(graded: HubDeployment) -> Person:
    """A course that an administrator made for ada, who teaches it, and dana."""
    admin, ada = Person(graded, "admin"), Person(graded, "ada")
    for person in (admin, ada):
        person.sign_in("")
    admin.get("hub/homeroom/new-course")
    admin.post_form("hub/homeroom/new-course", name="algae", title="Algae", teachers="ada")
    return ada


def sign_in(page: Page, graded: HubDeployment, name: str, then: str) -> None:
    """Somebody signs in by name, and is led to a page of the hub."""
    page.goto(f"{graded.url}hub/login?next=/{then}")
    page.get_by_label("Username:").fill(name)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/{then}*")


def exam(page: Page, name: str) -> Locator:
    """The part of the settings in which an exam is, unfolded."""
    found = page.locator("section", has=page.locator("#exams")).locator("details").filter(has_text=name)
    if found.get_attribute("open") is None:
        found.locator("summary").click()
    return found


def moment(**later: int) -> str:
    """A time on the clocks of UTC, as a field has it."""
    return (datetime.now(UTC) + timedelta(**later)).strftime("%Y-%m-%dT%H:%M")


def save(part: Locator, button: str = "Save") -> None:
    """Send a form, and read that it is saved: that is in sight, wherever on the page the form is."""
    part.get_by_role("button", name=button).first.click()
    expect(part.page.get_by_role("status")).to_contain_text("Saved")
    expect(part.page.get_by_role("status")).to_be_in_viewport()


def test_an_exam_of_a_page_is_sat(
    graded: HubDeployment, algae: Person, browser: Browser, visitor: Callable[[], Page]
) -> None:
    """On a phone and without scripts its teacher makes it. What the grader lab releases is what the student begins
    with, in the exam's own lab; while it goes on it is not taken out. Nothing keeps people from the page.
    """
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    teacher, student = context.new_page(), visitor()
    sign_in(teacher, graded, "ada", SETTINGS)
    teacher.get_by_label("People: students").fill("dana")
    save(teacher.locator("section", has=teacher.locator("#members")))
    new = exam(teacher, "New exam")
    new.get_by_label("Name").fill("final")
    new.get_by_label("Begins").fill(moment(days=1))
    new.get_by_label("Minutes").fill("60")
    save(new, "Add")

    algae.name = "grader-algae"
    algae.start_lab()
    assert algae.run(RELEASE) == "0 released\n"
    teacher.reload()
    one = exam(teacher, "final")
    expect(one).to_contain_text("Everybody begins with what the grader lab has released as final")
    one.get_by_label("Begins").fill(moment())
    save(one)

    sign_in(student, graded, "dana", PAGE)
    student.get_by_role("button", name="Enter the exam").click()
    lab = Lab(student, graded, "dana")
    lab.address = re.compile(f"/user/dana/{lab_name('algae', 'final')}/lab")
    lab.wait()
    student.get_by_role("listitem").filter(has_text="task.txt").dblclick()
    expect(student.locator(".jp-FileEditor:visible .cm-content")).to_have_text("What is an alga?")

    teacher.reload()
    one = exam(teacher, "final")
    one.get_by_role("button", name="Take it out of the list").click()
    expect(teacher.get_by_role("alert")).to_contain_text("final goes on, so it stays")
    context.close()
    looked_at = browser.new_context(viewport={"width": 360, "height": 800}, color_scheme="dark", locale="en-GB")
    page = looked_at.new_page()
    sign_in(page, graded, "ada", SETTINGS)
    assert faults_of(page, f"{graded.url}{SETTINGS}", axe(), "en") == []
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert barriers(page, axe()) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / "exams-phone.png", full_page=True)
    looked_at.close()
    algae.stop_lab()
