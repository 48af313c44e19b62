"""Autograding in a real grader lab: a class in which some hand in what should not be run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.faults import until
from tests.grader_lab import CELL, grader_lab
from tests.hub_deployment import HubDeployment, deployment_with_site, engine
from tests.person import Person

COURSES = """\
courses:
  - name: botany
    title: Botany for all
    teachers: {people: [ada]}
    students: {people: [b+ob]}
    assignments: [{name: week-1, opens: 2020-01-01, due: 2099-01-01}]
"""
CONFIG = "c = get_config()\nc.Execute.timeout = 5\nc.ClearSolutions.enforce_metadata = False\n"
GOOD = "def f(x):\n    return x + 1"
HANDED_IN: dict[str, tuple[str, float, str]] = {
    "good": (GOOD, 3, ""),
    "wrong": ("def f(x):\n    return 2", 0, ""),
    "loops": ("while True: pass", 0, ""),
    "loops-on": ("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", 0, "interrupted"),
    "memory": ("x = []\nwhile True: x.append(bytearray(10**7))", 0, "more memory"),
    "forks": (
        "import os, time\nwhile True:\n    try: os.fork() or time.sleep(600)\n    except OSError: pass",
        0,
        "more processes or more memory",
    ),
    "disk": ("with open('big', 'wb') as file:\n    while True: file.write(bytes(10**6))", 0, ""),
    "prints": (f"{GOOD}\nfor _ in range(40): print('x' * 10**6)", 3, "more than is kept"),
    "ends": ("import os\nos._exit(0)", 0, "ended its own kernel"),
    "kills": ("import os, signal\nos.kill(-1, signal.SIGKILL)", 0, "ended its own kernel"),
    "network": (f"import socket\nsocket.create_connection(('1.1.1.1', 443), 3)\n{GOOD}", 0, ""),
    "reads": (
        "import glob, os\nfound = glob.glob('/home/jovyan/*') + glob.glob('/run/hub/*') + glob.glob('/srv/[!k]*')\n"
        f"tokens = [name for name in os.environ if 'TOKEN' in name]\nassert not found + tokens, found\n{GOOD}",
        3,
        "",
    ),
}
"""What each student handed in, what it earns, and what is said of it."""
MAKE = (
    CELL
    + """
import json, pathlib
def notebook(solution):
    cells = [cell("f", solution, solution=True),
             cell("t", "assert f(1) == 2\\nassert f(41) == 42", grade=True, locked=True, points=3)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
root = pathlib.Path.home() / "course"
def put(folder, solution):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "week.ipynb").write_text(notebook(solution))
put(root / "source/week-1", "def f(x):\\n    ### BEGIN SOLUTION\\n    return x + 1\\n    ### END SOLUTION")
for student, solution in %r.items():
    put(root / "submitted" / student / "week-1", solution)
(root / "nbgrader_config.py").write_text(%r)
"""
)
RUN = """
import subprocess
done = subprocess.run(%r, shell=True, capture_output=True, text=True, cwd="/home/jovyan/course")
print(done.returncode, done.stdout[-3000:], done.stderr[-3000:])
"""
GRADES = """
import subprocess
print(subprocess.run(["/opt/jupyter/bin/python", "-c", '''
import json
import time
from nbgrader.api import Gradebook
with Gradebook("sqlite:////home/jovyan/course/gradebook.db") as gradebook:
    print(json.dumps({one.student.id: [one.score, one.needs_manual_grade,
        " ".join(each.auto_comment or "" for book in one.notebooks for each in book.comments)]
        for one in gradebook.assignment_submissions("week-1")}))
'''], capture_output=True, text=True).stdout)
"""
BROKEN = """
import json, pathlib
root = pathlib.Path.home() / "course/submitted"
text = (root / "good/week-1/week.ipynb").read_text()
more = json.loads(text)
more["cells"].append(json.loads(json.dumps(more["cells"][-1]).replace('"t"', '"bonus"')))
more["cells"][-1]["metadata"]["nbgrader"]["points"] = 100
for student, name, text in (("cut", "week", text[:200]), ("other", "mine", text), ("adds", "week", json.dumps(more)),
                            ("good-2", "week", text)):
    folder = root / student / "week-1"
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(text)
"""
SENT = """
import subprocess
print(subprocess.run(["/opt/jupyter/bin/python", "-P", "-c", '''
import json
from pathlib import Path
from homeroom_lab.grades.gradebook import read
found = read(Path("/home/jovyan/course"))["assignments"]
print(json.dumps({each["student"]: each["not_run"] for one in found for each in one["scores"]}))
'''], capture_output=True, text=True).stdout)
"""
FAILED = """
import json, pathlib
told = json.loads((pathlib.Path.home() / "course/.homeroom/progress/week-1.json").read_text())
print(json.dumps(told["failed"]))
"""
RESTS = """
import json, pathlib, shutil
root = pathlib.Path.home() / "course"
shutil.copytree(root / "source/week-1", root / "submitted/rests/week-1")
path = root / "submitted/rests/week-1/week.ipynb"
notebook = json.loads(path.read_text())
rest = {"cell_type": "code", "metadata": {}, "source": "__import__('time').sleep(4)", "outputs": [],
        "execution_count": None}
