"""nbgrader's own commands and pages in real labs, with the hand-in desk for its exchange."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from generator.topics.drill import beside
from generator.topics.storage import homes
from tests.faults import until
from tests.git_server import committed
from tests.grader_lab import RUN, SOURCE, WORK, grader_lab, said
from tests.hub_deployment import HubDeployment, deployment_with_site, engine, named_on_engine
from tests.person import Person

ANN = "a.b@x.org" + "+" * 55
"""As long as a name can be, and of what is longest in others: a volume's name, an address, an id in nbgrader."""
ANN_ID = "a.b@x.org" + "-2b" * 55
COURSES = f"""\
courses:
  - name: botany
    title: Botany for all
    teachers: {{people: [ada]}}
    students: {{people: [b+ob, "{ANN}"]}}
    assignments: [{{name: week-1, opens: 2020-01-01, due: 2099-01-01 12:00}}]
"""
FULL = "ulimit -f 0"
"""From here on no byte is written into a file, as in a home and on a disk that are full."""
HOSTILE = """
import pathlib
folder = pathlib.Path.home() / "week-1"
(folder / "nbgrader_config.py").write_text("open('/tmp/executed', 'w')")
(folder / ".jupyter").mkdir()
(folder / ".jupyter/nbgrader_config.py").write_text("open('/tmp/executed', 'w')")
(folder / "timestamp.txt").write_text("2001-01-01 00:00:00 UTC")
(folder / "submission_secret.txt").write_text("AAAAA-AAAAA")
(folder / "data.csv").write_text("1,2")
"""
COLLECTED = """
import pathlib
for path in sorted(pathlib.Path.home().glob("course/submitted/*/week-1/*")):
    print(path.parts[-3], path.name, path.read_text() if path.suffix == ".txt" else "")
"""
FEEDBACK = """
import pathlib
(page,) = pathlib.Path.home().glob("week-1/feedback/*/week.html")
text = page.read_text()
print(page.parent.name, "try larger numbers" in text, "HIDDEN" in text, "f(41)" in text)
"""
TYPED = """
import json, pathlib, shutil, subprocess
home = pathlib.Path.home()
shutil.copytree(home / "week-1", home / "wrong", dirs_exist_ok=True)
(home / "wrong/week.ipynb").write_text((home / "wrong/week.ipynb").read_text().replace("return 2", "return 5"))
(home / "wrong/half.ipynb").write_text((home / "wrong/week.ipynb").read_text()[:99])
for command in %r:
    done = subprocess.run(f"nbgrader {command}", shell=True, cwd=home, capture_output=True, text=True)
    print(json.dumps([done.returncode, done.stdout + done.stderr]))
shutil.rmtree(home / "wrong")
"""
TOLD = {
    "validate week-1/week.ipynb": (0, "Success! Your notebook passes all the tests."),
    "validate wrong/week.ipynb": (0, "The following cell failed"),
    "validate wrong/nowhere.ipynb": (1, "There is no notebook wrong/nowhere.ipynb here."),
    "validate wrong/half.ipynb": (1, "wrong/half.ipynb cannot be validated: it is no whole notebook"),
    "list nothing": (0, "None of nothing. Without a name all are listed."),
    "fetch_assignment nothing": (1, "botany has no assignment nothing that can be fetched now."),
    "submit nothing": (1, "Assignment not found at: /home/jovyan/nothing"),
    "submit week-1 --course zoology": (1, "There is no such course, or you do not take it."),
    "fetch_feedback nothing": (0, "There is no feedback for botany nothing yet."),
    "collect week-1": (1, "Hand-ins are collected in the course's grader lab"),
}
"""What a student types, how that ends, and what is said."""
ASK = """
import http.client, socket
for method, path in %r:
    desk = http.client.HTTPConnection("desk")
    desk.sock = socket.socket(socket.AF_UNIX)
    desk.sock.connect("/run/lab/desk.sock")
    desk.request(method, path)
    print(desk.getresponse().status)
"""
TRAP = """
import pathlib
for place in ("", ".jupyter", "week-1"):
    folder = pathlib.Path.home() / place
    folder.mkdir(exist_ok=True)
    (folder / "nbgrader_config.py").write_text("open('/tmp/executed', 'w')")
"""


