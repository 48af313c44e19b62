"""A course's page at the platform, as somebody sees it who goes there and clicks."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.edge_deployment import EdgeDeployment
from tests.lti_consumer import SECRET, launch_page, signed
from tests.lti_platform import LearningPlatform, login_page


def course(school: LearningPlatform, campus: EdgeDeployment, page: Page, *, frame: bool = False) -> Page:
    """The course with a link by LTI 1.3, opened in the browser."""
    school.pages["/course"] = login_page(campus.url, school.login(), "frame" if frame else "_self")
    page.goto(f"{school.url}/course")
    return page


def old_course(
    school: LearningPlatform,
    campus: EdgeDeployment,
    page: Page,
    fields: dict[str, str],
    *,
    frame: bool = False,
    secret: str = SECRET,
) -> Page:
    """The course with a link by LTI 1.1."""
    address = f"{campus.url}hub/lti/launch"
    school.pages["/old"] = launch_page(address, signed(address, fields, secret), "frame" if frame else "_self")
    page.goto(f"{school.url}/old")
    return page


def click(page: Page) -> None:
    """Open what the course has."""
    page.get_by_role("button", name="Open the exercises").click(no_wait_after=True)


def open_window(page: Page) -> Page:
    """Press the button that the hub shows in the course's frame; the window that it opens."""
    button = page.frame_locator("iframe[name=frame]").get_by_role("button", name="Open in a new window")
    with page.context.expect_page() as opened:
        button.click()
    return opened.value


def begin(school: LearningPlatform, campus: EdgeDeployment, page: Page) -> Locator:
    """Click in the course, and be asked to sign in at the platform first: the launch goes on with this button."""
    school.asks = True
    try:
        click(course(school, campus, page))
        page.wait_for_url(f"{school.url}/auth**")
    finally:
        school.asks = False
    return page.get_by_role("button", name="Sign in at the school")
