"""What people handed in, once the last course is gone and the hand-in desk with it."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import until
from tests.hub_deployment import HubDeployment, engine
from tests.person import Person

COURSES = """\
courses:
  - name: gone
    title: A course that ends
    teachers: {people: [admin]}
    students: {people: [%s]}
    assignments: [{name: week-1, opens: 2020-01-01, due: 2099-01-01}]
"""
HAND_IN = """
import pathlib, subprocess
pathlib.Path("week-1").mkdir(exist_ok=True)
pathlib.Path("week-1/week.ipynb").write_text("handed in by %s")
done = subprocess.run(["homeroom", "hand-in", "week-1"], capture_output=True, text=True)
print(done.returncode, done.stdout, done.stderr)
"""


@pytest.fixture
def file(deployment: HubDeployment) -> Iterator[Path]:
    """The operator's courses, which are as before at the end."""
    path = deployment.directory / "site/courses.yaml"
    before = path.read_text()
    yield path
    path.write_text(before)
    deployment.up()


def until_in_course(person: Person) -> None:
    """Wait until the course counts."""
    until(lambda: person.get("hub/homeroom/courses/gone").status_code == 200, "the course is there")


def desks(deployment: HubDeployment) -> list[Any]:
    """The desks that there are, running or not."""
    labels: list[str] = [f"com.docker.compose.project={deployment.project}", "com.docker.compose.service=desk"]
    found: list[Any] = engine().containers.list(all=True, filters={"label": labels})
    return found


def kept(deployment: HubDeployment, word: str) -> str:
    """The files of the volume of hand-ins in which a word is, or by whose names it is known."""
    said: Any = engine().containers.run(
        f"{deployment.project}-hub:local",
        ["sh", "-c", f"grep -rl '{word}' /srv/courses; find /srv/courses -name '*{word}*'"],
        user="0:0",
        volumes={f"{deployment.project}_courses": {"bind": "/srv/courses", "mode": "ro"}},
        network_mode="none",
        entrypoint=[],
        remove=True,
    )
    return str(said.decode())


def test_they_are_given_out_and_forgotten_without_a_course(
    deployment: HubDeployment, file: Path, tmp_path: Path
) -> None:
    """The archive of a person has their receipts, and their removal for good takes their hand-ins along, and nobody
    else's, also when no desk runs; none is left running, and the pages have none."""
    names = ("leaves-course", "stays-course")
    people = [Person(deployment, name) for name in names]
    for person in people:
        person.sign_in(deployment.new_password(person.name))
    before = file.read_text()
    file.write_text(COURSES % ", ".join(names))
    deployment.up()
    receipts = []
    for person in people:
        until_in_course(person)
        person.start_lab()
        said = person.run(HAND_IN % person.name)
        found = re.search(r"^0 Handed in. Receipt: ([A-Z0-9]{5}-[A-Z0-9]{5})", said)
        assert found is not None, said
        receipts.append(found[1])
        person.stop_lab()

    file.write_text(before)
    deployment.up()
    assert desks(deployment) == []
    archive = tmp_path / "leaver.tar.gz"
    deployment.make("user-export", f"NAME={names[0]}", f"TO={archive}")
    with tarfile.open(archive) as opened:
        account = opened.extractfile("account.json")
        assert account is not None
        found_of = json.loads(account.read())["courses"]
    assert receipts[0] in json.dumps(found_of)
    assert receipts[1] not in json.dumps(found_of)

    assert kept(deployment, names[0])
    assert kept(deployment, names[1])
    deployment.make("user-remove", f"NAME={names[0]}", f"NOW={names[0]}")
    assert kept(deployment, names[0]) == ""
    assert kept(deployment, names[1])
    assert desks(deployment) == []
