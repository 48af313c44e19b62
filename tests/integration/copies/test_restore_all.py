"""A deployment whose machine is gone comes back from its copies and their password."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from pathlib import Path

import requests

from tests.faults import until
from tests.grader_lab import SOURCE, WORK, grader_lab, said
from tests.hub_deployment import HubDeployment, deployment_with_site, engine
from tests.person import Person

SHARES = "shares:\n  - {name: exchange, volume: exchange, target: /home/jovyan/exchange, read_only: false}\n"
COURSES = """\
courses:
  - name: botany
    teachers: {people: [tess]}
    students: {people: [ada@uni]}
    assignments: [{name: week-1, opens: 2020-01-01, due: 2099-01-01 12:00}]
"""
COURSE_PARTS = {"_courses": "botany", "-user-grader-2dbotany": "course", "-user-room-2dstudy": "."}
"""Where a course and a room keep what they have: what a volume's name ends with, and the folder in it."""
DIGESTS = """\
import hashlib, json, pathlib, sys
root = pathlib.Path("/kept", sys.argv[1])
found = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}
for receipt in (path for path in found if path.name == "receipt.json"):
    for file in json.loads(receipt.read_text())["files"]:
        assert found[receipt.parent / "files" / file["path"]] == file["sha256"], receipt
print(json.dumps({str(path): digest for path, digest in sorted(found.items())}))
"""
GRADED = """/opt/jupyter/bin/python -c 'from nbgrader.api import Gradebook
with Gradebook("sqlite:////home/jovyan/course/gradebook.db") as book:
    print([(one.student.id, one.score, one.max_score) for one in book.assignment_submissions("week-1")])'
"""
MINE = """\
import os
os.makedirs("notes", exist_ok=True)
open("notes/essay.txt", "w").write("mine")
os.chmod("notes/essay.txt", 0o640)
os.symlink("notes/essay.txt", "latest")
open("exchange/ours.txt", "w").write("ours")
"""
EXAM = {"homeroom.user": "ada@uni", "homeroom.server": "exam-final-0123456789ab"}
SHOWN = """\
import os
print(open("latest").read(), open("exchange/ours.txt").read(), oct(os.stat("notes/essay.txt").st_mode),
      os.stat("notes/essay.txt").st_uid, os.stat(".").st_uid, os.readlink("latest"))
"""


def test_everything_comes_back_where_nothing_is(prepared_engine: None, tmp_path: Path) -> None:
    """Homes, those of exams among them, shares, accounts, keys, settings and `site/` are as they were on a machine that
    had none of them, with the address and the password of the copies alone; where something is, nothing is brought
    back. So are hand-ins, feedback and the grader lab of a course, and the files of a room, byte for byte: each hand-in
    is as its receipt says, its student has receipt and feedback, and the gradebook has the points. A command that was
    killed goes on where it was, and takes no other copy. Who was removed after that copy stays removed, and files that
    were removed for good are not back."""
    place = tmp_path / "copies"
    place.mkdir()
    with deployment_with_site(
        tmp_path / "first",
        "hrcopies",
        {"shares.yaml": SHARES, "courses.yaml": COURSES},
        BACKUP_TO=str(place),
        LAB_MEMORY="512M",
        LAB_FEATURES="nbgrader",
    ) as first:
        ada = Person(first, "ada@uni")
        ada.sign_in("")
        ada.start_lab()
        ada.run(MINE)
        before = ada.run(SHOWN)
        token = ada.api("POST", f"users/{ada.name}/tokens", json={}).json()["token"]
        bela = Person(first, "bela")
        bela.sign_in("")
        bela.start_lab()
        bela.stop_lab()
        receipts, points = graded(first, ada)
        of_course = digests(first)
        in_exams(first, "f00d", EXAM, "echo mine > /exam/answer.txt")
        in_exams(first, "beef", {**EXAM, "homeroom.user": "bela"}, "echo hers > /exam/answer.txt")
        first.make("backup")
        copy = json.loads((first.directory / "backup/last.json").read_text())["snapshot"][:8]
        first.make("user-remove", "NAME=bela", "NOW=bela")
        assert "was removed on" in first.verb("restore", "--removed", "", "bela").stdout
        first.make("backup")
        assert "none changed, up to number" in first.make("audit").stdout
        assert "holds something already" in first.verb("restore", "--everything", first.project).stdout
        env = (first.directory / ".env").read_text()
        secrets = (first.directory / "backup/secrets.env").read_text()
        first.make("down")
        remove_volumes(first)

        second = HubDeployment(tmp_path / "second", first.project, port=first.port)
        second.make("init", BACKUP_TO=str(place))
        assert "no password of the copies" in second.verb("restore", "--everything", first.project).stdout
        (second.directory / "backup").mkdir(mode=0o700)
        (second.directory / "backup/secrets.env").touch(mode=0o600)
        (second.directory / "backup/secrets.env").write_text(secrets)
        assert "is not this deployment" in second.verb("restore", "--everything", "another").stdout
        kill_in_the_middle(second, "--copy", copy)
        assert (
            "has come back in part" in second.verb("restore", "--everything", first.project, "--copy", today()).stdout
        )
        told = " ".join(second.make("restore", f"ALL={first.project}").stdout.split())
        assert "4 homes and all else are as they were" in told
        assert "bela stay removed" in told
        assert (second.directory / ".env").read_text() == env
        assert (second.directory / "site/shares.yaml").read_text() == SHARES
        assert digests(second) == of_course
        second.up()
        answer = requests.get(f"{second.url}hub/api/user", headers={"Authorization": f"token {token}"}, timeout=60)
        assert answer.json()["name"] == ada.name
        again = Person(second, ada.name)
        again.sign_in("")
        again.start_lab()
        assert again.run(SHOWN) == before
        assert said(again, "homeroom hand-ins") == receipts
        assert "Fetched feedback" in said(again, "rm -r week-1/feedback; nbgrader fetch_feedback week-1 2>&1")
        tess = Person(second, "tess")
        tess.sign_in("")
        assert said(grader_lab(tess, "botany"), GRADED) == points
        assert Person(second, "bela").sign_in("").status_code == 403
        names = {one.name for one in engine().volumes.list()}
        assert not {f"{first.project}-user-bela", f"{first.project}-exam-beef"} & names
        back = engine().volumes.get(f"{first.project}-exam-f00d")
        assert EXAM.items() <= back.attrs["Labels"].items()
        assert in_exams(second, "f00d", EXAM, "cat /exam/answer.txt") == "mine\n"
        assert "none changed" in second.make("audit").stdout


