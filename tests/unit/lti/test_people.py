"""homeroom.lti.people and homeroom.lti.target: names, roles, courses, and where a launch leads."""

from __future__ import annotations

import re
from typing import Any

import pytest
from homeroom.lti import people, target
from homeroom.lti.claims import CLAIM
from hypothesis import given
from hypothesis import strategies as st

from generator.schema.types import USERNAME_PATTERN
from tests.examples import examples

HUB = "https://hub.example/biology/"
COURSE = "http://purl.imsglobal.org/vocab/lis/v2/membership"
SCHOOL = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([f"{COURSE}#Learner"], "student"),
        (["Learner"], "student"),
        ([f"{COURSE}#Instructor"], "instructor"),
        ([f"{COURSE}#Instructor", f"{COURSE}/Instructor#TeachingAssistant"], "assistant"),
        ([f"{COURSE}#ContentDeveloper"], "instructor"),
        ([f"{SCHOOL}#Instructor", f"{COURSE}#Learner"], "student"),
        ([f"{SCHOOL}#Administrator"], None),
        (["http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin"], None),
        ([f"{COURSE}#Mentor"], None),
        (["https://evil.example/membership#Instructor"], None),
        ("Instructor", None),
        ([None, 7, {}], None),
        (None, None),
    ],
)
def test_roles(roles: object, role: str | None) -> None:
    """A role counts where it is one in the course; who teaches somewhere in the school is a student here."""
    assert people.role_of(roles) == role


def course(identifier: object) -> str:
    """The course's part of the names of its groups."""
    return people.course_of("moodle", {CLAIM + "context": {"id": identifier}})


def test_courses_never_share_a_name() -> None:
    """Ids that differ in letters alone, or in what a name cannot have, are courses of their own."""
    ids = [
        "12",
        "BIO",
        "bio",
        "Bio",
        "b-io",
        "b io",
        "course-v1:A+B+C",
        "course-v1-A-B-C",
        "x" * 40,
        "x" * 41,
        "x" * 42,
    ]
    assert len({course(each) for each in ids}) == len(ids)
    assert course("12") == "lti-moodle-12"
    assert all(len(course(each)) <= 60 for each in ids)


@pytest.mark.parametrize("identifier", ["", None, 12, [], {}])
def test_no_course_is_no_group(identifier: object) -> None:
    """A launch from outside of a course makes nobody a member of anything."""
    assert course(identifier) == ""


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "Ada.L"}, "ada.l"),
        ({CLAIM + "ext": {"user_username": "alovelace"}, "email": "ada@x.example"}, "alovelace"),
        ({"email": "Ada.Lovelace@School.example"}, "ada.lovelace"),
        ({"given_name": "Jürgen", "family_name": "Groß"}, "juergen.gross"),
        ({"given_name": "Łukasz"}, "lukasz"),
        ({"name": "Ada Lovelace"}, "ada.lovelace"),
        ({"preferred_username": "../../etc", "email": "a@x"}, "etc"),
        ({"preferred_username": "李", "email": ""}, "p-none"),
        ({}, "p-none"),
        ({"preferred_username": ["ada"], "email": 7}, "p-none"),
    ],
)
def test_readable_names(claims: dict[str, Any], name: str) -> None:
    """A newcomer is called by what people know them by, as far as a user name can hold it."""
    assert people.proposed_name(claims, "readable", "p-none") == name


@given(st.text(), st.text())
@examples(100)
def test_every_name_is_one(name: str, subject: str) -> None:
    """Whatever a platform sends, what is proposed is a user name that the hub takes."""
    made = people.pseudonym(b"secret", subject.encode(errors="replace").decode())
    proposed = people.proposed_name({"preferred_username": name}, "readable", made)
    assert re.fullmatch(USERNAME_PATTERN, proposed)


def test_pseudonyms_are_kept_and_told_apart() -> None:
    """The same person has the same pseudonym, on this hub; on another hub it is another one."""
    made = {people.pseudonym(secret, subject) for secret in (b"one", b"two") for subject in ("2", "3")}
    assert len(made) == 4
    assert people.pseudonym(b"one", "2") in made


@pytest.mark.parametrize(("locale", "found"), [("de", "de"), ("de_DE", "de-DE"), ("<b>", ""), (7, ""), (None, "")])
def test_locale(locale: object, found: str) -> None:
    """The language of the platform is taken where it is one."""
    assert people.locale({CLAIM + "launch_presentation": {"locale": locale}}) == found


