"""Launches in Chromium over HTTPS, from a platform on one site to a deployment on another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from homeroom.lti.claims import CLAIM
from playwright.sync_api import Page, expect

from tests import lti_consumer
from tests.browser.lti.conftest import LABS, SCHOOL
from tests.browser.lti.courses import begin, click, course, old_course, open_window
from tests.browser.pages import Lab, SignIn
from tests.edge_deployment import HUB, EdgeDeployment
from tests.lti_platform import MEMBERSHIP, LearningPlatform, Person, canvas_manners, edx_manners

MANNERS: dict[str, Callable[[Person], dict[str, Any]]] = {
    "moodle": lambda _: {},
    "canvas": canvas_manners,
    "edx": edx_manners,
}
OLD_MANNERS = {"moodle": lti_consumer.moodle, "canvas": lti_consumer.canvas, "edx": lti_consumer.edx}
NEXT = "/hub/token"


@pytest.fixture(autouse=True)
def as_before(school: LearningPlatform, campus: EdgeDeployment) -> Iterator[None]:
    """What a test has the platform say is said in it alone."""
    before = dict(school.more)
    yield
    school.more = before


def cookies(page: Page, address: str) -> dict[str, Any]:
    """The cookies that the browser would send there, by their names."""
    return {str(cookie.get("name")): cookie for cookie in page.context.cookies(address)}


def login_cookie(page: Page, campus: EdgeDeployment) -> Any:
    """The cookie by which somebody is signed in; None where nobody is."""
    return cookies(page, campus.url).get("__Host-jupyterhub-hub-login")


@pytest.mark.parametrize("manners", MANNERS)
def test_a_click_in_the_course_signs_in(
    school: LearningPlatform, campus: EdgeDeployment, visitor: Callable[[], Page], manners: str
) -> None:
    """Whoever clicks in a course of Moodle's, Canvas's or Open edX's manners is signed in at the hub, where the link
    leads, in both of two tabs that were on their way at once. Of the launches' cookies, which alone are sent with
    another site's forms, none is left."""
    school.person = Person(sub=f"1-{manners}", email=f"{manners}@school.example")
    school.more |= MANNERS[manners](school.person)
    first = visitor()
    tabs = (first, first.context.new_page())
    buttons = [begin(school, campus, tab) for tab in tabs]
    waiting = [each for name, each in cookies(first, campus.url).items() if name.startswith("lti-")]
    assert [(each["sameSite"], each["secure"], each["httpOnly"]) for each in waiting] == [("None", True, True)] * 2
    for tab, button in zip(reversed(tabs), reversed(buttons), strict=True):
        button.click(no_wait_after=True)
        tab.wait_for_url(f"{campus.url}hub/token")
    kept = cookies(first, campus.url)
    assert not [name for name in kept if name.startswith("lti-")]
    assert (kept["__Host-jupyterhub-hub-login"]["secure"], kept["__Host-jupyterhub-hub-login"]["domain"]) == (True, HUB)


@pytest.mark.parametrize("manners", OLD_MANNERS)
def test_a_click_in_an_old_course_signs_in(
    school: LearningPlatform, campus: EdgeDeployment, page: Page, manners: str
) -> None:
    """By LTI 1.1, too: the browser says which website sends the launch, and the platform's own is believed."""
    old_course(school, campus, page, OLD_MANNERS[manners](custom_next=NEXT))
    click(page)
    page.wait_for_url(f"{campus.url}hub/token")
    assert login_cookie(page, campus)["secure"]


def test_a_launch_opens_the_lab(school: LearningPlatform, campus: EdgeDeployment, page: Page) -> None:
    """A link without a target opens the person's lab, under the name that labs have. One that fetches a repository says
    all that a teacher typed there to it, blanks and umlauts too; and what cannot be fetched is told."""
    school.person = Person(sub="2", email="ada@school.example")
    school.more |= {CLAIM + "target_link_uri": f"{campus.url}hub/lti13/oauth_callback"}
    click(course(school, campus, page))
    page.get_by_role("link", name="Start", exact=True).click()  # links of other websites ask first
    lab = Lab(page, campus, "ada")
    lab.address = re.compile(re.escape(f"https://{LABS}:{campus.https_port}/user/ada/lab"))
    lab.wait()
    asked = "repo=https://127.0.0.1:9/Übung.git&branch=week/2%2Bü&targetpath=Übung 1&subpath=Was ist C%23.ipynb"
    school.more |= {CLAIM + "target_link_uri": f"{campus.url}hub/user-redirect/git-pull?{asked}"}
    click(course(school, campus, page))
    expect(page.get_by_role("alert")).to_contain_text("Its host does not answer")
    kept = "branch=week%2F2%2B%C3%BC&targetpath=%C3%9Cbung+1&subpath=Was+ist+C%23.ipynb"
    again = f"/user/ada/git-pull?repo=https%3A%2F%2F127.0.0.1%3A9%2F%C3%9Cbung.git&{kept}"
    expect(page.get_by_role("link", name="Try again")).to_have_attribute("href", again)
    page.get_by_role("link", name="Open the lab without it").click()
    lab.wait()


