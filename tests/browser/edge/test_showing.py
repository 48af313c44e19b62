"""A student shows their lab to a tutor, in two browsers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.browser.pages import Home, Lab, SignIn
from tests.edge_deployment import EdgeDeployment
from tests.faults import until

COURSES = """\
courses:
  - name: botany
    title: Botany
    teachers: {people: [ada]}
    assistants: {people: [bela]}
    students: {people: [chen]}
"""
CONTENTS = """async () => {
    const headers = { "X-XSRFToken": (document.cookie.match(/_xsrf=([^;]+)/) || [])[1] || "" };
    return (await fetch("/user/chen/api/contents", { headers })).status;
}"""


@pytest.fixture
def course(apart: EdgeDeployment) -> Iterator[None]:
    """A course, which the hub takes up while it runs."""
    path = apart.directory / "site/courses.yaml"
    path.write_text(COURSES)
    try:
        apart.make("render")
        yield
    finally:
        path.unlink()
        apart.make("render")


@pytest.fixture
def tutor(browser: Browser) -> Iterator[Page]:
    """A page of the tutor's browser."""
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def test_a_student_shows_their_lab(
    apart: EdgeDeployment, course: None, window: Page, tutor: Page, sign_in: Callable[[Page, str], Lab]
) -> None:
    """The tutor comes in from their home page and runs code in the student's lab, and both pages say for how long. As
    soon as the student ends it, all that the tutor has open is closed, and they come in no more; the student's own goes
    on."""
    sign_in(window, "chen").new_notebook()
    SignIn(tutor, apart).open("home").submit("bela", "")
    home = window.context.new_page()
    choice = home.get_by_label("To whom")

    def offered() -> bool:
        Home(home, apart).open()
        return choice.count() == 1

    until(offered, "chen takes the course")
    choice.select_option(label="bela (Botany)")
    home.get_by_role("button", name="Let them in").click()
    expect(home.get_by_text("bela may be in your lab")).to_be_visible()
    expect(window.locator("#homeroom-shown")).to_contain_text("bela may be in this lab for 60 more minutes")

    opened: list[WebSocket] = []
    tutor.on("websocket", lambda each: opened.append(each))
    Home(tutor, apart).open()
    tutor.get_by_role("link", name="Open the lab of chen").click()
    tutor.get_by_role("button", name="Allow").click()
    lab = Lab(tutor, apart, "chen")
    lab.address = re.compile(re.escape(f"{apart.lab_url('chen')}user/chen/lab"))
    lab.wait()
    assert lab.new_notebook().run("import os; print(os.environ['JUPYTERHUB_USER'])") == "chen"
    expect(tutor.locator("#homeroom-shown")).to_be_visible()
    assert tutor.evaluate(CONTENTS) == 200
    assert any(not each.is_closed() for each in opened)

    before = list(opened)
    home.get_by_role("button", name="End it now").click()
    expect(home.get_by_text("bela may be in your lab")).to_have_count(0)
    until(lambda: tutor.evaluate(CONTENTS) in (401, 403), "the tutor may do nothing there", seconds=15)

    def closed() -> bool:
        tutor.wait_for_timeout(100)  # events come while the browser is talked to
        return all(each.is_closed() for each in before)

    until(closed, "what the tutor has open is closed", seconds=15)
    assert tutor.goto(f"{apart.lab_url('chen')}user/chen/lab").status == 403  # type: ignore[union-attr]
    expect(window.locator("#homeroom-shown")).to_have_count(0)
    assert Lab(window, apart, "chen").run("print(6 * 7)") == "42"
