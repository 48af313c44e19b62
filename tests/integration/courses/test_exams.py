"""An exam on a running deployment: by the clock, in labs of its own, handed in at its end whatever died meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker.errors
import pytest
import requests
from homeroom.contract.exam_labs import lab_name, volume_name
from websockets.sync.client import connect

from generator.topics.drill import beside
from tests.exam_clock import hold
from tests.faults import kill, until, until_healthy
from tests.git_server import committed
from tests.hub_deployment import HubDeployment, deployment_with_site, engine, named_on_engine
from tests.person import PATIENCE_SECONDS, Person

BELA = "bela@x.org." + "-" * 53
"""As long as a name can be, and of what is longest in the names of volumes."""
COURSES = f"""\
courses:
  - name: botany
    teachers: {{people: [tess]}}
    students: {{people: [ada, "{BELA}", chen]}}
    exams:
      - {{name: final, opens: "OPENS", minutes: 60, extra_time: {{"{BELA}": 60m}}, start_files: final}}
"""
EXTRA_MINUTES = 60
LAB = lab_name("botany", "final")
MUCH_BYTES = 80 << 20
MUCH = f"""
import os
with open("/home/jovyan/final/extra.bin", "wb") as file:
    for _ in range({MUCH_BYTES} >> 20):
        file.write(os.urandom(1 << 20))
print(open("/home/jovyan/final/answer.txt").read(), end="")
"""
REACH = """
import socket
for where in (("1.1.1.1", 53), ("172.17.0.1", 80), ("10.213.0.1", 80)):
    try:
        socket.create_connection(where, timeout=2)
        print("reached", where)
    except OSError as error:
        print(type(error).__name__)
print(sorted(name for _, name in socket.if_nameindex()))
"""
SIGN_IN = """
import http.client, socket
class Hub(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/hub/hub.sock")
jar = {}
def ask(method, path, body=None, **headers):
    hub = Hub("hub")
    hub.request(method, path, body, {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())})
    answer = hub.getresponse()
    answer.read()
    set = (each.partition(";")[0].partition("=") for each in answer.headers.get_all("Set-Cookie") or ())
    jar.update({name: value for name, _, value in set})
    return answer.status
