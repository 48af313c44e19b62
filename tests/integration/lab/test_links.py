"""Links that fetch a repository, in a real lab: with real git over HTTP on the lab's own loopback."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from pathlib import Path
from urllib.parse import urlencode

import requests

from tests import git_server
from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import HOME, Person

SERVE = """
import pathlib, sys, threading
sys.path.insert(0, "/tmp")
from git_server import GitServer
with GitServer(pathlib.Path("/tmp/served")).running() as server:
    server.repository("course", {"week1/sheet.ipynb": "{}"})
    pathlib.Path("/tmp/served-at").write_text(server.url)
    threading.Event().wait()
"""


def shell(person: Person, command: str) -> str:
    """What a command in somebody's lab prints, run in their home."""
    done = person.deployment.lab(person.name).exec_run(["bash", "-c", command], workdir=HOME)
    said: str = done.output.decode(errors="replace")
    return said


def serve(person: Person) -> str:
    """Serve a repository within somebody's lab, and return its host's address there."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in (("git_server.py", Path(git_server.__file__).read_bytes()), ("serve.py", SERVE.encode())):
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(data), 0o644
            archive.addfile(about, io.BytesIO(data))
    lab = person.deployment.lab(person.name)
    lab.put_archive("/tmp", packed.getvalue())
    lab.exec_run(["python3", "/tmp/serve.py"], detach=True)
    until(lambda: "http" in shell(person, "cat /tmp/served-at"), "the lab serves a repository")
    return shell(person, "cat /tmp/served-at").strip()


def pulled(person: Person, **parameters: str) -> list[dict[str, str]]:
    """What a link tells while it works, each step."""
    said = person.get(f"user/{person.name}/git-pull/api?{urlencode(parameters)}").text
    return [json.loads(line.removeprefix("data: ")) for line in said.splitlines() if line.startswith("data: {")]


def test_a_link_fetches_a_repository_and_the_lab_goes_on(seminar: HubDeployment) -> None:
    """It comes into the home and the page leads to JupyterLab; while a dead host is asked the lab answers others; a
    wrong one, a private one and a target outside the home or in a hidden folder are refused in words."""
    person = Person(seminar, "lene")
    person.sign_in("")
    person.start_lab()
    host = serve(person)
    assert pulled(person, repo=f"{host}/course.git", targetpath="course")[-1]["phase"] == "finished"
    assert shell(person, "ls course/week1") == "sheet.ipynb\n"
    page = person.get(f"user/lene/git-pull?{urlencode({'repo': f'{host}/course.git'})}").text
    assert 'data-path="lab/tree/course.git/."' in page or "lab%2Ftree" in page or "lab/tree" in page

    for repository, said in (
        (f"{host}/private/x.git", "It is private, or there is none of this name"),
        (f"{host}/nothing.git", "There is none of this name, or it is private"),
    ):
        (error, *_) = [step for step in pulled(person, repo=repository) if step["phase"] == "error"]
        assert said in error["message"]
    for target, said in (("../x", "leads out of your files"), (".ipython/profile_default/startup", "hidden folder")):
        (error, *_) = pulled(person, repo=f"{host}/course.git", targetpath=target)
        assert said in error["message"]
    assert shell(person, "ls -d /home/x .ipython/profile_default/startup 2>/dev/null") == ""

    waiting = threading.Thread(target=pulled, args=(person,), kwargs={"repo": f"{host}/silent/x.git"})
    waiting.start()
    until(lambda: "silent/x.git" in shell(person, "ps ax"), "the dead host is asked")
    other = requests.Session()
    other.cookies.update(person.web.cookies)
    assert other.get(f"{seminar.url}user/lene/api/status", timeout=25).status_code == 200
    assert "silent/x.git" in shell(person, "ps ax"), "it is asked still"
    waiting.join()
