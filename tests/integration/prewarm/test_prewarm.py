"""Class start: labs run before their people come, nobody waits for them, and nobody is kept waiting by them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from docker.errors import APIError
from homeroom.contract.database import DATABASE

from bench import class_start
from bench.class_start import STUB
from tests.faults import kill, recovery, until
from tests.hub_deployment import HubDeployment, engine
from tests.person import PATIENCE_SECONDS, Person

ROOM = 14
AT_ONCE = 2
CLASS = [f"pupil{number:02}" for number in range(10)]
ZONE = ZoneInfo("Asia/Kolkata")
STRANGERS = ["unapproved", "unknown"]
PASSWORD = "correct-horse-9"
PROFILES = """\
profiles:
  - {name: tiny, memory: 64M, shm: 64M, cpus: 0.1, image: "PROJECT-hub:local"}
  - {name: other, memory: 64M, shm: 64M, cpus: 0.1, image: "PROJECT-hub:local", allow: {groups: [late]}}
  - {name: most, memory: MOSTM, cpus: 0.1, idle_seconds: 30, image: "PROJECT-hub:local", allow: {users: [bigone]}}
"""
GROUPS = """\
groups:
  class: {members: [CLASS]}
  late: {members: [pupil00, pupil01]}
  choir: {members: [pupil00, pupil01]}
"""


@pytest.fixture(scope="module")
def school(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with accounts of its own, room for fourteen labs, and labs of a few lines of Python."""
    made = HubDeployment(
        tmp_path_factory.mktemp("school"),
        f"hrschool{os.getpid()}",
        {"TOTAL_LAB_MEMORY": f"{64 * ROOM}M", "TIMEZONE": ZONE.key, "PREWARM_AT_ONCE": str(AT_ONCE)},
    )
    made.make("init")
    site = made.directory / "site"
    site.joinpath("profiles.yaml").write_text(
        PROFILES.replace("PROJECT", made.project).replace("MOST", str(64 * (ROOM - 2)))
    )
    site.joinpath("groups.yaml").write_text(GROUPS.replace("CLASS", ", ".join([*CLASS, *STRANGERS])))
    stub = f"c.LabSpawner.cmd = ['/opt/jupyterhub/bin/python', '-c', {STUB!r}]\n"
    site.joinpath("hub.d/10-stub.py").write_text(stub)
    try:
        made.first_up()
        make_accounts(made, [*CLASS, "bigone"])
        assert Person(made, "unapproved").sign_up(PASSWORD).status_code == 200
        yield made
    finally:
        made.remove()


def make_accounts(deployment: HubDeployment, names: list[str]) -> None:
    """Approved accounts, all in one go; nobody has signed in then."""
    code = (
        "import sys; from homeroom.sign_in import accounts\n"
        f"accounts.add(accounts.open_database(accounts.DATABASE), dict.fromkeys(sys.argv[1:], {PASSWORD!r}))"
    )
    deployment.compose("exec", "-T", "hub", "python", "-c", code, *names)


def signed_in(deployment: HubDeployment, name: str, password: str = PASSWORD) -> Person:
    """Somebody who has signed in."""
    person = Person(deployment, name)
    assert person.sign_in(password).status_code == 200
    return person


@pytest.fixture(autouse=True)
def _stopped(school: HubDeployment) -> Iterator[None]:
    """After each test every lab is stopped, by the administrator."""
    yield
    admin = signed_in(school, "admin", school.password)
    for name in school.labs_by_person():
        admin.get("hub/home")
        assert admin.api("DELETE", f"users/{name}/server").status_code in (202, 204, 404)
    school.wait_for_labs(set())


def test_a_class_is_prewarmed_and_each_person_is_shown_their_lab(school: HubDeployment) -> None:
    """Labs of all who may sign in run, also of those who never did; others are skipped with the reason. A second run
    starts nothing. Who comes then is shown the lab that runs, and is there faster than without."""
    without, _ = class_start.click(signed_in(school, CLASS[-1]))
    mine = school.labs_by_person()[CLASS[-1]]["Id"]
    done = school.make("prewarm", "GROUP=class")
    assert "9 of 12 prewarmed, 3 skipped" in done.stdout
    assert "skipped, has a lab already: pupil09" in done.stdout
    assert "skipped, has no approved account: unapproved, unknown" in done.stdout
    running = {name: each["Id"] for name, each in school.labs_by_person().items()}
    assert running.keys() == set(CLASS)
    assert running[CLASS[-1]] == mine
    again = school.make("prewarm", "GROUP=class").stdout
    assert "9 of 12 prewarmed, 3 skipped" in again
    waits = class_start.at_ten([signed_in(school, name) for name in CLASS[:-1]], within_seconds=1)
    print(f"without: {without:.2f} s; with, nine within a second: {waits.summary()}")
    assert {name: each["Id"] for name, each in school.labs_by_person().items()} == running


