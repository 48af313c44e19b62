"""Courses of a running deployment: they come, change and go while people work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import Person

COURSES = """\
courses:
  - name: botany
    title: Botany for all
    teachers: {people: [admin]}
    students: {people: [%s]}
    assignments: [{name: week-1, opens: 2020-01-01, due: 2099-01-01}]
"""


@pytest.fixture
def file(deployment: HubDeployment) -> Iterator[Path]:
    """The operator's courses, which are gone again at the end."""
    path = deployment.directory / "site/courses.yaml"
    before = path.read_text()
    yield path
    path.write_text(before)
    deployment.make("render")


def status(person: Person) -> int:
    """What the course's page answers."""
    return person.get("hub/homeroom/courses/botany").status_code


def test_a_course_comes_and_goes_while_people_work(
    deployment: HubDeployment, admin: Person, file: Path, add_account: Callable[[str], str]
) -> None:
    """What `make up` renders of a course counts within seconds: its page is there for members alone, who is taken out
    is out, and a slip changes nothing. The hub is not restarted, and a lab runs on."""
    started = deployment.container("hub").attrs["State"]["StartedAt"]
    password = add_account("hanna")
    hanna = Person(deployment, "hanna")
    hanna.sign_in(password)
    assert (status(admin), status(hanna)) == (404, 404)
    file.write_text(COURSES % "hanna")
    deployment.make("render")
    until(lambda: (status(admin), status(hanna)) == (200, 200), "both are in the course")
    assert "course-botany-students" in hanna.api("GET", "user").json()["groups"]
    file.write_text(COURSES % "hanna" + "        late: perhaps\n")
    refused = deployment.make("check", check=False)
    assert refused.returncode != 0
    assert "site/courses.yaml line 7" in refused.stdout
    assert status(hanna) == 200
    file.write_text(COURSES % "")
    deployment.make("render")
    until(lambda: status(hanna) == 404, "she is out")
    assert status(admin) == 200
    assert admin.run("print('still here')") == "still here\n"
    assert deployment.container("hub").attrs["State"]["StartedAt"] == started
