"""JupyterHub's own programs on pages, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.hub.test_accessible import sign_in_in
from tests.browser.pages import PATIENCE_MILLISECONDS
from tests.hub_deployment import ROOT, HubDeployment

TEMPLATE = (ROOT / "jupyterhub/templates/admin-words.html").read_text(encoding="utf-8")
WORDS = re.findall(r'^    "(.+)": \{\{ text', TEMPLATE, re.MULTILINE)
ENGLISH = {unescape(word) for word in WORDS}
GROUP = "Delete"
"""A name that is a word of the table's, too: it is not ours to change."""


@pytest.fixture
def german(deployment: HubDeployment, browser: Browser) -> Iterator[Page]:
    """The administrator, who reads German."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE")
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    sign_in_in(page, deployment)
    yield page
    context.close()


def english_on(page: Page) -> set[str]:
    """Words of the table's own that somebody reads or hears there."""
    said: list[str] = page.locator("#react-admin-hook").evaluate(
        """table => [table, ...table.querySelectorAll("*")].flatMap((one) => [
          ...[...one.childNodes].filter((each) => each.nodeType === 3).map((each) => each.nodeValue.trim()),
          ...["aria-label", "placeholder", "title"].map((name) => one.getAttribute(name)).filter(Boolean),
        ])"""
    )
    return {re.sub(r"\d+", "#", one) for one in said} & ENGLISH


def test_the_table_of_users_is_german(deployment: HubDeployment, german: Page) -> None:
    """Every part of the administrators' table is in the page's language, also what comes later: what is unfolded, its
    other pages, times, and what went wrong. Names of people and groups stay what they are."""
    german.goto(f"{deployment.url}hub/admin")
    expect(german.get_by_role("button", name="Alle starten")).to_be_visible()
    expect(german.get_by_role("columnheader", name="Zuletzt aktiv")).to_be_visible()
    expect(german.get_by_test_id("user-name-div-admin")).to_have_text("admin")
    assert english_on(german) == set()
    german.get_by_role("button", name="Einzelheiten").first.click()
    assert english_on(german) == set()
    german.get_by_role("button", name="Gruppen verwalten").click()
    german.get_by_role("button", name="Neue Gruppe").click()
    german.get_by_placeholder("Name der Gruppe").fill(GROUP)
    german.get_by_role("button", name="Anlegen").click()
    german.get_by_role("link", name=GROUP).click()
    try:
        expect(german.get_by_role("heading", level=1).last).to_have_text(f"Gruppe ändern: {GROUP}")
        german.get_by_placeholder("Benutzername").fill("nobody-knows-me")
        german.get_by_role("button", name="Person hinzufügen").click()
        expect(german.get_by_text('Es gibt keine Person "nobody-knows-me".')).to_be_visible()
        assert english_on(german) == {GROUP}
    finally:
        german.once("dialog", lambda dialog: dialog.accept() if "Gruppe entfernen?" in dialog.message else None)
        german.get_by_role("button", name="Gruppe löschen").click()
        expect(german.get_by_role("link", name=GROUP)).to_have_count(0)
    german.goto(f"{deployment.url}hub/admin")
    german.get_by_role("button", name="Personen hinzufügen").click()
    expect(german.get_by_placeholder("Benutzernamen, einer je Zeile")).to_be_visible()
    assert english_on(german) == set()


def test_what_went_wrong_with_a_token_is_told_in_german(deployment: HubDeployment, german: Page) -> None:
    """The page of tokens says in its own language that something failed, and marks what the hub says of it as
    English; a token without a note has one in that language."""
    german.goto(f"{deployment.url}hub/token")
    german.locator("#token-scopes").fill("no-such-scope")
    german.get_by_role("button", name="Token anlegen").click()
    told = german.locator("#error-dialog .ajax-error")
    expect(told).to_contain_text("Das hat nicht geklappt.")
    expect(told.locator("[lang=en]")).to_contain_text("no-such-scope")
    assert "API request failed" not in told.inner_text()
    assert german.locator("#token-note").input_value() == "Auf der Seite der Token angelegt"