def graded(deployment: HubDeployment, ada: Person) -> tuple[str, str]:
    """Have ada's first assignment be graded and given back, and a room have a file; what she is told of her receipts,
    and the gradebook of her points."""
    tess = Person(deployment, "tess")
    tess.sign_in("")
    grader = grader_lab(tess, "botany")
    grader.run(SOURCE)
    release = ("generate_assignment", "release_assignment")
    give_back = ("collect", "autograde", "generate_feedback", "release_feedback")
    said(grader, _all(release))
    said(ada, "nbgrader fetch_assignment week-1")
    ada.run(WORK % "def f(x):\n    return x + 1")
    said(ada, "nbgrader submit week-1")
    said(grader, _all(give_back))
    said(ada, "nbgrader fetch_feedback week-1")
    points = said(grader, GRADED)
    assert "3.0, 3.0" in points
    tess.api("DELETE", "users/grader-botany/server")
    until(lambda: not deployment.labs("grader-botany"), "the grader lab is gone")
    labels = {"homeroom.deployment": deployment.project, "homeroom.user": "room-study"}
    engine().volumes.create(f"{deployment.project}-user-room-2dstudy", labels=labels)
    in_volume(deployment, f"{deployment.project}-user-room-2dstudy", ["sh", "-c", "echo ours > /kept/ours.txt"])
    return said(ada, "homeroom hand-ins"), points


def _all(commands: tuple[str, ...]) -> str:
    return "cd ~/course && " + " && ".join(f"nbgrader {each} week-1 --course botany" for each in commands)


def digests(deployment: HubDeployment) -> dict[str, str]:
    """Of each file that a course and a room keep; each hand-in is looked at as to whether it is as its receipt says."""
    found: dict[str, str] = {}
    for ending, folder in COURSE_PARTS.items():
        volume = f"{deployment.project}{ending}"
        own = json.loads(in_volume(deployment, volume, ["python", "-c", DIGESTS, folder]))
        assert own, f"nothing is in {volume}"
        found |= {f"{ending}{path}": digest for path, digest in own.items()}
    return found


def in_volume(deployment: HubDeployment, volume: str, command: list[str], path: str = "/kept") -> str:
    """Run a command as root where a volume is."""
    output: bytes = engine().containers.run(
        f"{deployment.project}-hub:local",
        command,
        user="0:0",
        network_mode="none",
        volumes={volume: {"bind": path}},
        remove=True,
    )
    return output.decode()


def in_exams(deployment: HubDeployment, name: str, labels: dict[str, str], command: str) -> str:
    """Run a command where the home of an exam is; it is made where there is none."""
    volume = f"{deployment.project}-exam-{name}"
    engine().volumes.create(volume, labels={"homeroom.deployment": deployment.project, **labels})
    return in_volume(deployment, volume, ["sh", "-c", command], "/exam")


def kill_in_the_middle(deployment: HubDeployment, *words: str) -> None:
    """End the command once something came back; settings are still those that the machine had."""
    env = (deployment.directory / ".env").read_text()
    running = subprocess.Popen(
        [".venv/bin/python", "-m", "generator", "restore", "--everything", deployment.project, *words],
        cwd=deployment.directory,
        env=deployment.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        until((deployment.directory / "backup/restoring.json").exists, "homes come back", interval=0.01)
    finally:
        running.kill()
        running.wait()
    assert (deployment.directory / ".env").read_text() == env


def today() -> str:
    """The day of the newest copy."""
    return f"{datetime.now():%Y-%m-%d}"


def remove_volumes(deployment: HubDeployment) -> None:
    """Take everything that the deployment keeps from the machine."""
    for volume in engine().volumes.list():
        if volume.name.startswith((f"{deployment.project}_", f"{deployment.project}-")):
            volume.remove()
