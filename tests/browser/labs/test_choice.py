"""Choosing a lab and waiting for it: by mouse, by keyboard, and without any script."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.hub.test_pages import nameless_controls
from tests.hub_deployment import HubDeployment
from tests.person import Person


def choose_as(page: Page, deployment: HubDeployment, name: str) -> None:
    """Sign in and go to the page of labs."""
    page.goto(f"{deployment.url}hub/login?next={deployment.base_url}hub/spawn")
    page.get_by_label("Username:").fill(name)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Choose your lab")).to_be_visible()


def test_the_choice_page_by_keyboard_and_screen_reader(chooser: HubDeployment, page: Page, holder: Person) -> None:
    """Every card has a name and a description that a screen reader tells; arrow keys choose, Enter sends."""
    choose_as(page, chooser, "hedy")
    assert nameless_controls(page) == []
    expect(page.get_by_role("radio", name="Small")).to_be_checked()
    expect(page.get_by_role("radio", name="Exam room")).to_have_accessible_description(
        "<b>No</b> network 300 MB memory · 1 CPU · no network 1 is free now"
    )
    expect(page.get_by_role("radio", name="Large")).to_have_accessible_description(
        "700 MB memory · 1 CPU None is free now: there is too little memory left. "
        "The next is free in 25 min at the latest."
    )
    page.get_by_role("radio", name="Small").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Large")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Waiting for a lab")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("You are next in the queue. You get a lab in")
    assert nameless_controls(page) == []
    page.get_by_role("button", name="Cancel the start").click()
    expect(page.get_by_role("button", name="Start your lab")).to_be_visible()


def test_who_waited_in_vain_is_told_why(chooser: HubDeployment, page: Page, holder: Person) -> None:
    """After QUEUE_SECONDS the waiting page becomes one that says why there is no lab, and how to try again."""
    choose_as(page, chooser, "radia")
    page.get_by_text("Large").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Your lab did not start")).to_be_visible()
    expect(page.get_by_text("All labs are in use, and none became free in time.")).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_be_visible()


def test_without_scripts(chooser: HubDeployment, browser: Browser, holder: Person) -> None:
    """The choice can be made, the position read, and the line left, with scripts switched off."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    choose_as(page, chooser, "ada")
    page.get_by_text("Large").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("status")).to_contain_text("You are next in the queue")
    page.get_by_role("button", name="Cancel the start").click()
    expect(page).to_have_url(f"{chooser.url}hub/home")
    context.close()
