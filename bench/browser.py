"""A real browser at either deployment."""

from __future__ import annotations

import contextlib
import re
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page, expect

from bench.deployments import Deployment
from bench.figures import memory_mib, pss_mib
from tests.browser.chromium import running_chromium
from tests.certificates import key_digest

WAIT = 60_000
"""Milliseconds."""
TRIES = 12
WORK = """import matplotlib.pyplot
import pandas
pandas.DataFrame({"x": [1, 2, 3], "y": [2, 4, 8]}).plot(x="x", y="y")
matplotlib.pyplot.show()"""


class Disturbed(Exception):
    """The browser gave requests up because a network of this machine came or went, as with any container's start."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What a visit to a lab took.

    :param output_seconds: from the press of the button on the sign-in page to the first cell's output.
    :param memory_mib: of the lab, with the page open and a figure drawn of a table; as `docker stats` counts it.
    :param pss_mib: the same, as its processes' PSS.
    """

    output_seconds: float
    memory_mib: float
    pss_mib: float


def visit(deployment: Deployment, name: str, settle_seconds: float) -> Visit:
    """Sign in with nothing cached, compute in a new notebook, and then work there with pandas and matplotlib.

    :raises Disturbed: it has to be done again.
    """
    with running_chromium(_key_digest(deployment.url)) as chromium:
        page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(WAIT)
        given_up: list[str] = []
        page.on("requestfailed", lambda request: given_up.append(str(request.failure)))
        try:
            seconds = _first_output_seconds(page, deployment, name)
            _draw(page)
        except (Error, AssertionError) as error:
            if any("ERR_NETWORK_CHANGED" in why for why in given_up):
                raise Disturbed from error
            raise
        time.sleep(settle_seconds)
        lab = deployment.lab(name)
        return Visit(output_seconds=seconds, memory_mib=memory_mib(lab), pss_mib=pss_mib(lab))


def _key_digest(url: str) -> str:
    """Of the key of the server at an address; empty where it is plain HTTP."""
    server = urlsplit(url)
    if server.scheme != "https":
        return ""
    return key_digest(ssl.get_server_certificate((str(server.hostname), server.port or 443)))


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


def _draw(page: Page) -> None:
    """Have the next cell draw a figure."""
    cell = page.locator(".jp-NotebookPanel:visible .jp-CodeCell").nth(1)
    cell.locator(".cm-content").click()
    page.keyboard.insert_text(WORK)
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output img")).to_be_visible(timeout=WAIT)