FOREIGN = [
    "https://evil.example/biology/hub/",
    "//evil.example/biology/hub/",
    "/\\evil.example/",
    "https:evil.example",
    "https://hub.example@evil.example/biology/",
    "https://hub.example.evil.example/biology/",
    "https://hub.example:444/biology/",
    "http://hub.example/biology/hub/",
    "javascript:alert(1)//biology/",
    "/biology/\t/evil.example",
    "/biology//evil.example",
    "/biology/%2f/evil.example",
    "/biology/%5cevil.example",
    "/biology/../evil",
    "/biology/%2e%2e/evil",
    "/chemistry/hub/",
    "/",
    "",
    "https://[broken/biology/",
    "/biology/hub/\r\nSet-Cookie: a=b",
    "/biology/" + "x" * 3000,
]


@pytest.mark.parametrize("address", FOREIGN)
def test_a_launch_leads_nowhere_else(address: str) -> None:
    """No spelling of a target, next page or custom parameter leads to another site, or out of this deployment."""
    assert target.own_path(address, HUB) == ""
    for claims in (
        {CLAIM + "target_link_uri": address},
        {CLAIM + "custom": {"next": address}},
        {CLAIM + "target_link_uri": f"{HUB}hub/lti13/oauth_callback?next={address}"},
    ):
        found = target.landing(claims, HUB)
        assert found == "" or found.startswith("/biology/hub/")


@pytest.mark.parametrize(
    ("claims", "path"),
    [
        (
            {CLAIM + "target_link_uri": f"{HUB}hub/user-redirect/lab/tree/a.ipynb"},
            "/biology/hub/user-redirect/lab/tree/a.ipynb",
        ),
        (
            {CLAIM + "target_link_uri": f"{HUB}hub/user-redirect/git-pull?repo=https%3A%2F%2Fx.example%2Fr"},
            "/biology/hub/user-redirect/git-pull?repo=https%3A%2F%2Fx.example%2Fr",
        ),
        ({CLAIM + "target_link_uri": f"{HUB}hub/lti13/oauth_callback"}, ""),
        (
            {CLAIM + "target_link_uri": f"{HUB}hub/lti13/oauth_callback?next=%2Fbiology%2Fhub%2Fhome"},
            "/biology/hub/home",
        ),
        ({CLAIM + "target_link_uri": f"{HUB}hub"}, ""),
        ({CLAIM + "target_link_uri": HUB}, ""),
        ({CLAIM + "custom": {"next": "/biology/hub/home"}}, "/biology/hub/home"),
        (
            {CLAIM + "custom": {"notebook": "week 1/übung.ipynb"}},
            "/biology/hub/user-redirect/lab/tree/week%201/%C3%BCbung.ipynb",
        ),
        (
            {CLAIM + "target_link_uri": f"{HUB}hub/user-redirect/lab/tree/week 1/Übung.ipynb "},
            "/biology/hub/user-redirect/lab/tree/week%201/%C3%9Cbung.ipynb",
        ),
        (
            {
                CLAIM + "custom": {
                    "next": "/biology/hub/user-redirect/git-pull?repo=https://x.example/r&branch=week/2%2Bü"
                }
            },
            "/biology/hub/user-redirect/git-pull?repo=https://x.example/r&branch=week/2%2B%C3%BC",
        ),
        ({CLAIM + "custom": {"notebook": "../../hub/admin"}}, ""),
        ({CLAIM + "custom": {"folder": "/week1/"}}, "/biology/hub/user-redirect/lab/tree/week1"),
        (
            {CLAIM + "custom": {"git": "https://git.example/course.git", "branch": "main", "open": "a.ipynb"}},
            "/biology/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgit.example%2Fcourse.git&branch=main"
            "&targetpath=course&urlpath=lab%2Ftree%2Fcourse%2Fa.ipynb",
        ),
        ({CLAIM + "custom": {"git": "file:///etc/passwd"}}, ""),
        ({CLAIM + "custom": {"git": "ext::sh -c touch"}}, ""),
        ({CLAIM + "custom": ["next"]}, ""),
    ],
)
def test_where_a_launch_leads(claims: dict[str, Any], path: str) -> None:
    """A target or custom parameters name a page of this hub, a file, a folder or a repository."""
    assert target.landing(claims, HUB) == path
