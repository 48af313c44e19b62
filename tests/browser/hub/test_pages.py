"""Every page by itself: usable without a mouse, every field named, nothing broken behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.page_log import PageLog
from tests.browser.pages import Accounts, Home, Lab, SignIn, SignUp, sign_in
from tests.hub_deployment import HubDeployment

CONTROLS = {"button", "checkbox", "combobox", "link", "radio", "searchbox", "spinbutton", "switch", "textbox"}


def nameless_controls(page: Page) -> list[Any]:
    """Links, buttons and fields to which a screen reader can give no name."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    controls = [node for node in nodes if not node["ignored"] and node["role"]["value"] in CONTROLS]
    assert controls, "the page has no controls at all"
    return [node for node in controls if not node.get("name", {}).get("value")]


def test_sign_up_and_sign_in_by_keyboard(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """Signing up, signing in and stopping one's lab need no mouse."""
    keyboard = page.keyboard
    SignUp(page, deployment).open()
    expect(page.get_by_label("Username:")).to_be_focused()
    for text in ("hedy", PASSWORD, PASSWORD):
        keyboard.type(text)
        keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign up")).to_be_focused()
    keyboard.press("Enter")
    assert "approved" in SignUp(page, deployment).answer()

    add_account("radia")
    SignIn(page, deployment).open()
    expect(page.get_by_label("Username:")).to_be_focused()
    keyboard.type("radia")
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    Lab(page, deployment, "radia").wait()

    home = Home(page, deployment).open()
    for _ in range(20):
        if home.stop_button.evaluate("button => button === document.activeElement"):
            break
        keyboard.press("Tab")
    keyboard.press("Enter")
    expect(home.start_button).to_be_visible()


@pytest.mark.parametrize("path", ["login", "signup"])
def test_every_control_has_a_name(deployment: HubDeployment, page: Page, path: str) -> None:
    """What strangers meet can be used with a screen reader."""
    page.goto(f"{deployment.url}hub/{path}")
    assert nameless_controls(page) == []


def contrast(shown: Locator) -> float:
    """How much the text differs in brightness from what is behind it, as WCAG 2.1 counts it."""
    colours = shown.evaluate("e => ['color', 'backgroundColor'].map((one) => getComputedStyle(e)[one])")
    brightness = []
    for colour in colours:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        brightness.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(brightness) + 0.05) / (min(brightness) + 0.05)


@pytest.mark.parametrize("path", ["login", "signup"])
def test_people_who_see_little_can_read_what_strangers_meet(deployment: HubDeployment, page: Page, path: str) -> None:
    """Heading and button stand out from what is behind them, which JupyterHub's own colours do not."""
    page.goto(f"{deployment.url}hub/{path}")
    for shown in (page.locator(".auth-form-header"), page.locator(".btn-jupyter")):
        assert contrast(shown) >= 4.5


def test_every_control_of_the_signed_in_has_a_name(deployment: HubDeployment, page: Page) -> None:
    """What the administrator meets can be used with a screen reader."""
    SignUp(page, deployment).open().submit("waiting-one", PASSWORD)
    SignIn(page, deployment).open("home").submit("admin", deployment.password)
    for path in ("home", "authorize", "change-password", "change-password/waiting-one", "remove/waiting-one"):
        page.goto(f"{deployment.url}hub/{path}")
        assert nameless_controls(page) == [], path


def test_nothing_is_broken_behind_the_pages(deployment: HubDeployment, page: Page, page_log: PageLog) -> None:
    """No error on the console and no failed request on any page, JupyterLab's own included."""
    SignUp(page, deployment).open().submit("ida", PASSWORD)
    lab = sign_in(page, deployment, "admin", deployment.password).new_notebook()
    lab.run("print('fine')")
    lab.save_as("fine.ipynb")
    Accounts(page, deployment).open()
    page.goto(f"{deployment.url}hub/admin")
    expect(page.get_by_role("button", name="Add Users")).to_be_visible()
    page.goto(f"{deployment.url}hub/change-password")
    Home(page, deployment).open().stop()
    assert page_log.faults == []