notebook["cells"] += [{**rest, "id": f"rest-{number}"} for number in range(3)]
path.write_text(json.dumps(notebook))
"""
STATE = """
import json, pathlib
root = pathlib.Path.home() / "course"
found = sorted(path.parts[-3] for path in root.glob("autograded/*/week-1/week.ipynb"))
told = json.loads((root / ".homeroom/progress/week-1.json").read_text())
left = list(map(str, root.glob(".homeroom/autograde/*")))
print(json.dumps([found, told["total"], told["done"], sorted(told["marked"]), left]))
"""


@pytest.fixture(scope="module")
def grader(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """The lab in which a course is graded, with what a class handed in."""
    settings = {"AUTH": "native", "LAB_FEATURES": "nbgrader", "GRADING_MEMORY": "256M"}
    directory = tmp_path_factory.mktemp("grading")
    with deployment_with_site(directory, "hrgrading", {"courses.yaml": COURSES}, **settings) as made:
        ada = Person(made, "ada")
        assert ada.sign_in(made.new_password("ada")).status_code == 200
        lab = grader_lab(ada, "botany")
        solutions = {name: one[0] for name, one in HANDED_IN.items()}
        lab.run(MAKE % (solutions, CONFIG))
        assert lab.run(RUN % "nbgrader generate_assignment week-1 --course botany").startswith("0 ")
        yield lab


SHOWN = """
import subprocess
print(subprocess.run(["/opt/jupyter/bin/python", "-c", r'''
import nbformat.v4 as v4
from nbconvert.exporters import HTMLExporter
from nbgrader.apps.baseapp import NbGrader
app = NbGrader()
app.load_config_file()
table = "<table><thead><tr><th>a</th></tr></thead></table>"
data = {"text/html": "<script>run(1)</script><img src=x onerror=run(2)>" + table, "text/plain": "x"}
text = "# Head\\n<script>run(3)</script><a href='javascript:run(4)'>here</a> <b onclick=run(5)>b</b>"
cells = [v4.new_markdown_cell(text),
         v4.new_code_cell("1", outputs=[v4.new_output("display_data", data=data)])]
text = HTMLExporter(config=app.config, template_name="basic").from_notebook_node(v4.new_notebook(cells=cells))[0]
print("<thead>" in text, "</h1>" in text, "<b>b</b>" in text,
      [word for word in ("<script>run", "onerror", "javascript:", "onclick") if word in text])
'''], capture_output=True, text=True))
"""


FED_BACK = """
import pathlib
print([each.parts[-3] for each in pathlib.Path.home().glob("course/feedback/*/week-1/week.html")])
"""
UPSTREAM = """
import subprocess
print(subprocess.run(["/opt/jupyter/bin/python", "-c", r'''
from nbgrader.server_extensions.formgrader import apihandlers
from homeroom_lab.grading.pages import BESIDE
print(BESIDE.keys() - {handler.__name__ for _, handler in apihandlers.default_handlers})
'''], capture_output=True, text=True))
"""
ENGINES = """
import subprocess
print(subprocess.run(["/opt/jupyter/bin/python", "-c", r'''
from pathlib import Path
from nbgrader.api import Gradebook
from homeroom_lab.grading.one_engine import one_engine
address = "sqlite:////tmp/new.db"
def opened():
    with Gradebook(address) as gradebook:
        gradebook.update_or_create_student("bob")
        return gradebook.engine
with one_engine():
    print(opened() is opened())
with Gradebook(address) as gradebook:
    print(gradebook.engine is opened(), [one.id for one in gradebook.students])
Path("/tmp/new.db").unlink()
opened()
'''], capture_output=True, text=True))
"""


def runs(deployment: HubDeployment) -> list[Any]:
    """The containers in which something is run."""
    labels = [f"homeroom.deployment={deployment.project}", "homeroom.service=run"]
    found: list[Any] = engine().containers.list(all=True, ignore_removed=True, filters={"label": labels})
    return found


def test_a_class_is_graded_whatever_was_handed_in(grader: Person) -> None:
    """Each has the score that it earns; what did not run to its end is marked with the reason, told apart, and none
    keeps another from being graded. A command that is killed half-way leaves nothing half, and goes on where it was.
    Nothing is left of the containers."""
    autograde = "nbgrader autograde week-1 --course botany"
    killed = grader.run(RUN % f"timeout --signal=KILL 20 {autograde}; test -d autograded && ls autograded | wc -l")
    said = grader.run(RUN % autograde)
    assert said.startswith("0 "), (killed, said)
    found, total, done, marked, left = json.loads(grader.run(STATE))
    assert (found, total, done, left) == (sorted(HANDED_IN), len(HANDED_IN), len(HANDED_IN), [])
    grades = json.loads(grader.run(GRADES))
    for student, (_, score, reason) in HANDED_IN.items():
        assert grades[student][0] == score, (student, grades[student], said)
        assert grades[student][1] == bool(reason), (student, grades[student])
        assert any(each in grades[student][2] for each in reason.split(" or ")), (student, grades[student])
    assert set(marked) <= {name for name, one in HANDED_IN.items() if one[2]}
    until(lambda: not runs(grader.deployment), "nothing is left of what was run")
    again = grader.run(RUN % autograde)
    assert again.startswith("0 ")
    assert again.count("Skipping existing assignment") == len(HANDED_IN)


def test_the_page_grades_and_goes_on_answering(grader: Person) -> None:
    """The formgrader's button grades a class in a process beside the server: meanwhile pages answer and tell how far it
    is, and at its end whom to look at; the button of one submission grades it anew."""
    grader.run(
        RUN % "chmod -R u+w autograded; rm -rf autograded; cd submitted; ls | grep -vE 'good|ends' | xargs rm -r"
    )
    address = "formgrader/api/assignment/week-1/autograde"
    told = json.loads(grader.ask_lab("POST", address).text)
    assert told["going"]
    looks, times = 0, list[float]()
    while told["going"]:
        began = time.monotonic()
        assert grader.ask_lab("GET", "formgrader/manage_assignments").status_code == 200
        times.append(time.monotonic() - began)
        looks += 1
        told = json.loads(grader.ask_lab("GET", address).text)
    assert told["ended_with"]["success"], told
    assert (told["total"], told["done"], list(told["marked"])) == (2, 2, ["ends"])
    assert looks > 3, "pages answered while it went on"
    assert sorted(times)[len(times) // 2] < 3, times
    answer = json.loads(grader.ask_lab("POST", "formgrader/api/submission/week-1/good/autograde").text)
    assert answer["success"], answer
    assert json.loads(grader.run(GRADES))["good"][0] == 3
    page = grader.ask_lab("GET", "formgrader/static/js/manage_submissions.js").text
    assert "loadSubmissions" in page
    assert "Autograde all" in page


def test_feedback_keeps_no_page_waiting(grader: Person) -> None:
    """Feedback is made by the page's button in a process beside the server, for the student who is meant; pages answer
    meanwhile. Each of upstream's deeds that are done so is there by that name."""
    assert json.loads(grader.ask_lab("POST", "formgrader/api/submission/week-1/good/autograde").text)["success"]
    address, looks = "formgrader/api/assignment/week-1/good/generate_feedback", 0
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(grader.ask_lab, "POST", address)
        while not going.done():
            assert grader.ask_lab("GET", "formgrader/api/status").status_code == 200
            looks += 1
    answer = json.loads(going.result().text)
    assert answer["success"], answer
    assert looks > 3, "pages answered while it went on"
    assert grader.run(FED_BACK).strip() == "['good']"
    assert "stdout='set()\\n'" in grader.run(UPSTREAM)