def test_only_the_prewarmer_may_ask(school: HubDeployment) -> None:
    """Neither an administrator's session nor a lab's owner has the right to start others' labs by the class."""
    admin = signed_in(school, "admin", school.password)
    admin.get("hub/home")
    body = {"groups": ["class"], "profile": "", "lesson_at": 0, "keep_until": 4e9}
    for person in (admin, signed_in(school, "pupil00")):
        headers = {"X-XSRFToken": person._xsrf("/hub/"), "Referer": f"{school.url}hub/home"}
        address = f"{school.url}hub/homeroom/prewarm"
        assert person.web.post(address, json=body, headers=headers, timeout=PATIENCE_SECONDS).status_code == 403


def test_people_come_first(school: HubDeployment) -> None:
    """Prewarming keeps capacity for one lab free; a user who needs more gets it from prewarmed labs, never from one
    that was opened; while a lab waits in the queue none is prewarmed."""
    assert "10 of 12 prewarmed" in school.make("prewarm", "GROUP=class").stdout
    opened = CLASS[:2]
    for name in opened:
        class_start.click(signed_in(school, name))
    big = signed_in(school, "bigone")
    big.get("hub/home")
    assert big.api("POST", "users/bigone/server", json={"profile": "most"}).status_code in (201, 202)
    school.wait_for_labs({"bigone", *opened})
    told = signed_in(school, CLASS[5]).get("hub/home").text
    assert "started for a lesson and stopped because you did not open it" in " ".join(told.split())
    full = school.make("prewarm", "GROUP=class").stdout
    assert "labs are not started" in full
    assert school.labs_by_person().keys() == {"bigone", *opened}


