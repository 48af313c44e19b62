"""Every page of the hub, in each language, light and dark, on a screen and on a phone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.pages import PATIENCE_MILLISECONDS, SignUp
from tests.hub_deployment import HubDeployment

STRANGERS = ("login", "signup", "no-such-page", "error/503")
EVERYBODYS = (
    "home",
    "token",
    "change-password",
    "homeroom/labs/admin/reset",
    "homeroom/labs/nobody/reset",
    "accept-share",
)
ADMINISTRATORS = (
    "admin",
    "authorize",
    "homeroom/day",
    "homeroom/new-course",
    "change-password/waits-there",
    "remove/waits-there",
    "spawn-pending/admin",
)
SERIOUS = {"serious", "critical"}
SCROLLS_BY_ITSELF = "#react-admin-hook"
"""JupyterHub's table of users is wider than a phone."""


def axe() -> str:
    """The program that looks for what keeps people from using a page: axe-core, as a package of Python brings it."""
    package = find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def barriers(page: Page, source: str) -> list[str]:
    """What axe finds that is serious or critical."""
    page.evaluate(source)
    found: dict[str, Any] = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


def sign_in_in(page: Page, deployment: HubDeployment) -> None:
    """Sign in as the administrator, whatever the page's language."""
    page.goto(f"{deployment.url}hub/login?next={deployment.base_url}hub/home")
    page.locator("#username_input").fill("admin")
    page.locator("#password_input").fill(deployment.password)
    page.locator("#login_submit").click()
    page.wait_for_url("**/hub/home")


def ask_for_a_token(page: Page, deployment: HubDeployment) -> None:
    """So that the page of tokens has its table."""
    page.goto(f"{deployment.url}hub/token")
    page.locator("#request-token-form button").click()
    expect(page.locator("#token-result")).not_to_be_empty()


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("en-GB", "light", 1280), ("de-DE", "dark", 1280), ("de-DE", "light", 320)],
    ids=["english", "german-dark", "german-phone"],
)
def test_nothing_keeps_people_from_a_page(
    deployment: HubDeployment, page: Page, browser: Browser, locale: str, scheme: Any, width: int
) -> None:
    """axe finds nothing serious on any page, JupyterHub's own included; each is in the browser's language, has one
    heading of the first level, and fits a phone without scrolling sideways."""
    SignUp(page, deployment).open().submit("waits-there", PASSWORD)
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=locale, color_scheme=scheme)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    visit, source = context.new_page(), axe()
    found = {path: faults_of(visit, f"{deployment.url}hub/{path}", source, locale) for path in STRANGERS}
    sign_in_in(visit, deployment)
    ask_for_a_token(visit, deployment)
    for path in (*EVERYBODYS, *ADMINISTRATORS):
        found[path] = faults_of(visit, f"{deployment.url}hub/{path}", source, locale)
    context.close()
    assert {path: faults for path, faults in found.items() if faults} == {}


def faults_of(page: Page, address: str, source: str, locale: str) -> list[str]:
    """What is wrong with a page."""
    page.goto(address)
    if address.endswith("hub/admin"):
        expect(page.locator(".add-users-button")).to_be_visible()
    faults = barriers(page, source)
    language = page.locator("html").get_attribute("lang")
    if language != locale[:2]:
        faults.append(f"is in {language}")
    headings = page.locator("h1").count()
    if headings != 1:
        faults.append(f"has {headings} headings of the first level")
    needed, there = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    if needed > there:
        faults.append(f"is {needed} pixels wide on a screen of {there}")
    return faults


def test_a_language_can_be_chosen_without_scripts(deployment: HubDeployment, browser: Browser) -> None:
    """A link at the foot of each page changes the language, leads back to the page, and is remembered."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{deployment.url}hub/signup")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Registrieren")).to_be_visible()
    page.goto(f"{deployment.url}hub/login")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def test_buttons_that_concern_others_ask_first(deployment: HubDeployment, page: Page) -> None:
    """Who presses one of them by mistake is told what would happen, and nothing does."""
    sign_in_in(page, deployment)
    page.goto(f"{deployment.url}hub/admin")
    asked: list[str] = []
    sent: list[str] = []

    def say_no(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", say_no)
    page.on("request", lambda request: sent.append(request.url) if request.method != "GET" else None)
    for name in ("Start All", "Stop All", "Shutdown Hub"):
        page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Edit User").first.click()
    page.get_by_role("button", name="Delete user").click()
    assert [question.split("?")[0] for question in asked] == [
        "Start the lab of every user on this page of the list",
        "Stop all labs of every user on this page of the list",
        "Shut the hub down",
        "Remove this person",
    ]
    assert sent == []
