"""The lab in which a course is graded, with real labs, hub and nbgrader: who enters, what they see, what is shut."""

from __future__ import annotations

import ast
import copy
import json
import re
import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.faults import until
from tests.git_server import PRIVATE, GitServer
from tests.hub_deployment import HubDeployment, deployment_with_site, engine
from tests.person import Person

COURSES = """\
courses:
  - name: botany
    title: Botany for all
    teachers: {people: [ada]}
    assistants: {people: [%s]}
    students: {people: [chen, b+ob]}
    assignments: [{name: week-1, opens: 2020-01-01, due: 2099-01-01 12:00}]
"""
ZOOLOGY = """\
  - name: zoology
    teachers: {people: [chen]}
"""
ATTACK = """
import pathlib
for place in ("", ".jupyter", "course", "course/submitted/chen/week-1"):
    folder = pathlib.Path.home() / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text("open('/tmp/executed', 'a').write(%r + chr(10))" % (place or "home"))
print("laid")
"""
EXECUTED = "import pathlib; p = pathlib.Path('/tmp/executed'); print(p.read_text() if p.exists() else 'nothing')"
GRADEBOOK = """
import pathlib, sqlite3
path = pathlib.Path.home() / "course/gradebook.db"
if path.exists():
    book = sqlite3.connect(path)
    print(sorted(id for (id,) in book.execute("SELECT id FROM student")),
          book.execute("SELECT name, duedate FROM assignment").fetchall(),
          sorted(each.name for each in (path.parent / "source").iterdir()))
"""

OLD_GRADEBOOK = """
import json, pathlib, sqlite3, subprocess
old = pathlib.Path.home() / "old"
old.mkdir()
book = sqlite3.connect(old / "gradebook.db")
sqlite3.connect(pathlib.Path.home() / "course/gradebook.db").backup(book)
for statement in (
    "CREATE TABLE older (id VARCHAR(32) NOT NULL, name VARCHAR(128) NOT NULL, duedate DATETIME, PRIMARY KEY (id))",
    "INSERT INTO older SELECT id, name, duedate FROM assignment",
    "DROP TABLE assignment", "DROP TABLE course", "ALTER TABLE older RENAME TO assignment",
    "UPDATE alembic_version SET version_num = '282d30a0218e'",
):
    book.execute(statement)
book.commit()
book.close()
course = {"name": "botany", "assignments": {"week-1": None}, "students": {"chen": ["", "chen"]}}
for _ in range(2):
    done = subprocess.run(["/opt/jupyter/bin/python", "-P", "-m", "homeroom_lab.course_directory", str(old)],
                          input=json.dumps(course), text=True, capture_output=True)
    print(done.returncode, done.stdout)
for path in sorted(old.glob("*.db")):
    tables = {name for (name,) in sqlite3.connect(path).execute("SELECT name FROM sqlite_master")}
    print(path.name[:24], "course" in tables, sqlite3.connect(path).execute("SELECT id FROM student").fetchall())
"""

NAMED = """
import json, pathlib, subprocess
script = r'''
import pathlib, sys, tempfile
from homeroom_lab import course_directory
from nbgrader.api import Gradebook
root = pathlib.Path(tempfile.mkdtemp())
def told(**students):
    course_directory.fill(root, {"name": "botany", "assignments": {}, "students": students})
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        print({one.id: (one.first_name, one.last_name) for one in book.students})
        return book
told(ada=["", "ada"], bela=["", "bela"], chen=["Chen", "Li"])
with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
    book.update_or_create_student("bela", last_name="Bartok")
told(ada=["Ada", "Byron"], bela=["B", "Other"], chen=["Chen", "Wang"])
told(ada=["", "ada"], bela=["", "Bartok"], chen=["Chen", "Wang"])
told(ada=["", "ada"], bela=["B", "Other"])
'''
done = subprocess.run(["/opt/jupyter/bin/python", "-P", "-c", script], text=True, capture_output=True)
print(done.stdout, done.stderr[-2000:])
"""

RELEASE = """
import pathlib, subprocess
path = pathlib.Path.home() / "course/release/week-1/week.ipynb"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text('{"cells": [], "metadata": {"version": "%s"}, "nbformat": 4, "nbformat_minor": 5}')
done = subprocess.run("cd ~/course && nbgrader release_assignment week-1 --course botany --force", shell=True,
                      capture_output=True, text=True)
print(done.returncode, done.stderr)
"""
BUTTON = re.compile(r'name="what" value="assignment" />\s*<input type="hidden" name="shown" value="([0-9a-f]+)"')
FETCHED = """
import pathlib, subprocess
subprocess.run("cd; nbgrader fetch_assignment week-1 --course botany", shell=True, capture_output=True)
path = pathlib.Path.home() / "week-1/week.ipynb"
print(path.read_text() if path.exists() else "nothing")
"""


