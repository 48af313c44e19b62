"""Courses of a running deployment: they come, change and go while people work, and take what is handed in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import Person

FIRST = """\
courses:
  - name: zoology
    teachers: {people: [admin]}
"""
COURSES = f"""{FIRST}\
  - name: botany
    title: Botany for all
    teachers: {{people: [admin]}}
    students: {{people: [%s]}}
    assignments: [{{name: week-1, opens: 2020-01-01, due: 2099-01-01}}]
"""
HANDOUTS = """\
handouts:
  - {name: week1, from: week1, to: botany/week1, courses: [botany]}
  - {name: answers, from: answers, to: botany/answers, courses: [botany], visible_from: 2099-01-01 08:00}
"""
HAND_IN = """
import pathlib, subprocess
pathlib.Path("week-1").mkdir(exist_ok=True)
pathlib.Path("week-1/week.ipynb").write_text("{}")
done = subprocess.run(["homeroom", "hand-in", "week-1"], capture_output=True, text=True)
print(done.returncode, done.stdout, done.stderr)
"""


@pytest.fixture(scope="module")
def file(deployment: HubDeployment) -> Iterator[Path]:
    """The operator's courses, which are gone again at the end, with what is handed out to one."""
    site = deployment.directory / "site"
    path, handouts, folder = site / "courses.yaml", site / "handouts.yaml", site / "handouts/week1"
    before = {each: each.read_text() for each in (path, handouts)}
    try:
        folder.mkdir(parents=True)
        (folder / "sheet.txt").write_text("petals")
        yield path
    finally:
        for each, text in before.items():
            each.write_text(text)
        shutil.rmtree(folder.parent)
        deployment.up()


def status(person: Person) -> int:
    """What the course's page answers."""
    return person.get("hub/homeroom/courses/botany").status_code


def test_a_course_comes_and_goes_while_people_work(deployment: HubDeployment, admin: Person, file: Path) -> None:
    """A course counts within seconds of `make up`: its page is there for members alone, what a student hands in from
    their lab has a receipt, which they and their teacher find on the page, and who is taken out is out. A slip changes
    nothing. The hub is not restarted, and a lab that ran before runs on. No lab sees what was handed in, nor the socket
    of another lab. What is handed out to the course for the first time comes into a student's home, and its page says
    who has it; while there is no such course, `make up` says so with its line."""
    file.write_text(FIRST)  # with the first course labs have less memory, which the hub is told by a restart
    deployment.up()
    started = deployment.container("hub").attrs["State"]["StartedAt"]
    file.with_name("handouts.yaml").write_text(HANDOUTS)
    said = deployment.up()
    assert "site/handouts.yaml line 2" in said, said
    assert "there is no course botany" in said
    hanna = Person(deployment, "hanna")
    hanna.sign_in(deployment.new_password("hanna"))
    assert (status(admin), status(hanna)) == (404, 404)
    file.write_text(COURSES % "hanna")
    deployment.up()
    until(lambda: (status(admin), status(hanna)) == (200, 200), "both are in the course")
    assert "course-botany-students" in hanna.api("GET", "user").json()["groups"]

    hanna.start_lab()
    said = hanna.run(HAND_IN)
    found = re.search(r"^0 Handed in. Receipt: ([A-Z0-9]{5}-[A-Z0-9]{5})", said)
    assert found is not None, said
    for person in (hanna, admin):
        assert found[1] in person.get("hub/homeroom/courses/botany").text
    assert "There is no assignment week-1" in admin.run(HAND_IN), "who teaches has nothing to hand in"
    assert hanna.run("import os; print(sorted(os.listdir('/run/lab')))") == "['desk.sock', 'lab.sock']\n"
    assert all("courses" not in str(mount.get("Name")) for mount in deployment.lab("hanna").attrs["Mounts"])

    deployment.make("publish-handouts")
    read = "import pathlib; f = pathlib.Path('botany/week1/sheet.txt'); print(f.is_file() and f.read_text())"
    hanna.until_told(read, lambda told: told == "petals\n", "she has the handout")
    page = "hub/homeroom/courses/botany"
    until(lambda: "It is among your files." in hanna.get(page).text, "her lab told the hub")
    assert "botany/answers" in hanna.get(page).text
    assert "2099-01-01 08:00" in hanna.get(page).text
    assert "1 of 2 has it" in admin.get(page).text
    assert "answers" not in hanna.run("import os; print(list(os.walk('/srv/handouts')))")

    file.write_text(COURSES % "hanna" + "        late: perhaps\n")
    refused = deployment.make("check", check=False)
    assert refused.returncode != 0
    assert "site/courses.yaml line 9" in refused.stdout
    assert status(hanna) == 200
    file.write_text(COURSES % "")
    deployment.make("render")
    until(lambda: status(hanna) == 404, "she is out")
    hanna.until_told(HAND_IN, lambda told: "you take no course here" in told, "she hands in nothing more")
    assert status(admin) == 200
    assert deployment.container("hub").attrs["State"]["StartedAt"] == started
    hanna.stop_lab()
