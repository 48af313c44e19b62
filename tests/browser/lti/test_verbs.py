"""What an operator types about learning platforms, on a deployment that people come to from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from homeroom.lti.claims import CLAIM
from playwright.sync_api import Page, expect

from tests import lti_consumer
from tests.browser.lti.courses import click, course, old_course
from tests.edge_deployment import EdgeDeployment
from tests.lti_platform import LearningPlatform, Person

NUMBER = re.compile(r"number: (\d{5})")


@pytest.fixture
def newcomer(college: LearningPlatform, campus: EdgeDeployment) -> Iterator[Person]:
    """At the platform that registers itself sits somebody, whose link leads to a page without a lab."""
    college.person = Person(sub="9", email="chen@college.example")
    college.more = {CLAIM + "target_link_uri": f"{campus.url}hub/token"}
    yield college.person
    college.more = {}


def told(campus: EdgeDeployment, *arguments: str) -> str:
    """What `make` says where it does nothing."""
    done = campus.make(*arguments, check=False)
    assert done.returncode, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def number_on(page: Page) -> str:
    """The number that somebody sees whose sign-in is refused."""
    expect(page.get_by_text(NUMBER)).to_be_visible()
    found = NUMBER.search(page.inner_text("body"))
    assert found
    return found[1]


def test_check_prints_what_to_enter(campus: EdgeDeployment) -> None:
    """`make check` prints each address with the name and port that people type, for LTI 1.3 and for 1.1, and no
    secret."""
    said = campus.make("check").stdout
    for page in ("oauth_login", "oauth_callback", "jwks", "config"):
        assert f"{campus.url}hub/lti13/{page}" in said
    assert f"launch URL: {campus.url}hub/lti/launch" in said
    assert f"consumer key: {lti_consumer.KEY}" in said
    assert lti_consumer.SECRET not in said


def test_one_address_sets_up_both_sides(
    college: LearningPlatform, campus: EdgeDeployment, visitor: Callable[[], Page], newcomer: Person
) -> None:
    """A platform that opens the printed address is registered. Its people come in; those of another part of it once
    the operator has typed what they are told; and none once it is removed."""
    printed = campus.make("lti-register", "NAME=college").stdout
    found = re.search(rf"{re.escape(campus.url)}hub/lti13/register\?token=\S+", printed)
    assert found, printed
    administrator = visitor()
    configuration = f"openid_configuration={college.url}/.well-known/openid-configuration&registration_token=theirs"
    administrator.goto(f"{found[0]}&{configuration}")
    expect(administrator.get_by_role("heading", name="Registered")).to_be_visible()
    assert college.registered[-1]["initiate_login_uri"] == f"{campus.url}hub/lti13/oauth_login"
    assert re.search(rf"college\s+{re.escape(college.url)}", campus.make("lti").stdout)
    person = visitor()
    click(course(college, campus, person))
    person.wait_for_url(f"{campus.url}hub/token")

    college.more[CLAIM + "deployment_id"] = "2"
    other = visitor()
    click(course(college, campus, other))
    why = campus.make("why", f"NUMBER={number_on(other)}").stdout
    assert "unknown-deployment" in why
    remedy = re.search(r"make (lti-allow) (PLATFORM=college) (DEPLOYMENT=2)", why)
    assert remedy, why
    assert "deployment 2 waits" in campus.make("lti").stdout
    assert "are taken now" in campus.make(*remedy.groups()).stdout
    click(course(college, campus, other))
    other.wait_for_url(f"{campus.url}hub/token")

    assert "college is forgotten" in campus.make("lti-remove", "PLATFORM=college").stdout
    late = visitor()
    click(course(college, campus, late))
    assert "unknown-platform" in campus.make("why", f"NUMBER={number_on(late)}").stdout
    assert "No learning platform has registered itself" in campus.make("lti").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lti-register",), "NAME: what is the platform called here?"),
        (("lti-register", "NAME=Our Moodle"), "make lti-register NAME=moodle"),
        (("lti-allow",), "PLATFORM: there is none called ''"),
        (("lti-allow", "PLATFORM=nowhere", "DEPLOYMENT=1"), "PLATFORM: there is none called 'nowhere'"),
        (("lti-remove", "PLATFORM=--help"), "PLATFORM: there is none called '--help'"),
        (("lti-remove", "PLATFORM=school"), "PLATFORM: there is none called 'school'"),
    ],
)
def test_a_wrong_argument_is_told(campus: EdgeDeployment, arguments: tuple[str, ...], said: str) -> None:
    """What is missing, or what there is not, is told with what to type, and nothing is changed."""
    assert said in told(campus, *arguments)


def test_the_hubs_keys_are_replaced(campus: EdgeDeployment) -> None:
    """The key that is named is the one that the hub finds, and no other."""
    said = campus.make("lti-new-key").stdout
    found = re.search(r"the key ([0-9a-f]{16})", said)
    assert found, said
    kept = campus.compose("exec", "-T", "hub", "cat", "/srv/data/lti_keys.json")
    assert re.findall(r'"kid": "([0-9a-f]+)"', kept) == [found[1]]


def test_why_a_launch_of_an_old_platform_was_refused(
    school: LearningPlatform, campus: EdgeDeployment, visitor: Callable[[], Page]
) -> None:
    """Somebody whose platform signs by another secret sees a number; the operator reads what to compare, and that the
    people of the right one are known by their platform."""
    page = old_course(school, campus, visitor(), lti_consumer.moodle("8", custom_next="/hub/token"), secret="mistyped")
    click(page)
    why = campus.make("why", f"NUMBER={number_on(page)}").stdout
    assert "wrong-signature" in why
    assert "LTI_SECRETS in .env" in why
    assert lti_consumer.SECRET not in why
    click(old_course(school, campus, page, lti_consumer.moodle("8", custom_next="/hub/token")))
    page.wait_for_url(f"{campus.url}hub/token")
    assert re.search(
        rf"u8\s+lti:{lti_consumer.NAME}\s.*lti-{lti_consumer.NAME}-12-student", campus.make("people").stdout
    )
