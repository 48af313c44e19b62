"""Launches in Chromium, from a platform on one site to a hub on another."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from homeroom.lti.claims import CLAIM
from playwright.sync_api import Page, expect

from tests.lti_hub import LTIHub, lti_hub, site_of
from tests.lti_platform import LearningPlatform, Person, learning_platform, login_page


@pytest.fixture(scope="module")
def school() -> Iterator[LearningPlatform]:
    """A platform at 127.0.0.1, which browsers take for another site than localhost."""
    with learning_platform() as made:
        yield made


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, school: LearningPlatform) -> Iterator[LTIHub]:
    """A hub at localhost."""
    with lti_hub(tmp_path_factory.mktemp("hub"), site_of(school.values())) as made:
        school.more = {CLAIM + "target_link_uri": f"{made.url}hub/token"}
        yield made


def course(school: LearningPlatform, hub: LTIHub, page: Page, *, frame: bool = False) -> Page:
    """The page of a course, opened in the browser."""
    school.pages["/course"] = login_page(hub.url, school.login(), "frame" if frame else "_self")
    page.goto(f"{school.url}/course")
    return page


def test_a_click_in_the_course_signs_in(school: LearningPlatform, hub: LTIHub, visitor: Callable[[], Page]) -> None:
    """The browser keeps the launch's cookie between the two sites, and the person is where the link leads, in both of
    two tabs that were on their way at once."""
    school.person = Person(sub="21", email="ada@school.example")
    page = course(school, hub, visitor())
    page.get_by_role("button", name="Open the exercises").click()
    page.wait_for_url(f"{hub.url}hub/token")
    other = course(school, hub, page.context.new_page())
    other.get_by_role("button", name="Open the exercises").click()
    other.wait_for_url(f"{hub.url}hub/token")
    names = {cookie["name"] for cookie in page.context.cookies(f"{hub.url}hub/token")}
    assert "jupyterhub-hub-login" in names
    assert not any(name.startswith("lti-") for name in names)


def test_within_a_frame_a_button_opens_a_window(
    school: LearningPlatform, hub: LTIHub, visitor: Callable[[], Page]
) -> None:
    """A course that shows tools in frames shows a button; its window signs in, although browsers keep cookies from
    frames."""
    school.person = Person(sub="22", email="bela@school.example")
    page = course(school, hub, visitor(), frame=True)
    page.get_by_role("button", name="Open the exercises").click()
    button = page.frame_locator("iframe[name=frame]").get_by_role("button", name="Open in a new window")
    expect(button).to_be_visible()
    with page.context.expect_page() as opened:
        button.click()
    opened.value.wait_for_url(f"{hub.url}hub/token")


def test_a_teacher_chooses_a_link(school: LearningPlatform, hub: LTIHub, visitor: Callable[[], Page]) -> None:
    """From the platform's editor to the hub's page of choice and back, in a few clicks; the platform has the link."""
    school.person = Person(
        sub="23", email="grace@school.example", roles=["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]
    )
    before = school.more
    school.more = {
        CLAIM + "message_type": "LtiDeepLinkingRequest",
        CLAIM + "resource_link": None,
        "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": {
            "deep_link_return_url": f"{school.url}/return",
            "accept_types": ["ltiResourceLink"],
        },
    }
    try:
        page = course(school, hub, visitor())
        page.get_by_role("button", name="Open the exercises").click()
        page.get_by_label("A folder").check()
        page.get_by_label("Path within the lab").fill("week1")
        page.get_by_role("button", name="Add the link").click()
        expect(page.get_by_role("heading", name="The link is kept")).to_be_visible()
    finally:
        school.more = before
    assert school.answers[-1].count(".") == 2
