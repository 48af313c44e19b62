"""A real browser at either deployment."""

from __future__ import annotations

import contextlib
import re
import time

from playwright.sync_api import Error, Page, expect

from bench.deployments import Deployment
from tests.browser.chromium import running_chromium

WAIT = 60_000
"""Milliseconds."""
TRIES = 12


class Disturbed(Exception):
    """The browser gave requests up because a network of this machine came or went, as with any container's start."""


def first_output_seconds(deployment: Deployment, name: str) -> float:
    """From the press of the button on the sign-in page to the first cell's output, with nothing cached.

    :raises Disturbed: it has to be done again.
    """
    with running_chromium() as chromium:
        page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(WAIT)
        given_up: list[str] = []
        page.on("requestfailed", lambda request: given_up.append(str(request.failure)))
        try:
            return _first_output_seconds(page, deployment, name)
        except (Error, AssertionError) as error:
            if any("ERR_NETWORK_CHANGED" in why for why in given_up):
                raise Disturbed from error
            raise


def _first_output_seconds(page: Page, deployment: Deployment, name: str) -> float:
    page.goto(f"{deployment.url}hub/login")
    page.get_by_label("Username:").fill(name)
    page.get_by_label("Password:").fill("any")
    began = time.monotonic()
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(rf"/user/{name}/lab"))
    page.locator(".jp-LauncherCard[data-category=Notebook]:visible").first.click()
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect(notebook.locator(".jp-Toolbar-kernelName")).to_contain_text("Python 3", timeout=WAIT)
    expect(notebook.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_have_count(1, timeout=WAIT)
    cell = notebook.locator(".jp-CodeCell").first
    for _ in range(TRIES):  # a page that is still being drawn may lose a key; a person would press it again
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text("6 * 7")
        page.keyboard.press("Shift+Enter")
        with contextlib.suppress(AssertionError):
            expect(cell.locator(".jp-OutputArea-output")).to_have_text("42", timeout=WAIT / TRIES)
            break
    else:
        raise TimeoutError(f"no output in the notebook of {name} at {deployment.name}")
    return time.monotonic() - began