def test_a_lab_that_waits_for_a_run_is_in_use(grader: Person) -> None:
    """While something is graded that uses no CPU, and nobody has a page open, the lab tells that it is in use now, so
    it is not stopped for being idle."""
    grader.run(RESTS)
    for kernel in grader.lab_api("GET", "kernels").json():
        grader.lab_api("DELETE", f"kernels/{kernel['id']}")
    assert json.loads(grader.ask_lab("POST", "formgrader/api/assignment/week-1/autograde").text)["going"]
    address = "formgrader/api/assignment/week-1/autograde"
    told = json.loads(grader.ask_lab("GET", address).text)
    while not runs(grader.deployment):
        told = json.loads(grader.ask_lab("GET", address).text)
        assert told["going"], told
        time.sleep(0.1)
    unused = []
    while True:
        told = datetime.fromisoformat(grader.lab_api("GET", "status").json()["last_activity"])
        unused.append((datetime.now(UTC) - told).total_seconds())
        if not runs(grader.deployment):
            break  # it ended meanwhile, or just now
        time.sleep(0.5)
    assert len(unused) > 10, unused
    assert max(unused[:-1]) < 3, unused
    until(lambda: not json.loads(grader.ask_lab("GET", address).text)["going"], "it is graded")
    assert json.loads(grader.run(GRADES))["rests"][0] == 3


