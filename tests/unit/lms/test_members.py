"""Who is in a course at its learning platform: all pages, context roles alone, and nothing by halves."""

from __future__ import annotations

import pytest
from homeroom.lms.web import next_page
from multidict import CIMultiDict

from tests.lti_platform import MEMBERSHIP, LearningPlatform
from tests.lti_services import Answer
from tests.unit.lms.conftest import Service

LECTURER = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"


@pytest.mark.parametrize("unquoted", [True, False])
def test_all_pages_are_read(lms: Service, school: LearningPlatform, unquoted: bool) -> None:
    """A list of several pages is one list, however its links are written."""
    school.services.page_size, school.services.unquoted_links = 7, unquoted
    school.services.people = {str(number): {} for number in range(30)}
    lms.connect(roster=True)
    assert len(lms.roster()["members"]) == 30


def test_roles_are_those_of_the_course(lms: Service, school: LearningPlatform) -> None:
    """Who teaches somewhere in the institution is a student where they are one; an assistant is no teacher; who is
    inactive or nothing in the course is not in it."""
    school.services.people = {
        "1": {"roles": [f"{MEMBERSHIP}#Learner", LECTURER]},
        "2": {"roles": [f"{MEMBERSHIP}#Instructor"]},
        "3": {"roles": [f"{MEMBERSHIP}/Instructor#TeachingAssistant", f"{MEMBERSHIP}#Instructor"]},
        "4": {"roles": ["Learner"], "status": "Inactive"},
        "5": {"roles": [LECTURER]},
        "6": {"roles": ["Learner"], "status": None, "name": None, "given_name": "Zoë", "family_name": "Å\u0007"},
    }
    lms.connect(roster=True)
    found = lms.roster()["members"]
    assert [(each["user_id"], each["role"]) for each in found] == [
        ("1", "students"),
        ("2", "teachers"),
        ("3", "assistants"),
        ("6", "students"),
    ]
    assert found[3]["name"] == "Zoë Å"


@pytest.mark.parametrize(
    ("nonsense", "told"),
    [
        (Answer(body='{"members": [{"user_id": "ö", "roles": ["Learner"]}]}'.encode("latin-1")), "UTF-8"),
        (Answer(body={"members": [{"roles": ["Learner"]}]}), "without user_id"),
        (Answer(body={"members": []}), "nobody is in the course"),
        (Answer(status=403, body={"error": "above 1000 people"}), "above 1000 people"),
        (Answer(body={"members": []}, headers={"Link": "</members/12>; rel=next"}), "no end"),
        (Answer(status=500, body="ö"), "500"),
    ],
    ids=["encoding", "no id", "empty", "closed", "endless", "fault"],
)
def test_a_list_that_cannot_be_had_changes_nothing(
    lms: Service, school: LearningPlatform, nonsense: Answer, told: str
) -> None:
    """What was known stays, and the fault is told."""
    lms.connect(roster=True)
    known = lms.roster()
    school.services.fault = lambda path: nonsense if path == "/members/12" else None
    lms.ask("POST", "/courses/biology/roster")
    after = lms.roster(fault=True)
    assert told in after["fault"]
    assert (after["members"], after["read_at"]) == (known["members"], known["read_at"])


def test_the_button_asks_at_most_now_and_then(lms: Service, school: LearningPlatform) -> None:
    """Who presses it again and again does not make us a nuisance to the platform."""
    lms.connect(roster=True)
    lms.roster()
    assert [lms.ask("POST", "/courses/biology/roster")["asked"] for _ in range(3)] == [True, False, False]


def test_no_launch_yet_is_told(lms: Service) -> None:
    """Before the first launch nobody knows where the members are: told, with what to do."""
    lms.connect(roster=True, members="")
    assert "open it once from there" in lms.roster(fault=True)["fault"]


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ('<https://x.example/m?p=2>; rel="next"', "https://x.example/m?p=2"),
        ("<https://x.example/m?p=2>;rel=next", "https://x.example/m?p=2"),
        (
            '<https://x.example/m?p=0>; rel="prev", <https://x.example/m?p=2>; rel="next last"',
            "https://x.example/m?p=2",
        ),
        ('<https://x.example/m?p=9>; rel="current"', ""),
        ("</m?p=2>; rel=next", "https://x.example/m?p=2"),
        ('<https://x.example/m,1?p=2>; title="next"; rel="prev"', ""),
    ],
)
def test_links_are_read_in_all_spellings(link: str, found: str) -> None:
    """Platforms write the link to the next page in many ways."""
    assert next_page("https://x.example/m", CIMultiDict({"Link": link})) == found