@pytest.mark.parametrize("old", [False, True], ids=["LTI 1.3", "LTI 1.1"])
def test_within_a_frame_a_button_opens_a_window(
    school: LearningPlatform, campus: EdgeDeployment, page: Page, old: bool
) -> None:
    """A course that shows tools in frames shows a button; its window signs in, although browsers keep cookies from
    frames."""
    school.person = Person(sub="3", email="bela@school.example")
    if old:
        old_course(school, campus, page, lti_consumer.moodle("3", custom_next=NEXT), frame=True)
    else:
        course(school, campus, page, frame=True)
    click(page)
    opened = open_window(page)
    opened.wait_for_url(f"{campus.url}hub/token")
    assert login_cookie(opened, campus)


def test_a_launch_is_no_other_browsers(
    school: LearningPlatform, campus: EdgeDeployment, visitor: Callable[[], Page]
) -> None:
    """Nobody is signed in as somebody else by a page of another website that sends a launch which it has: one of LTI
    1.3 was begun in another browser, and one of LTI 1.1 comes from another website."""
    attacker, victim = visitor(), visitor()
    begin(school, campus, attacker)
    victim.goto(attacker.url)
    expect(victim.get_by_text("Your browser did not send back the cookie of this launch")).to_be_visible()
    assert login_cookie(victim, campus) is None
    old_course(school, campus, victim, lti_consumer.moodle("4"))
    victim.goto(victim.url.replace(SCHOOL, "evil.test"))
    click(victim)
    expect(victim.get_by_text("was not sent by your learning platform's own website")).to_be_visible()
    assert login_cookie(victim, campus) is None


@pytest.mark.parametrize("old", [False, True], ids=["LTI 1.3", "LTI 1.1"])
def test_a_launch_is_linked_to_who_is_signed_in(
    school: LearningPlatform, campus: EdgeDeployment, visitor: Callable[[], Page], old: bool
) -> None:
    """Somebody who is signed in by a password, wants their course linked and opens it there is asked whether both are
    them, also when they have been signed in for so long that browsers keep that from another site's form. From then on
    the course leads to their account."""

    def launch(page: Page) -> None:
        school.person = Person(sub="6", email="lin@school.example")
        if old:
            click(old_course(school, campus, page, lti_consumer.moodle("6", custom_next=NEXT)))
        else:
            click(course(school, campus, page))

    page = visitor()
    SignIn(page, campus).open("link").submit("admin", campus.password)
    page.get_by_role("button", name="From your course").click()
    page.wait_for_url(f"{campus.url}hub/lti13/course**")
    kept: Any = {**login_cookie(page, campus), "sameSite": "Lax"}  # as browsers have them all after two minutes
    page.context.add_cookies([kept])
    launch(page)
    page.get_by_role("button", name="Both are me: link them").click()
    page.wait_for_url(f"{campus.url}hub/link")
    later = visitor()
    launch(later)
    later.wait_for_url(f"{campus.url}hub/token")
    expect(later.get_by_role("navigation").get_by_text("admin", exact=True)).to_be_visible()


def test_a_teacher_chooses_a_link(school: LearningPlatform, campus: EdgeDeployment, page: Page) -> None:
    """From the platform's editor to the hub's page of choice and back, in a few clicks; the platform has the link."""
    school.person = Person(sub="5", email="grace@school.example", roles=[f"{MEMBERSHIP}#Instructor"])
    school.more |= {
        CLAIM + "message_type": "LtiDeepLinkingRequest",
        CLAIM + "resource_link": None,
        "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": {
            "deep_link_return_url": f"{school.url}/return",
            "accept_types": ["ltiResourceLink"],
        },
    }
    click(course(school, campus, page))
    page.get_by_label("A folder").check()
    page.get_by_label("Path within the lab").fill("week1")
    page.get_by_role("button", name="Add the link").click()
    expect(page.get_by_role("heading", name="The link is kept")).to_be_visible()
    assert school.answers[-1].count(".") == 2