def test_what_is_no_notebook_is_told_in_words(grader: Person) -> None:
    """Half a notebook, one with graded cells that somebody added, and one of another name: each is named with what to
    do, earns nothing, and the others are graded. The course's page is told which could not be run."""
    grader.run(BROKEN)
    said = grader.run(RUN % "nbgrader autograde week-1 --course botany")
    assert said.startswith("1 "), said
    told = json.loads(grader.run(FAILED))
    found = {name: why.partition(".")[0] for name, why in told.items()}
    assert found == {
        "cut": "A notebook of it is damaged, or none at all",
        "other": "It has no notebook that is called as one of the assignment's",
        "adds": "The cells in it that are graded are not those of the assignment",
    }
    grades = json.loads(grader.run(GRADES))
    assert grades["good-2"][0] == 3
    assert not {name for name in found if grades.get(name, [0])[0]}
    sent = json.loads(grader.run(SENT))
    assert (sent["cut"], sent["good-2"]) == ("damaged", "")


def test_a_broken_source_is_told_in_words(grader: Person) -> None:
    """The command names the notebook, without a traceback, and makes nothing of it."""
    make = "mkdir -p source/half && echo '{' > source/half/a.ipynb && nbgrader generate_assignment half --course botany"
    said = grader.run(RUN % f"{make}; code=$?; ls release/half; rm -r source/half; exit $code")
    assert said.startswith("1 "), said
    assert "half/a.ipynb: it is no whole notebook" in said
    assert "Traceback" not in said
    assert "No such file" in said.partition("it is no whole notebook")[2]


def test_what_was_handed_in_runs_nothing_in_the_graders_browser(grader: Person) -> None:
    """Text and outputs of a submission are shown without scripts, and without attributes that run something; headings
    and tables of data stay."""
    assert "True True True []" in grader.run(SHOWN)


LAID = """
import pathlib, subprocess
folder = pathlib.Path.home() / "course/autograded/good/week-1"
subprocess.run(["chmod", "-R", "u+w", folder], check=True)
(folder / "more.html").write_text("<script>parent.run()</script>")
print("laid")
"""
LINKS = (
    "manage_submissions/%22%3C%2Fscript%3E%3Cscript%3Erun(1)%3C%2Fscript%3E",
    "gradebook/%5C/%3Brun(1)%2F%2F",
    "gradebook/%22%3Brun(1)%2F%2F",
    "manage_students/%3Cimg%20src%3Dx%20onerror%3Drun(1)%3E",
    "manage_students/good/%22%3Brun(1)%2F%2F",
)


def test_a_link_and_a_file_run_nothing_in_the_graders_browser(grader: Person) -> None:
    """A link into the formgrader that holds a script leads to no page, whoever sent it; a page that was handed in is
    shown without its scripts, as if it came from elsewhere; and no answer to a script of the formgrader is a page."""
    assert json.loads(grader.ask_lab("POST", "formgrader/api/submission/week-1/good/autograde").text)["success"]
    assert grader.run(LAID) == "laid\n"
    for link in LINKS:
        answer = grader.ask_lab("GET", f"formgrader/{link}")
        assert (answer.status_code, "run(1)" in answer.text) == (404, False), link
    assert grader.ask_lab("GET", "formgrader/manage_submissions/week-1").status_code == 200
    found = grader.ask_lab("GET", "formgrader/api/submitted_notebooks/week-1/week")
    assert found.headers["Content-Type"].startswith("text/plain")
    (notebook,) = [each["id"] for each in found.json() if each["student"] == "good"]
    assert grader.ask_lab("GET", f"formgrader/submissions/{notebook}/").status_code == 200
    page = grader.ask_lab("GET", f"formgrader/submissions/{notebook}/more.html")
    assert page.text == "<script>parent.run()</script>"
    assert "sandbox" in page.headers["Content-Security-Policy"].replace(";", " ").split()


def test_a_gradebook_is_opened_with_one_engine(grader: Person) -> None:
    """While a class is graded; its tables are made, and afterwards nbgrader is as it was."""
    told = grader.run(ENGINES)
    assert "stdout=\"True\\nFalse ['bob']\\n\"" in told
    assert "returncode=0" in told