@pytest.fixture(scope="module")
def git_server(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A host of repositories, at an address of this machine that labs are let reach."""
    gateway = engine().networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    with GitServer(tmp_path_factory.mktemp("git"), gateway).running() as running:
        yield running


@pytest.fixture(scope="module")
def school(git_server: GitServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with a course, and nbgrader in its labs."""
    site = {"courses.yaml": COURSES % "bela"}
    settings = {"AUTH": "native", "LAB_FEATURES": "nbgrader", "TIMEZONE": "Europe/Vienna"}
    settings["LAB_OPEN_NETWORKS"] = git_server.url.removeprefix("http://")
    directory = tmp_path_factory.mktemp("school")
    with deployment_with_site(directory, "hrtestgrader", site, **settings) as made:
        yield made


@pytest.fixture(scope="module")
def people(school: HubDeployment) -> dict[str, Person]:
    """Who is in the course, and olga, who is not."""
    found = {name: Person(school, name) for name in ("ada", "bela", "chen", "b+ob", "olga")}
    for name, person in found.items():
        assert person.sign_in(school.new_password(name)).status_code == 200
    return found


def in_lab_of(person: Person, owner: str) -> Person:
    """The same person in the same browser, at somebody else's lab."""
    there = copy.copy(person)
    there.name = owner
    return there


@pytest.fixture(scope="module")
def grader(people: dict[str, Person]) -> Person:
    """ada in the grader lab, which runs."""
    page = people["ada"].get("hub/homeroom/courses/botany").text
    found = re.search(r'href="([^"]*spawn/grader-botany[^"]*)"', page)
    assert found is not None
    people["ada"].get(found[1].lstrip("/").removeprefix(people["ada"].deployment.base_url.lstrip("/")))
    there = in_lab_of(people["ada"], "grader-botany")
    there.wait_for_lab()
    return there


def read_on(channel: ClientConnection) -> None:
    """Read until it is closed. :raises ConnectionClosed: it is."""
    while True:
        channel.recv(timeout=15)


def test_who_grades_enters_and_nobody_else(people: dict[str, Person], grader: Person) -> None:
    """The button of the course's page starts the lab; teacher and assistant have the formgrader, and a student is told
    that there is no such lab, by its page, its start and its API."""
    for name in ("ada", "bela"):
        page = people[name].get("user/grader-botany/formgrader")
        assert (page.status_code, page.url.endswith("/formgrader/manage_assignments")) == (200, True), page.text
        assert "botany" in page.text
    for name in ("chen", "olga"):
        for path in ("user/grader-botany/formgrader", "hub/spawn/grader-botany", "user/grader-botany/api/contents"):
            assert people[name].get(path).status_code in (403, 404), path
        assert people[name].api("POST", "users/grader-botany/server").status_code in (403, 404)
        assert people[name].api("DELETE", "users/grader-botany/server").status_code in (403, 404)
        assert people[name].api("POST", "users/grader-botany/tokens").status_code in (403, 404)


def test_the_course_is_there(grader: Person) -> None:
    """The course's directory is made, and its assignments and students, with their names as nbgrader has them, are in
    the gradebook, without anybody's doing."""
    grader.until_told(GRADEBOOK, lambda told: "chen" in told, "the course is in the gradebook")
    assert grader.run(GRADEBOOK) == "['b-2bob', 'chen'] [('week-1', '2099-01-01 11:00:00.000000')] ['week-1']\n"
    listed = grader.ask_lab("GET", "formgrader/api/assignments")
    assert [each["name"] for each in listed.json()] == ["week-1"]


def test_what_is_done_counts_as_use(grader: Person) -> None:
    """A click that does something on the formgrader's pages keeps the lab from ending; a page that is looked at does
    not."""

    def last() -> str:
        time.sleep(3.0)  # programs' use of the CPU is looked at every two seconds
        return str(grader.lab_api("GET", "status").json()["last_activity"])

    def is_quiet() -> bool:
        first = last()
        time.sleep(15.0)  # a gradebook that was filled is sent to the desk once, ten seconds later
        return last() == first

    def counts_for_nothing() -> bool:
        before = last()
        assert grader.ask_lab("GET", "formgrader/manage_assignments").status_code == 200
        return last() == before

    until(is_quiet, "nothing runs")
    until(counts_for_nothing, "a look counts for nothing; at times it takes as much of a busy CPU as work does")
    before = last()
    assert grader.ask_lab("POST", "formgrader/api/assignment/week-1/assign").status_code == 200
    assert last() > before


def test_a_click_is_for_what_the_page_showed(people: dict[str, Person], grader: Person) -> None:
    """What an assistant releases between a teacher's look and click is not out by that click, which is refused in
    words; a student has what the teacher saw when they looked again."""
    page, chen = "hub/homeroom/courses/botany", people["chen"]
    chen.start_lab()

    def clicked(shown: str) -> tuple[int, bool]:
        form = {"what": "assignment", "assignment": "week-1", "shown": shown}
        answer = people["ada"].post_form(f"{page}/release", **form)
        return answer.status_code, "has changed since you looked" in answer.text

    assert grader.run(RELEASE % "seen").startswith("0 ")
    (seen,) = BUTTON.findall(people["ada"].get(page).text)
    assert grader.run(RELEASE % "other").startswith("0 ")
    assert clicked(seen) == (409, True)
    assert chen.run(FETCHED) == "nothing\n"
    (seen,) = BUTTON.findall(people["ada"].get(page).text)
    assert clicked(seen) == (200, False)
    assert '"version": "other"' in chen.run(FETCHED)


def test_a_gradebook_is_copied_before_its_schema_changes(grader: Person) -> None:
    """One of an older nbgrader is brought up to date by itself, once, with all that is in it; the copy is as it was."""
    said = grader.run(OLD_GRADEBOOK)
    assert said.count("as it was before: gradebook-before-upgrade-282d30a0218e-") == 1, said
    assert "gradebook-before-upgrade False" in said, said
    assert "gradebook.db True" in said


def test_students_are_called_by_their_names(grader: Person) -> None:
    """A student's name in the gradebook follows what is known, at least the name by which they sign in; what a teacher
    typed stays. Of who left the course it stays as it is."""
    rounds = grader.run(NAMED).strip().splitlines()
    assert [ast.literal_eval(each) for each in rounds] == [
        {"ada": (None, "ada"), "bela": (None, "bela"), "chen": ("Chen", "Li")},
        {"ada": ("Ada", "Byron"), "bela": (None, "Bartok"), "chen": ("Chen", "Wang")},
        {"ada": (None, "ada"), "bela": (None, "Bartok"), "chen": ("Chen", "Wang")},
        {"ada": (None, "ada"), "bela": ("B", "Other"), "chen": ("Chen", "Wang")},
    ]


def test_pages_are_by_role(people: dict[str, Person], grader: Person) -> None:
    """nbgrader's pages are there for the role that needs them: of students, of the grader lab; of nobody else any."""
    for name, has in {"chen": "student", "ada": "", "grader-botany": "grader"}.items():
        person = grader if name == "grader-botany" else people[name]
        person.start_lab() if name != "grader-botany" else None
        found = {path: person.ask_lab("GET", path).status_code for path in ("courses", "formgrader", "formgraders")}
        assert found == {
            "courses": 200 if has == "student" else 404,
            "formgrader": 200 if has == "grader" else 404,
            "formgraders": 404,
        }, name
        page = person.get(f"user/{name}/lab").text
        config = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
        assert config is not None
        disabled = set(json.loads(config[1])["disabledExtensions"])
        for plugin, role in {
            "assignment-list": "student",
            "create-assignment": "grader",
            "course-list": "nobody",
        }.items():
            off = f"@jupyter/nbgrader:{plugin}" in disabled or "@jupyter/nbgrader" in disabled
            assert off is (role != has), (name, plugin)


def test_nothing_that_lies_there_is_run(grader: Person) -> None:
    """No `nbgrader_config.py` of home, course or submissions is run in the server's process, whichever page is opened,
    and no link takes the formgrader elsewhere."""
    assert grader.run(ATTACK) == "laid\n"
    for path in (
        "formgrader?path=/home/jovyan/course/submitted/chen/week-1",
        "formgrader/?path=course",
        "formgrader/?path=/home/jovyan",
    ):
        assert grader.ask_lab("GET", path).status_code == 400
    for path in ("formgrader", "formgrader/manage_assignments", "formgrader/api/assignments", "formgrader/gradebook"):
        assert grader.ask_lab("GET", path).status_code == 200, path
    assert grader.run(EXECUTED) == "nothing\n"
    assert [each["name"] for each in grader.ask_lab("GET", "formgrader/api/assignments").json()] == ["week-1"]


def test_a_students_pages_run_nothing_either(people: dict[str, Person]) -> None:
    """The list of assignments reads no configuration of the home in the server's process."""
    chen = people["chen"]
    chen.start_lab()
    assert chen.run(ATTACK) == "laid\n"
    assert chen.ask_lab("GET", "assignments?course_id=botany").status_code == 200
    chen.ask_lab("POST", "assignments/validate", json={"path": "nowhere.ipynb"})
    assert chen.run(EXECUTED) == "nothing\n"


def test_its_token_reaches_no_further_than_a_labs(people: dict[str, Person], grader: Person) -> None:
    """What the hub lets the grader lab's own token do is what it lets any lab's do, of its own user. It opens no lab,
    also not its own: whoever grades can read it there, and would come in by it once they are out."""
    code = "import os; print(os.environ['JUPYTERHUB_API_TOKEN'])"
    scopes = {}
    people["chen"].start_lab()
    for lab in (grader, people["chen"]):
        token = lab.run(code).strip()
        bare = Person(lab.deployment, "nobody")
        answer = bare.get("hub/api/user", headers={"Authorization": f"token {token}"}).json()
        scopes[lab.name] = {scope.replace(lab.name, "OWNER") for scope in answer["scopes"]}
        others = bare.get("hub/api/users/ada", headers={"Authorization": f"token {token}"})
        assert others.status_code in (403, 404)
        for path in ("contents", "terminals", "status"):
            inside = bare.get(f"user/{lab.name}/api/{path}", headers={"Authorization": f"token {token}"})
            assert inside.status_code == 403, path
            inside = bare.get(f"user/{lab.name}/api/{path}?token={token}")
            assert inside.status_code == 403, path
    assert scopes["grader-botany"] == scopes["chen"]


def test_links_lead_into_jupyterlab(grader: Person) -> None:
    """The formgrader's links to files lead to the lab's own pages."""
    script = grader.ask_lab("GET", "formgrader/static/js/utils.js").text
    assert script.count('base_url + "/lab/tree/"') == 3
    assert '"/tree/"' not in script


def test_who_is_taken_out_is_out_at_once(school: HubDeployment, people: dict[str, Person], grader: Person) -> None:
    """An assistant who is taken out of the course is refused by the page that is open, within seconds, and the lab ends
    with the terminal that is open and all that runs there; the teacher beside them starts it anew. No service is
    restarted."""
    started = school.container("hub").attrs["State"]["StartedAt"]
    bela = in_lab_of(people["bela"], "grader-botany")
    assert bela.ask_lab("GET", "formgrader/api/assignments").status_code == 200
    name = bela.lab_api("POST", "terminals").json()["name"]
    address = bela.websocket(f"../terminals/websocket/{name}")
    before = school.lab("grader-botany").id
    (school.directory / "site/courses.yaml").write_text(COURSES % "")
    school.make("render")
    until(lambda: before not in [lab.id for lab in school.labs("grader-botany")], "the lab ends", seconds=30)
    with pytest.raises(ConnectionClosed):
        read_on(address)
    assert bela.ask_lab("GET", "formgrader/api/assignments", allow_redirects=False).status_code != 200
    assert people["ada"].api("POST", "users/grader-botany/server").status_code in (201, 202)
    grader.wait_for_lab()
    assert grader.ask_lab("GET", "formgrader/api/assignments").status_code == 200
    assert people["bela"].get("hub/spawn/grader-botany").status_code == 404
    assert school.container("hub").attrs["State"]["StartedAt"] == started


def test_courses_come_and_go_with_their_labs(school: HubDeployment, people: dict[str, Person], grader: Person) -> None:
    """A new course has its lab without a restart, also for who is a student elsewhere; one that is taken out has its
    lab ended, and nobody enters it. Its home is there again with the course."""
    started = school.container("hub").attrs["State"]["StartedAt"]
    file = school.directory / "site/courses.yaml"
    assert grader.run("open('kept.txt', 'w').write('grades'); print('ok')") == "ok\n"
    file.write_text("courses:\n" + ZOOLOGY)
    school.make("render")
    until(lambda: "grader-botany" not in school.labs_by_person(), "the lab of the course that is gone has ended")
    assert people["ada"].get("user/grader-botany/formgrader").status_code in (403, 404)
    assert people["ada"].get("hub/spawn/grader-botany").status_code in (403, 404)
    chen = in_lab_of(people["chen"], "grader-zoology")
    until(lambda: chen.api("GET", "users/grader-zoology").status_code == 200, "the new course has its lab")
    chen.start_lab()
    until(lambda: chen.ask_lab("GET", "formgrader").status_code == 200, "the new course is graded")
    assert people["ada"].get("user/grader-zoology/formgrader").status_code in (403, 404)
    file.write_text((COURSES % "bela") + ZOOLOGY)
    school.make("render")
    until(lambda: people["ada"].api("GET", "users/grader-botany").status_code == 200, "the course is back")
    grader.start_lab()
    assert grader.run("print(open('kept.txt').read())") == "grades\n"
    assert school.container("hub").attrs["State"]["StartedAt"] == started
    chen.stop_lab()


LAY = """
import pathlib
folder = pathlib.Path.home() / "course/handouts/week1"
(folder / "data").mkdir(parents=True, exist_ok=True)
(folder / "sheet.ipynb").write_text("{}")
(folder / "data/table.csv").write_text("petals")
linked = folder.parent / "linked"
linked.mkdir(exist_ok=True)
(linked / "passwd").unlink(missing_ok=True)
(linked / "passwd").symlink_to("/etc/passwd")
"""
HANDOUTS = "hub/homeroom/courses/botany/handouts"
CAME = """
import pathlib
home = pathlib.Path.home()
found = sorted(each for each in (home / "botany").rglob("*") if each.is_file())
print({str(each.relative_to(home)): each.read_text() for each in found})
"""
WHOLE = {"botany/algo/notes.md": "by git", "botany/week1/data/table.csv": "petals", "botany/week1/sheet.ipynb": "{}"}


def test_a_teacher_hands_out_a_folder_and_a_repository(
    people: dict[str, Person], grader: Person, git_server: GitServer
) -> None:
    """As they are at that moment, by a form of the course's page: both come into a student's lab that runs, and into
    one of another member that is started later, and the page says who has it. Nobody else hands anything out, and no
    link leads out of a folder. A wrong, private or dead repository, and one of a network that is closed to labs, is
    told in words. Nothing is restarted."""
    ada, bela, chen = (people[name] for name in ("ada", "bela", "chen"))
    hub = ada.deployment.container("hub").attrs["State"]["StartedAt"]
    for person in (chen, bela):
        person.stop_lab_if_any()
    chen.start_lab()
    grader.run(LAY)
    assert bela.get(HANDOUTS).status_code == 403
    assert bela.post_form(HANDOUTS, do="new", name="week1").status_code == 403
    assert chen.post_form(HANDOUTS, do="new", name="week1").status_code == 403
    said = ada.post_form(HANDOUTS, do="new", name="linked")
    assert (said.status_code, "is a link. Put the file itself there" in said.text) == (400, True), said.text
    said = ada.post_form(HANDOUTS, do="new", name="week1")
    assert (said.status_code, "botany/week1" in said.text) == (200, True), said.text
    grader.run("import pathlib; (pathlib.Path.home() / 'course/handouts/week1/later.txt').write_text('not yet')")
    url = git_server.repository("algo", {"sets/notes.md": "by git", "other.txt": "x"})
    for address, words in (
        (f"{git_server.url}/none.git", "There is no such repository"),
        (f"{git_server.url}/{PRIVATE}/x.git", "The repository is private"),
        ("http://192.0.2.1/x.git", "does not answer"),
        ("http://10.1.2.3/x.git", "does not answer"),
    ):
        said = ada.post_form(HANDOUTS, do="new", name="algo", url=address)
        assert (said.status_code, words in said.text) == (400, True), said.text
    said = ada.post_form(HANDOUTS, do="new", name="algo", url=url, inner="sets")
    assert said.status_code == 200, said.text
    bela.start_lab()
    for person in (chen, bela):
        person.until_told(CAME, lambda told: told == f"{WHOLE}\n", f"{person.name} has it")
    page = "hub/homeroom/courses/botany"
    until(lambda: "It is among your files." in chen.get(page).text, "the lab told the hub")
    until(
        lambda: re.search("[23] of 4 have it", ada.get(page).text), "who grades sees who has it"
    )  # ada has a lab, too
    assert ada.post_form(HANDOUTS, do="back", target="week1").status_code == 200
    assert "botany/week1" not in ada.get(page).text
    assert "sheet.ipynb" in chen.run(CAME), "what came stays"
    assert ada.deployment.container("hub").attrs["State"]["StartedAt"] == hub
    for person in (chen, bela):
        person.stop_lab()