@pytest.fixture(scope="module")
def school(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with a course, and nbgrader in its labs."""
    settings = {"AUTH": "native", "LAB_FEATURES": "nbgrader", "TIMEZONE": "Europe/Vienna"}
    directory = tmp_path_factory.mktemp("school")
    with deployment_with_site(directory, "hrexchange", {"courses.yaml": COURSES}, **settings) as made:
        yield made


@pytest.fixture(scope="module")
def people(school: HubDeployment) -> dict[str, Person]:
    """The course's teacher and students, whose labs run, and its grader lab."""
    found = {}
    for name in ("ada", "b+ob", ANN):
        found[name] = Person(school, name)
        assert found[name].sign_in(school.new_password(name)).status_code == 200
    found["grader"] = grader_lab(found["ada"], "botany")
    for name in ("b+ob", ANN):
        found[name].name = quote(name, safe="@")  # as addresses have it
        found[name].start_lab()
    return found


def graded(people: dict[str, Person], command: str) -> str:
    """What nbgrader says in the grader lab."""
    return said(people["grader"], f"cd ~/course && nbgrader {command} --course botany")


def test_an_assignment_goes_the_whole_way(people: dict[str, Person]) -> None:
    """Released, fetched, handed in, listed, collected, graded and given back with stock commands, for people with odd
    names. The receipt's time is the submission's; nothing that a hand-in says counts, and what would be run stays out.
    Feedback comes back to its owner, without hidden tests. Where nothing can be written any more, it is handed in all
    the same, and what does not fit is told in words."""
    bob, ann = people["b+ob"], people[ANN]
    people["grader"].run(SOURCE)
    graded(people, "generate_assignment week-1")
    assert "Released as: botany week-1" in graded(people, "release_assignment week-1")

    assert "botany week-1" in said(bob, "nbgrader list")
    for person, solution in ((bob, "def f(x):\n    return 2"), (ann, "def f(x):\n    return x + 1")):
        assert "Fetched as: botany week-1" in said(person, "nbgrader fetch_assignment week-1")
        person.run(WORK % solution)
    bob.run(HOSTILE)
    receipts = [
        re.search(r"Receipt: (\S+)  (\S+ \S+) Europe/Vienna", said(person, f"{FULL}; {command} week-1"))
        for person, command in ((bob, "nbgrader submit"), (ann, "homeroom hand-in"))
    ]
    first, second = ((found[1], found[2]) for found in receipts if found)
    assert f"botany b-2bob week-1 {first[1]}" in said(bob, "nbgrader list --cached")
    assert ANN_ID not in said(bob, "nbgrader list --inbound")

    listed = graded(people, "list --inbound")
    assert f"botany b-2bob week-1 {first[1]}" in listed
    assert f"botany {ANN_ID} week-1 {second[1]}" in listed
    assert "nbgrader_config.py" in graded(people, "collect week-1")
    found = people["grader"].run(COLLECTED)
    assert [line.split()[:2] for line in found.splitlines()] == [
        [ANN_ID, "submission_secret.txt"],
        [ANN_ID, "timestamp.txt"],
        [ANN_ID, "week.ipynb"],
        ["b-2bob", "data.csv"],
        ["b-2bob", "submission_secret.txt"],
        ["b-2bob", "timestamp.txt"],
        ["b-2bob", "week.ipynb"],
    ]
    assert re.search(rf"b-2bob timestamp.txt {first[1]}\+0[12]00", found)
    assert f"b-2bob submission_secret.txt {first[0]}" in found
    graded(people, "autograde week-1")
    graded(people, "generate_feedback week-1")
    assert "Releasing feedback for student 'b-2bob'" in graded(people, "release_feedback week-1")

    assert "feedback ready to be fetched" in said(bob, "nbgrader list --cached")
    full = bob.run(RUN % f"{FULL}; nbgrader fetch_feedback week-1")
    assert (full[:2], "Is it full?" in full, "Traceback" in full) == ("1 ", True, False), full
    said(bob, "nbgrader fetch_feedback week-1")
    assert bob.run(FEEDBACK).split()[1:] == ["True", "False", "False"]
    assert first[0] in bob.run(FEEDBACK)
    assert "feedback already fetched" in said(bob, "nbgrader list --cached")
    attacks = [("GET", f"/feedback/{second[0]}"), ("GET", f"/hand-ins/{second[0]}"), ("PUT", "/released/week-1")]
    assert bob.run(ASK % attacks).split() == ["404"] * 3
    page = people["ada"].get("hub/homeroom/courses/botany").text
    assert "Feedback for 2 hand-ins is out." in page
    assert first[0] in page


def test_what_a_student_types_is_answered_in_words(people: dict[str, Person]) -> None:
    """`nbgrader validate` in a terminal says which tests of a notebook fail. Of what is not there, or no notebook, each
    command says what is wrong, and none answers with a traceback of its own."""
    bob = people["b+ob"]
    answers = [json.loads(line) for line in bob.run(TYPED % list(TOLD)).splitlines()]
    for (command, (code, words)), (ended, said_of_it) in zip(TOLD.items(), answers, strict=True):
        assert (ended, words in said_of_it) == (code, True), f"{command}: {ended} {said_of_it}"
        assert ended == 0 or "Traceback" not in said_of_it, f"{command}: {said_of_it}"


def test_nbgraders_pages_run_nothing_of_the_home(people: dict[str, Person]) -> None:
    """The assignment list shows what there is, hands in, tells what is refused in words, and executes no configuration
    that lies in the home; nor do the grader lab's pages."""
    ann = people[ANN]
    ann.run(TRAP)
    answer = ann.ask_lab("GET", "assignments?course_id=botany")
    assert answer.status_code == 200, answer.text
    values = json.loads(answer.text)
    assert values["success"], values
    assert {each["status"] for each in values["value"]} == {"fetched", "submitted"}
    answer = ann.ask_lab("POST", "assignments/submit", data={"course_id": "botany", "assignment_id": "week-1"})
    assert json.loads(answer.text)["success"], answer.text
    ann.run("import pathlib; (pathlib.Path.home() / 'week-0').mkdir()")
    answer = ann.ask_lab("POST", "assignments/submit", data={"course_id": "botany", "assignment_id": "week-0"})
    assert (json.loads(answer.text)["success"], "Traceback" in answer.text) == (False, False), answer.text
    assert len(said(ann, "homeroom hand-ins").splitlines()) == 3
    people["grader"].run(TRAP)
    for page in ("formgrader/manage_assignments", "formgrader/api/assignments"):
        assert people["grader"].ask_lab("GET", page).status_code == 200, page
    for person in (ann, people["grader"]):
        assert person.run("import os; print(os.path.exists('/tmp/executed'))") == "False\n"


def test_robots_take_it_before(school: HubDeployment, people: dict[str, Person]) -> None:
    """`make course-rehearse` has robots do an assignment from its release to its feedback, with the material that lies
    in the grader lab. Nothing of what runs is touched, and nothing is left."""
    before = people["ada"].get("hub/homeroom/courses/botany").text
    with committed(school.directory):
        said = " ".join(school.make("course-rehearse", "COURSE=botany").stdout.split())
    for words in (
        "its tests run in a student's lab",
        "3 of 3 points for the source's answers",
        "week-1: feedback comes back",
        "1 assignment of botany can be done: week-1.",
    ):
        assert words in said, f"{words}: {said}"
    assert named_on_engine(beside.name_of(school.project, school.directory, what="exam")) == []
    assert people["ada"].get("hub/homeroom/courses/botany").text == before


def test_a_course_ends_and_the_next_begins(school: HubDeployment, people: dict[str, Person], tmp_path: Path) -> None:
    """All of a course is written into one archive. The next term's has its material and dates, and nobody's work or
    name. What students did goes at the word, and then all of the course. The archive brings it back whole: its members,
    receipts with their times, feedback and gradebook."""
    assert people["grader"].api("DELETE", "users/grader-botany/server").status_code in (202, 204)
    until(lambda: not school.labs("grader-botany"), "the grader lab is gone")
    archive, handed_in = tmp_path / "botany.tar.gz", said(people["b+ob"], "homeroom hand-ins")
    school.make("course-export", "COURSE=botany", f"TO={archive}")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    assert {"homeroom-course.json", "course/gradebook.db", "course/source/week-1/week.ipynb"} <= set(names)
    assert [name for name in names if name.startswith("desk/hand-ins/week-1/b-2bob/") and name.endswith("week.ipynb")]

    site = school.directory / "site/courses.yaml"
    before = site.read_text()
    copy = ("course-copy", "COURSE=botany", "TO=botany-2", "DATES=+364d")
    assert "Nothing was changed" in school.make(*copy, "DRY=1").stdout
    assert site.read_text() == before
    school.make(*copy)
    assert site.read_text().startswith(before)
    home = home_of(school, "grader-botany-2")
    assert home == ["course/gradebook.db", "course/release/week-1/week.ipynb", "course/source/week-1/week.ipynb"]
    assert "the same: week-1" in school.make("course-import", "COURSE=botany-2", f"FROM={archive}").stdout

    assert "NAMED=botany removes it" in school.make("course-reset", "COURSE=botany").stdout
    assert school.verb("course-reset", "--named=other", "--", "botany").returncode
    assert "week-1" in said(people["b+ob"], "homeroom hand-ins")
    school.make("course-reset", "COURSE=botany", "NAMED=botany")
    assert "b-2bob" not in "".join(home_of(school, "grader-botany"))
    assert "Nothing was handed in yet." in said(people["b+ob"], "homeroom hand-ins")

    refused = school.make("course-delete", "COURSE=botany", "NAMED=botany", check=False)
    assert "is in site/courses.yaml; nothing was removed" in refused.stdout
    site.write_text("courses:\n" + site.read_text().partition(f"{before}\n")[2])
    school.up()
    school.make("course-delete", "COURSE=botany", "NAMED=botany")
    assert "Nothing is kept" in school.make("course-delete", "COURSE=botany", "NAMED=botany").stdout
    kept = engine().volumes.list(filters={"label": "homeroom.user=grader-botany"})
    assert [each for each in kept if each.attrs["Labels"]["homeroom.deployment"] == school.project] == []
    assert len(list((school.directory / "course-archives").glob("botany-20*.tar.gz"))) == 2

    whole = ("course-import", f"FROM={archive}", "WHOLE=1")
    assert "Nothing was changed" in school.make(*whole, "DRY=1").stdout
    assert "botany\n" not in site.read_text()
    assert "with receipts, feedback for 2 hand-ins" in school.make(*whole).stdout
    assert "has all of it already" in school.make(*whole).stdout
    school.up()
    until(lambda: said(people["b+ob"], "homeroom hand-ins") == handed_in, "each has their receipts again")
    said(people["b+ob"], "rm -r week-1/feedback && nbgrader fetch_feedback week-1")
    assert people["b+ob"].run(FEEDBACK).split()[1:] == ["True", "False", "False"]
    people["grader"] = grader_lab(people["ada"], "botany")
    assert "b-2bob" in said(people["grader"], "cd ~/course && nbgrader db student list --db sqlite:///gradebook.db")
    audit = school.make("audit").stdout
    assert all(word in audit for word in ("course-export", "course-copy", "course-reset", "course-delete"))


def home_of(school: HubDeployment, name: str) -> list[str]:
    """The files in the course of a grader lab's home."""
    listed = engine().containers.run(
        f"{school.project}-hub:local",
        ["find", "/srv/homes/course", "-type", "f", "-printf", "%P\n"],
        user="0:0",
        volumes={f"{school.project}-user-{homes.home_name(name)}": {"bind": "/srv/homes", "mode": "ro"}},
        remove=True,
    )
    return sorted(f"course/{line}" for line in listed.decode().split())
