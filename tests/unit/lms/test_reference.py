"""What is sent to a learning platform, beside what the library sends that other tools send with (pylti1p3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
from homeroom.lti.own_keys import OwnKey
from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.names_roles import NamesRolesProvisioningService
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from tests.lti_platform import CLIENT_ID, LearningPlatform
from tests.lti_services import AGS, NRPS
from tests.unit.lms.conftest import KEY, Service, public_pem

HEADERS = ("Content-Type", "Accept")


class Reference:
    """The library as a tool of the platform's that has the hub's key."""

    def __init__(self, school: LearningPlatform) -> None:
        registration: Any = Registration().set_issuer(school.url).set_client_id(CLIENT_ID)
        registration.set_auth_token_url(f"{school.url}/token").set_tool_private_key(KEY.private)
        web = requests.Session()
        web.trust_env = False
        connector: Any = ServiceConnector(registration, web)
        kept: dict[str, str] = {}
        connector._get_cached_access_token = kept.get
        connector._cache_access_token = lambda scope, token, expires_in: kept.update({scope: token})
        registration.get_kid = lambda: KEY.kid
        said = school.services.claims()
        self.grades = AssignmentsGradesService(connector, said[f"{AGS}claim/endpoint"])
        self.members = NamesRolesProvisioningService(connector, said[f"{NRPS}claim/namesroleservice"])

    def column(self) -> Any:
        """The assignment's column, found or made."""
        wanted = LineItem().set_label("Week-1").set_score_maximum(10).set_resource_id("week-1").set_tag("biology")
        return self.grades.find_or_create_lineitem(wanted)

    def send(self, user_id: str, points: float, column: Any = None) -> None:
        """Send a grade for the assignment, or into another column."""
        grade = Grade().set_user_id(user_id).set_score_given(points).set_score_maximum(10)
        grade.set_timestamp(datetime.now(UTC).isoformat())
        grade.set_activity_progress("Completed").set_grading_progress("FullyGraded")
        self.grades.put_grade(grade, column or self.column())


def token_request(body: str) -> dict[str, Any]:
    """What a request for a token says, without what is new each time."""
    said = {name: value for name, (value,) in parse_qs(body).items()}
    assertion = said["client_assertion"]
    claims = jwt.decode(assertion, options={"verify_signature": False})
    claims["life"] = claims.pop("exp") - claims.pop("iat") > 0
    assert claims.pop("jti")
    scopes = {each for each in said["scope"].split() if "/scope/" in each}
    assert f"{AGS}scope/score" in scopes
    return {**said, "client_assertion": [jwt.get_unverified_header(assertion), claims], "scope": "", "jti": ""}


def plain(method: str, address: str, headers: Any, body: bytes) -> Any:
    """A request, without what is new each time."""
    if address.startswith("/token"):
        return method, address, headers["Content-Type"], token_request(body.decode())
    said = json.loads(body) if body else None
    if isinstance(said, dict) and "timestamp" in said:
        at = datetime.fromisoformat(said.pop("timestamp"))
        assert at.tzinfo is not None
        assert abs((at - datetime.now(UTC)).total_seconds()) < 600
    kinds = tuple(headers[name] for name in (HEADERS if method == "GET" else HEADERS[:1]))
    return method, address, kinds, said


@pytest.fixture
def asked(school: LearningPlatform, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the platform is asked, in order."""
    found: list[Any] = []
    answer = school.services.answer

    def listen(method: str, address: str, headers: Any, body: bytes) -> Any:
        found.append(plain(method, address, headers, body))
        return answer(method, address, headers, body)

    monkeypatch.setattr(school.services, "answer", listen)
    return found


def test_what_is_sent_is_what_the_library_sends(lms: Service, school: LearningPlatform, asked: list[Any]) -> None:
    """A grade for a new assignment, at a platform with Moodle's addresses: the same requests in the same order, with
    the same token request, column and score, but for times and the scopes, of which each asks for all it may have."""
    lms.connect()
    lms.send(("1", "week-1", 7.5))
    ours = asked.copy()
    asked.clear()
    for kept in (school.services.columns, school.services.scores, school.services.tokens):
        kept.clear()
    Reference(school).send("1", 7.5)
    assert len(ours) == 4
    assert ours == asked


def test_columns_of_one_are_found_by_the_other(lms: Service, school: LearningPlatform) -> None:
    """Neither makes a second column beside one that the other has made, and each one's grades stand in it."""
    reference = Reference(school)
    reference.send("2", 4)
    lms.connect()
    lms.send(("1", "week-1", 7.5))
    assert len(school.services.columns) == 1
    lms.send(("1", "week-2", 3))
    reference.send("3", 1, reference.grades.find_lineitem_by_resource_id("week-2"))
    assert len(school.services.columns) == 2
    assert school.services.given("Week-1") == {"2": 4, "1": 7.5}
    assert school.services.given("Week-2") == {"1": 3, "3": 1}


def test_members_are_those_that_the_library_reads(lms: Service, school: LearningPlatform) -> None:
    """Of a list of several pages both know the same people."""
    school.services.page_size, school.services.unquoted_links = 7, False
    school.services.people = {str(number): {} for number in range(30)}
    lms.connect(roster=True)
    theirs = [each["user_id"] for each in Reference(school).members.get_members()]
    assert sorted(each["user_id"] for each in lms.roster()["members"]) == sorted(theirs)


def test_the_key_is_published_as_the_library_would(school: LearningPlatform) -> None:
    """The key set's values are those that the library gives platforms, but for how a key is called."""
    theirs = dict(Registration.get_jwk(public_pem(KEY)))
    ours = OwnKey.public(KEY)
    assert theirs.pop("kid") != ours.pop("kid")
    assert ours == theirs
