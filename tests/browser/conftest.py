"""A browser, and people who have accounts. What a failed test saw is kept in tests/artifacts/."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.chromium import NoChromium, install_chromium, running_chromium
from tests.browser.page_log import PageLog
from tests.browser.pages import PATIENCE_MILLISECONDS
from tests.hub_deployment import ROOT, HubDeployment

ARTIFACTS = ROOT / "tests" / "artifacts"
PASSWORD = "seven green bicycles"
FAILED = pytest.StashKey[bool]()

Visitor = Callable[[], Page]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test failed, for the fixtures that clean up after it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def chromium() -> None:
    """Chromium is installed."""
    try:
        install_chromium()
    except NoChromium as error:
        pytest.skip(str(error))


@pytest.fixture(scope="package")  # not longer: see running_chromium
def browser(chromium: None) -> Iterator[Browser]:
    """A running Chromium."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with running_chromium() as running:
        yield running


@pytest.fixture
def page_logs() -> dict[Page, PageLog]:
    """What happened behind each page of the test."""
    return {}


@pytest.fixture
def visitor(browser: Browser, page_logs: dict[Page, PageLog], request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Makes pages, each in a browser session of its own, as if by another person."""

    def visit() -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, ignore_https_errors=True)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        made = context.new_page()
        page_logs[made] = PageLog()
        page_logs[made].attach(made)
        return made

    directory = ARTIFACTS / re.sub(r"[^\w.-]+", "-", request.node.name)
    shutil.rmtree(directory, ignore_errors=True)
    yield visit
    if request.node.stash.get(FAILED, False):
        for number, (page, page_log) in enumerate(page_logs.items(), start=1):
            keep(page, page_log, directory, number)
        print(f"What the pages looked like: {directory}")
    for page in page_logs:
        page.context.close()


def keep(page: Page, page_log: PageLog, directory: Path, number: int) -> None:
    """Write down what a page shows and what happened behind it."""
    directory.mkdir(parents=True, exist_ok=True)
    log = [page.url, *page_log.lines]
    try:
        page.screenshot(path=directory / f"page-{number}.png", timeout=10_000)
        (directory / f"page-{number}.html").write_text(page.content(), encoding="utf-8")
    except Error as error:  # a page that crashed shows nothing; the test's own failure is what counts
        log.append(f"no screenshot: {error.message}")
    (directory / f"page-{number}.log").write_text("\n".join(log) + "\n", encoding="utf-8")


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """A page of somebody who has not been here yet."""
    return visitor()


@pytest.fixture
def page_log(page: Page, page_logs: dict[Page, PageLog]) -> PageLog:
    """What happened behind `page`."""
    return page_logs[page]


@pytest.fixture(scope="session")
def add_account(deployment: HubDeployment) -> Callable[[str], str]:
    """Makes an approved account of this name, from the server's shell; returns its password."""

    def add(name: str) -> str:
        command = ["docker", "compose", "exec", "-T", "hub", "python", "-m", "homeroom.sign_in.accounts", "add", name]
        done = subprocess.run(
            command,
            cwd=deployment.directory,
            input=f"{PASSWORD}\n",
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=60,
        )
        assert json.loads(done.stdout) == {"done": True}, f"{name} is taken: another test has removed them"
        return PASSWORD

    return add