def heed_ctrl_c() -> None:
    """As on a terminal, also where the tests run in the background, which is deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_begins_no_more_and_what_runs_goes_on(school: HubDeployment) -> None:
    """An interrupted run ends with 130, leaves the labs that it started, and the next one completes them."""
    environment = {**school.environment, "PYTHONUNBUFFERED": "1"}
    command = [".venv/bin/python", "-m", "generator", "prewarm", "class"]
    running = subprocess.Popen(
        command,
        cwd=school.directory,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    until(lambda: len(school.labs_by_person()) >= 2, "labs are started")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=120)
    assert running.returncode == 130
    time.sleep(3)
    begun = set(school.labs_by_person())
    assert len(begun) < len(CLASS)
    assert "10 of 12 prewarmed" in school.make("prewarm", "GROUP=class").stdout
    assert begun < set(school.labs_by_person()) == set(CLASS)


def kept_until(school: HubDeployment) -> dict[str, float]:
    """Who has a ready lab that was started for a lesson and waits for them, and until when; as the hub knows it."""
    admin = signed_in(school, "admin", school.password)
    facts = {
        user["name"]: server["state"]["homeroom"]
        for user in admin.api("GET", "users?state=ready").json()
        for server in user["servers"].values()
        if server["ready"]
    }
    return {name: each["keep_until"] for name, each in facts.items() if each["lesson_at"] and not each["opened"]}


def cut_off(school: HubDeployment, ask: Callable[[], object], *names: str) -> dict[str, str]:
    """Ask for labs of a class, and kill the hub in the middle of the start of some; return when it knows them again.

    Their containers are held still meanwhile, so that none is ready before the hub is dead.

    :param names: whose labs are asked for.
    :returns: the ids of these containers, by person.
    """
    asking = threading.Thread(target=ask)
    asking.start()
    held: dict[str, str] = {}

    def hold() -> bool:
        for name, each in school.labs_by_person().items():
            if each["State"] == "running" and name not in held:
                with contextlib.suppress(APIError):  # "unable to freeze", while it forks: looked at again
                    engine().containers.get(each["Id"]).pause()
                    held[name] = each["Id"]
        return len(held) == AT_ONCE

    until(hold, "labs are starting", interval=0.01)
    assert not held.keys() & kept_until(school).keys(), "they were ready before"
    with recovery(f"hub killed in the middle of a class start (until {len(names)} labs are prewarmed)"):
        kill(school, "hub")
        for each in held.values():
            engine().containers.get(each).unpause()
        until(lambda: Person(school, "admin").get("hub/login").ok, "the hub answers")
        until(lambda: kept_until(school).keys() == set(names), "all are prewarmed", interval=0.2)
    asking.join()
    return held


def test_a_hub_that_is_killed_goes_on(school: HubDeployment) -> None:
    """The hub dies in the middle: the same command goes on when it is back. Each person has one lab, those whose start
    was cut off the very lab that was begun for them, and all of them wait for their people."""
    said: list[str] = []
    asked_at = time.time()
    begun = cut_off(school, lambda: said.append(school.make("prewarm", "GROUP=class", "MINUTES=40").stdout), *CLASS)
    assert "10 of 12 prewarmed, 2 skipped" in said[0]
    assert "failed" not in said[0]
    labs = [lab for name in CLASS for lab in school.labs(name)]
    assert len(labs) == len(CLASS) == len(school.labs_by_person())
    assert set(begun.values()) <= {lab.id for lab in labs}
    assert min(kept_until(school).values()) >= asked_at + 40 * 60


def test_a_lab_waits_for_both_of_two_lessons(school: HubDeployment) -> None:
    """Who has two lessons at the same time has one lab for both, also while it starts for the first of them: nobody is
    skipped, and it waits for as long as the lesson that lets it wait longer."""
    at = int(time.time())
    code = (
        "import json, sys, time; from homeroom.prewarm import service as prewarm\n"
        "at, token = int(sys.argv[1]), prewarm.own_token()\n"
        "lessons = [{'groups': [group], 'profile': '', 'lesson_at': at, 'keep_until': at + keep}\n"
        "           for group, keep in (('late', 600), ('choir', 1200))]\n"
        "told = []\n"
        "while not (told and all(map(prewarm.is_done, told))):\n"
        "    told = [prewarm.step('/', token, lesson) for lesson in lessons]; time.sleep(0.02)\n"
        "print(json.dumps([one['skipped'] for one in told]))"
    )
    assert json.loads(school.compose("exec", "-T", "hub", "python", "-c", code, str(at))) == [{}, {}]
    assert kept_until(school) == dict.fromkeys(["pupil00", "pupil01"], at + 1200)


def let_their_time_pass(school: HubDeployment) -> None:
    """Have all labs been kept for long enough: as the hub finds it in its database when it comes back."""
    school.compose("stop", "hub")
    data = Path(engine().volumes.get(f"{school.project}_data").attrs["Mountpoint"])
    passed = "UPDATE spawners SET state = json_replace(state, '$.homeroom.keep_until', 1.0)"
    with contextlib.closing(sqlite3.connect(data / DATABASE.name)) as database, database:
        database.execute(passed)
    school.compose("up", "--detach", "--no-recreate", "--wait", "hub")


def test_labs_that_nobody_opens_are_given_up(school: HubDeployment) -> None:
    """When a lab was kept for long enough it is stopped, unless its person opened it meanwhile; so are labs that a hub
    began which was killed then, and for which nobody asked again."""
    code = (
        "import sys, time; from homeroom.prewarm import service as prewarm; at = time.time()\n"
        "body = {'groups': ['late'], 'profile': '', 'lesson_at': at, 'keep_until': float(sys.argv[1])}\n"
        "prewarm.step('/', prewarm.own_token(), body)"
    )
    keep_until = time.time() + 3600
    command = ["exec", "-T", "hub", "python", "-c", code, str(keep_until)]
    cut_off(school, lambda: school.compose(*command), "pupil00", "pupil01")
    assert set(kept_until(school).values()) == {keep_until}
    class_start.click(signed_in(school, "pupil00"))
    let_their_time_pass(school)
    school.wait_for_labs({"pupil00"})
    told = signed_in(school, "pupil01").get("hub/home").text
    assert "started for a lesson and stopped because you did not open it" in " ".join(told.split())


def test_the_schedule_starts_labs(school: HubDeployment) -> None:
    """Before a lesson in site/schedule.yaml its labs run, of the lesson's profile for who may take it, also where the
    hub dies in the middle of their start; `make status` tells the lesson and how many wait for their people; no more
    are begun for whoever stopped theirs."""
    begin = datetime.now(ZONE).replace(second=0, microsecond=0) + timedelta(minutes=3)
    lesson = {
        "name": "statistics",
        "groups": ["late"],
        "days": [f"{begin:%a}".lower()],
        "at": f"{begin:%H:%M}",
        "lead_minutes": 5,
        "profile": "other",
    }
    (school.directory / "site/schedule.yaml").write_text(json.dumps({"lessons": [lesson]}))
    begun = cut_off(school, lambda: school.make("restart", check=False), "pupil00", "pupil01")
    assert set(begun.values()) <= {each["Id"] for each in school.labs_by_person().values()}
    assert {each["Labels"]["homeroom.profile"] for each in school.labs_by_person().values()} == {"other"}
    class_start.click(signed_in(school, "pupil00"))
    shown = school.make("status").stdout
    assert f"statistics (late), {begin:%a %d %b %H:%M}, labs from" in shown
    assert "1 lab prewarmed" in shown
    signed_in(school, "pupil01").stop_lab()
    time.sleep(3)
    assert school.labs_by_person().keys() == {"pupil00"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "GROUP is missing"),
        (("clas",), "there is no group clas\n  Did you mean class?"),
        (("class", "--profile=tinny"), "there is no profile tinny\n  Did you mean tiny?"),
    ],
)
def test_a_slip_is_told_with_the_nearest_name(school: HubDeployment, arguments: tuple[str, ...], said: str) -> None:
    """A wrong or missing name: cause, remedy, exit code 2, nothing started."""
    before = set(school.labs_by_person())
    done = school.verb("prewarm", *arguments)
    assert done.returncode == 2
    assert said in done.stdout
    assert set(school.labs_by_person()) == before


def test_without_a_hub_it_says_what_to_do(school: HubDeployment) -> None:
    """A hub that is down is told in plain words."""
    school.compose("stop", "hub")
    try:
        done = school.verb("prewarm", "class")
    finally:
        school.compose("up", "--detach", "--no-recreate", "--wait", "hub")
    assert done.returncode == 2
    assert "`make up` brings the hub up" in done.stdout
    assert "Traceback" not in done.stdout
