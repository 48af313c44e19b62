"""The home page while it is open: what changes by itself is shown without a reload."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import Home, Lab, sign_in
from tests.hub_deployment import HubDeployment

REFRESH_MILLISECONDS = 15_000


def test_the_page_is_brought_up_to_date(
    deployment: HubDeployment, page: Page, visitor: Callable[[], Page], add_account: Callable[[str], str]
) -> None:
    """A home page that is left open shows what the lab takes and when it would be stopped, and that it was stopped
    elsewhere; keyboard focus stays where it was. Two more hours are given by a button, which then is gone."""
    password = add_account("saskia")
    page.clock.install()
    sign_in(page, deployment, "saskia", password)
    Lab(page, deployment, "saskia").wait()
    home = Home(page, deployment).open()
    facts = page.locator("#lab-facts")
    expect(facts).to_contain_text(re.compile(r"\d+ MB of 1 GB memory in use"))
    expect(facts).to_contain_text(re.compile(r"stops in (5[0-9]|60) min if it is not used"))
    page.get_by_role("button", name="Two more hours").click()
    expect(facts).to_contain_text(re.compile(r"stops in (11[0-9]|120) min if it is not used"))
    expect(page.get_by_role("button", name="Two more hours")).to_have_count(0)

    page.evaluate("() => { window.neverLeft = true }")
    page.get_by_role("link", name="Reset the environment").focus()
    elsewhere = visitor()
    sign_in(elsewhere, deployment, "saskia", password)
    Home(elsewhere, deployment).open().stop()
    page.clock.run_for(REFRESH_MILLISECONDS)
    expect(home.start_button).to_be_visible()
    expect(page.get_by_role("status").first).to_have_text("It is not running. Your files are kept.")
    expect(facts).not_to_contain_text("memory in use")
    expect(page.get_by_role("link", name="Reset the environment")).to_be_focused()
    assert page.evaluate("() => window.neverLeft"), "the page was loaded again"
