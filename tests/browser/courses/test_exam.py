"""An exam as a student and whoever invigilates see it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from homeroom.contract.exam_labs import lab_name
from playwright.sync_api import Locator, Page, expect

from tests.browser.hub.test_accessible import axe, faults_of
from tests.browser.pages import Lab
from tests.exam_clock import hold
from tests.faults import until
from tests.hub_deployment import HubDeployment, deployment_with_site, engine

COURSES = """\
courses:
  - name: botany
    title: Botany for all
    teachers: {people: [tess]}
    students: {people: [ada, chen]}
    exams: [{name: final, title: Final exam, opens: "OPENS", minutes: 60, safe_exam_browser: [KEY]}]
"""
KEY = "0f" * 32
SAFE_EXAM_BROWSER = """
window.SafeExamBrowser = {security: {configKey: "", browserExamKey: "", updateKeys(told) {
  const said = new TextEncoder().encode(location.href.split("#")[0] + "KEY");
  crypto.subtle.digest("SHA-256", said).then((found) => {
    this.configKey = [...new Uint8Array(found)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    told();
  });
}}};
"""
"""What its program has in each page, as on macOS: https://safeexambrowser.org/developer/seb-config-key.html"""
PAGE = "homeroom/exams/botany/final"
SHOTS = os.environ.get("SHOTS", "")
"""A folder for what the pages look like; empty: nobody wants to see it."""


@pytest.fixture(scope="module")
def school(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with a course; sign-in by name alone."""
    site = {"courses.yaml": COURSES.partition("    exams:")[0]}
    with deployment_with_site(tmp_path_factory.mktemp("exam"), "hrexamb", site, TIMEZONE="UTC") as made:
        yield made
    for volume in engine().volumes.list(filters={"name": f"{made.project}-exam-"}):
        volume.remove(force=True)


def signed_in(page: Page, school: HubDeployment, name: str, then: str) -> None:
    """Somebody signs in, and is on a page of the hub."""
    page.goto(f"{school.url}hub/login?next=/hub/{then}")
    page.get_by_label("Username:").fill(name)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/hub/{then}*")


def write(page: Page, text: str) -> Locator:
    """Type into a new text file, and save nothing; returns the editor."""
    page.locator(".jp-LauncherCard:visible").filter(has_text=re.compile("^Text File$")).click()
    editor = page.locator(".jp-FileEditor:visible .cm-content")
    editor.click()
    page.keyboard.insert_text(text)
    return editor


def kept(school: HubDeployment, person: str) -> str:
    """What lies in the text files of somebody's lab, in its folder and the exam's."""
    command = "cat /home/jovyan/*.txt /home/jovyan/final/*.txt 2>/dev/null"
    labs = school.labs(person)
    return labs[0].exec_run(["sh", "-c", command]).output.decode() if labs else ""


def look(page: Page, name: str) -> None:
    """Take a picture, where somebody wants to see it."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def left(page: Page) -> int:
    """The minutes that the lab's page says are left."""
    found = re.search(r"(\d+) min left", page.locator("#homeroom-exam").inner_text())
    return int(found[1]) if found else 0


def test_an_exam_in_a_browser(school: HubDeployment, page: Page, visitor: Callable[[], Page]) -> None:
    """The exam is entered in Safe Exam Browser alone. What is open in her own lab is saved before that is stopped. In
    the exam's lab a strip says how long there is left, on a phone, too, in the light and in the dark, and hides nothing
    that one types; what she types is saved by itself within ten seconds. Ten more minutes, given on the page of who
    invigilates, are there at once. Nothing keeps people from these pages."""
    courses = COURSES.replace("KEY", KEY)
    ada, tess, chen = page, visitor(), visitor()
    ada.add_init_script(SAFE_EXAM_BROWSER.replace("KEY", KEY))
    signed_in(ada, school, "ada", "home")
    ada.goto(f"{school.url}hub/spawn")
    Lab(ada, school, "ada").wait()
    write(ada, "of before")
    hold(school, courses, begins_in=100)
    expect(ada.locator(".Toastify__toast").filter(has_text="Final exam begins in")).to_be_visible(timeout=60_000)
    look(ada, "warned")
    until(lambda: "of before" in kept(school, "ada"), "what was open is saved", interval=0.5)
    signed_in(tess, school, "tess", f"{PAGE}/people")
    expect(tess.get_by_text("Not there: 2")).to_be_visible()

    hold(school, courses, begins_in=1)
    until(lambda: all(lab.labels["homeroom.server"] for lab in school.labs("ada")), "her own lab is stopped")
    ada.goto(f"{school.url}hub/{PAGE}")
    assert faults_of(ada, f"{school.url}hub/{PAGE}", axe(), "en") == []
    look(ada, "enter")
    signed_in(chen, school, "chen", PAGE)
    chen.get_by_role("button", name="Enter the exam").click()
    expect(chen.get_by_text("this is another browser")).to_be_visible()
    look(chen, "another-browser")
    expect(ada.locator("#safe-exam-browser")).to_have_value(re.compile("^[0-9a-f]{64} $"))
    ada.get_by_role("button", name="Enter the exam").click()
    ada.wait_for_url(f"**/user/ada/{lab_name('botany', 'final')}/lab/**")
    strip = ada.locator("#homeroom-exam")
    expect(strip).to_contain_text(re.compile(r"^Final exam: 5\d min left$"))
    for scheme in ("light", "dark"):
        ada.emulate_media(color_scheme=scheme)
        look(ada, f"strip-{scheme}")
    ada.set_viewport_size({"width": 360, "height": 740})
    look(ada, "strip-phone")
    box = strip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    ada.set_viewport_size({"width": 1280, "height": 800})
    write(ada, "of the exam")
    until(lambda: "of the exam" in kept(school, "ada"), "it is saved by itself", seconds=30, interval=0.5)
    look(ada, "written")

    assert faults_of(tess, f"{school.url}hub/{PAGE}/people", axe(), "en") == []
    look(tess, "people")
    before = left(ada)
    tess.get_by_role("row").filter(has_text="ada").get_by_role("button", name="10 more minutes").click()
    expect(tess.get_by_role("row").filter(has_text="ada")).to_contain_text("1 h")
    until(lambda: left(ada) >= before + 8, "the strip has them")
    tess.set_viewport_size({"width": 360, "height": 740})
    assert faults_of(tess, f"{school.url}hub/{PAGE}/people", axe(), "en") == []
    look(tess, "people-phone")