ask("GET", "/hub/login")
form = {"Content-Type": "application/x-www-form-urlencoded"}
print(ask("POST", "/hub/login", f"username=dora&password=&_xsrf={jar['_xsrf']}", **form), ask("GET", "/hub/home"))
"""


class Sitting(Person):
    """Somebody in the lab of the exam."""

    @property
    def page(self) -> str:
        """Where it is."""
        return f"user/{self.name}/{LAB}/"

    def enter(self) -> None:
        """Press the button, and wait for the lab."""
        self.post_form("hub/homeroom/exams/botany/final")
        until(lambda: self.get(f"{self.page}lab").status_code == 200 and self._is_there(), f"{self.name} is in")

    def _is_there(self) -> bool:
        answer = self.get(f"{self.page}api/status", allow_redirects=False)
        return answer.status_code == 200 and "started" in answer.text

    def ask_lab(self, method: str, path: str, **options: Any) -> Any:
        """Ask something of this lab, as its page would."""
        headers = {"X-XSRFToken": self._xsrf(self.deployment.base_url + self.page)}
        address = f"{self.deployment.url}{self.page}{path}"
        return self.web.request(method, address, headers=headers, timeout=PATIENCE_SECONDS, **options)

    def websocket(self, path: str) -> Any:
        """A websocket of this lab's own API."""
        address = self.deployment.url.removeprefix("http://").rstrip("/")
        jar = {one.name: one.value for one in self.web.cookies if f"/{self.page}".startswith(one.path)}
        cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
        headers = {"Cookie": cookies, "Origin": f"http://{address}"}
        url = f"ws://{address}/{self.page}api/{path}"
        return connect(url, additional_headers=headers, max_size=2**24, proxy=None, open_timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def school(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with a course; sign-in by name alone."""
    site = {"courses.yaml": COURSES.partition("    exams:")[0]}
    made = tmp_path_factory.mktemp("exams")
    with deployment_with_site(
        made, "hrexams", site, TOTAL_LAB_MEMORY="4G", LAB_MEMORY="512M", TIMEZONE="UTC"
    ) as deployment:
        folder = deployment.directory / "site/exams/final"
        folder.mkdir(parents=True)
        (folder / "task.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        yield deployment
    for volume in engine().volumes.list(filters={"name": f"{deployment.project}-exam-"}):
        volume.remove(force=True)


@pytest.fixture
def people(school: HubDeployment) -> dict[str, Sitting]:
    """Two students and their teacher, signed in."""
    found = {name: Sitting(school, name) for name in ("ada", BELA, "tess")}
    for person in found.values():
        person.sign_in("")
    return found


def receipts(school: HubDeployment) -> dict[str, list[dict[str, Any]]]:
    """What the desk has of the exam, by person; nothing while it is away."""
    command = "cat /srv/courses/botany/hand-ins/final/*/*/receipt.json | tr -d '\\n' | sed 's/}{/}\\n{/g'"
    try:
        code, said = school.container("desk").exec_run(["sh", "-c", command])
    except docker.errors.APIError:
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for line in said.decode().splitlines() if code == 0 else ():
        if line.startswith("{"):
            one = json.loads(line)
            found.setdefault(one["person"], []).append(one)
    return found


def at_end(school: HubDeployment, person: str) -> list[dict[str, Any]]:
    """What was handed in at somebody's end."""
    return [one for one in receipts(school).get(person, []) if one["at_end"]]


def is_sealing(school: HubDeployment) -> bool:
    """Whether a container hands a home in just now."""
    labels = [f"homeroom.deployment={school.project}", "homeroom.service=seal"]
    return bool(engine().api.containers(filters={"label": labels}))


def incoming_bytes(desk: int) -> int:
    """What has come of a hand-in that is still coming, as the desk's process sees it."""
    try:
        return sum(each.stat().st_size for each in Path(f"/proc/{desk}/root/srv/courses/.incoming").iterdir())
    except OSError:
        return 0


def names(receipt: dict[str, Any]) -> list[str]:
    """The files of a hand-in."""
    return [file["path"] for file in receipt["files"]]


@pytest.fixture
def clone(school: HubDeployment) -> Iterator[HubDeployment]:
    """The deployment, in a directory that is a clone."""
    with committed(school.directory):
        yield school


def of_rehearsal(deployment: HubDeployment) -> list[str]:
    """All that a rehearsal of the deployment has on the engine."""
    return named_on_engine(beside.name_of(deployment.project, deployment.directory, what="exam"))


def test_robots_write_it_before(clone: HubDeployment) -> None:
    """`make course-rehearse` has robots write the exam in real labs beside: they find its files, hand in, and are
    handed in at the end. What runs is not touched, and nothing is left, also of a run that was killed. A slip in the
    course's name is told."""
    hold(clone, COURSES, begins_in=7200)
    words, environment = ["make", "course-rehearse", "COURSE=botany"], clone.environment
    killed = subprocess.Popen(words, cwd=clone.directory, env=environment, start_new_session=True)
    until(lambda: of_rehearsal(clone), "it has begun")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    said = " ".join(clone.make("course-rehearse", "COURSE=botany").stdout.split())
    for step in ("3 robots sign in", "the slowest", "1 file in each folder", "3 receipts", "can be written"):
        assert step in said, said
    assert of_rehearsal(clone) == []
    assert not clone.labs("robot-1")
    assert tuple((clone.directory / ".rehearsal").iterdir()) == ()
    said = " ".join(clone.make("course-rehearse", "COURSE=botanny", check=False).stdout.split())
    assert "Did you mean botany?" in said


def test_an_exam_from_its_beginning_to_its_end(school: HubDeployment, people: dict[str, Sitting]) -> None:
    """Labs are started ahead and nobody gets in before the time. In the exam a person has this one lab, in it the given
    files and no network, and no session of before. The machine is away at the end: the home is handed in once it is
    back, and who has extra time goes on where they were. At their end guard and desk are killed while the home is
    handed in: it is so once, whole. Nobody gets in any more."""
    ada, bela, tess = people["ada"], people[BELA], people["tess"]
    ada.start_lab()
    token = ada.api("POST", "users/ada/tokens", json={}).json()["token"]
    hold(school, COURSES, begins_in=300)
    until(lambda: any(lab.labels["homeroom.server"] == LAB for lab in school.labs(BELA)), "a lab is started ahead")
    assert "started" not in bela.get(f"user/{BELA}/{LAB}/api/status").text, "nobody is in before it begins"
    assert bela.post_form("hub/homeroom/exams/botany/final").status_code == 409

    elsewhere = Sitting(school, "ada")
    elsewhere.sign_in("")
    hold(school, COURSES, begins_in=1)
    until(lambda: not [lab for lab in school.labs("ada") if not lab.labels["homeroom.server"]], "her own lab is gone")
    for person in (ada, bela):
        person.enter()
    assert elsewhere.get("hub/home", allow_redirects=False).status_code == 302, "her other session is ended"
    headers = {"Authorization": f"token {token}"}
    assert requests.get(f"{school.url}hub/api/user", headers=headers, timeout=30).status_code in (401, 403)
    said = ada.run(REACH)
    assert "reached" not in said
    assert said.endswith("['lo']\n")
    assert ada.run(SIGN_IN) == "302 302\n", "she reaches the hub as nobody else"
    assert ada.run("import os; print(sorted(os.listdir('/home/jovyan/final')))") == "['task.ipynb']\n"
    assert ada.api("POST", "users/ada/server").status_code == 403, "she has no other lab"
    handed_in = ada.run(
        "import subprocess; print(subprocess.run(['homeroom', 'hand-in', 'final', '/home/jovyan/final'],"
        " capture_output=True, text=True))"
    )
    assert "Receipt" in handed_in
    for person in (ada, bela):
        person.run("print('last', file=open('/home/jovyan/final/answer.txt', 'w'))")
    page = tess.get("hub/homeroom/exams/botany/final").text
    assert re.search(r"chen.*?Not there", page, re.DOTALL)
    assert len(re.findall(r"<td[^>]*>\s*In\b", page)) == 2

    ends = hold(school, COURSES, ends_in=4)
    for lab in [*school.labs("ada"), *school.labs(BELA)]:
        lab.kill()
    school.compose("kill")
    time.sleep(max(0.0, ends - time.time() + 1))
    school.compose("start")
    until_healthy(school, "hub", "guard", "desk")
    (first,) = until(lambda: at_end(school, "ada"), "her home is handed in, once the machine is back")
    assert first["at"] >= ends
    assert {"answer.txt", "task.ipynb"} <= set(names(first))
    assert at_end(school, BELA) == []
    bela.enter()
    assert bela.run(MUCH) == "last\n", "who has extra time goes on where they were"

    ends = hold(school, COURSES, ends_in=3, extra=EXTRA_MINUTES)
    desk = school.container("desk").attrs["State"]["Pid"]
    until(lambda: incoming_bytes(desk) > 1 << 20, "her home begins to come", interval=0.01)
    kill(school, "guard")
    kill(school, "desk")
    (second,) = until(lambda: at_end(school, BELA), "it is handed in whole, though guard and desk were killed")
    assert second["at"] >= ends
    assert {"answer.txt", "extra.bin"} <= set(names(second))
    assert next(file for file in second["files"] if file["path"] == "extra.bin")["size_bytes"] == MUCH_BYTES
    assert at_end(school, "chen") == [], "who was not there has handed in nothing"
    until(lambda: not school.labs("ada") and not school.labs(BELA) and not is_sealing(school), "no lab is left")
    assert (len(at_end(school, "ada")), len(at_end(school, BELA))) == (1, 1)
    assert ada.post_form("hub/homeroom/exams/botany/final").status_code == 409
    for name in ("ada", BELA):
        assert engine().volumes.get(volume_name(school.project, name, LAB)), "the home is kept"
    page = tess.get("hub/homeroom/exams/botany/final").text
    assert first["code"] in page
    assert second["code"] in page
    ada.start_lab()
    ada.stop_lab()
