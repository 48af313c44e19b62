"""A disk is full, under the hub's database or under a home: nothing is lost, and the words say what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from homeroom.hub.reserve import RESERVED_BYTES

from tests.faults import kill, recovery, until, until_healthy
from tests.faulty_deployment import FaultyDeployment
from tests.person import Person

FILL = "for size in 64k 4k 512; do dd if=/dev/zero of=filler.$size bs=$size status=none 2>/dev/null || true; done"
EMPTY = "rm -f filler.*"
RESERVE = "reserve"
LOG_SIZE = "stat -c %s jupyterhub.sqlite-wal 2>/dev/null || echo 0"
USE_UP = """
import sqlite3
hub = sqlite3.connect("jupyterhub.sqlite", timeout=20, isolation_level=None)
hub.execute("CREATE TABLE IF NOT EXISTS used_up (content BLOB)")
for size in (1 << 20, 1 << 16, 1 << 12):
    try:
        while True:
            hub.execute("INSERT INTO used_up VALUES (zeroblob(?))", (size,))
    except sqlite3.OperationalError:
        pass
"""
GIVE_BACK = """
import sqlite3
sqlite3.connect("jupyterhub.sqlite", timeout=20, isolation_level=None).execute("DROP TABLE IF EXISTS used_up")
"""


@pytest.fixture(autouse=True)
def left_as_found(faulty_deployment: FaultyDeployment) -> Iterator[None]:
    """Each test ends with a hub that runs, room on its disk, and no lab."""
    yield
    faulty_deployment.on_disk(f"{EMPTY}; python -c '{GIVE_BACK}'")
    faulty_deployment.compose("up", "--detach", "--no-recreate", "--wait")
    faulty_deployment.stop_all()


def test_a_full_disk_leaves_the_database_its_own_room(faulty_deployment: FaultyDeployment) -> None:
    """Whoever fills the disk, to the last byte: people sign in, sign up, start and stop labs all the same, for as long
    as a hub that is busy for days; and a hub that is killed then comes up."""
    faulty_deployment.on_disk("rm -rf damaged")  # what other tests set aside: with it there is no room for a reserve
    faulty_deployment.compose("restart", "hub")
    until_healthy(faulty_deployment, "hub")
    until(lambda: int(faulty_deployment.on_disk(LOG_SIZE)) >= RESERVED_BYTES, "the log has its full length")
    until(lambda: RESERVE in faulty_deployment.on_disk("ls"), "the reserve is taken")
    faulty_deployment.on_disk(FILL)
    assert faulty_deployment.on_disk("df --output=avail . | tail -1").strip() == "0"
    for number in range(4):
        faulty_deployment.crowd(*(f"on-full-{number}-{each}" for each in range(100)))
    faulty_deployment.ask("POST", "on-full-0-0", "light")
    faulty_deployment.until_ready("on-full-0-0")
    Person(faulty_deployment, "on-full-newcomer").sign_up("a long enough password")
    assert "on-full-newcomer" in faulty_deployment.person().get("hub/authorize").text
    faulty_deployment.person("on-full-0-1")

    faulty_deployment.on_disk(FILL)
    kill(faulty_deployment, "hub")
    with recovery("hub killed while the disk under its database is full"):
        until(lambda: faulty_deployment.person().get("hub/home").status_code == 200, "the hub's page")
    faulty_deployment.crowd("on-full-again")
    assert faulty_deployment.servers() == {"on-full-0-0": True}
    for name in ("on-full-3-99", "on-full-again"):
        assert faulty_deployment.person().api("GET", f"users/{name}").status_code == 200


def test_full_under_the_database(faulty_deployment: FaultyDeployment) -> None:
    """Once the database's own room is used up, too, labs go on, and who wants to start one reads why not; also a hub
    that is started then says so. All goes on by itself when there is room again."""
    person = faulty_deployment.person()
    faulty_deployment.crowd("turned-away")
    person.start_lab("real")
    with person.kernel() as kernel:
        kernel.run("open('kept.txt', 'w').write('mine')")
        faulty_deployment.on_disk(f"rm -f {RESERVE}; {FILL}; python -c '{USE_UP}'; {FILL}")
        refused = faulty_deployment.ask("POST", "turned-away", "light")
        assert refused.status_code == 500
        assert "The disk of the hub's database is full, so this was not done" in refused.json()["message"]
        assert "The disk of the hub&#39;s database is full" in person.get("hub/home").text
        assert kernel.run("print(open('kept.txt').read())") == "mine\n"
        kill(faulty_deployment, "hub")
        until(
            lambda: "disk under the hub's database is full" in faulty_deployment.compose("logs", "--tail=5", "hub"),
            "it says why",
        )
        status = faulty_deployment.make("status").stdout
        assert "hub is not healthy: /srv/data/jupyterhub.sqlite: the disk under" in status, status
        with recovery("disk full under the database (from room on it to the hub's page)"):
            faulty_deployment.on_disk(EMPTY)
            until(lambda: person.get("hub/home").status_code == 200, "the hub's page")
        assert kernel.run("print(6 * 7)") == "42\n"
    assert faulty_deployment.ask("POST", "turned-away", "light").status_code in (201, 202)
    faulty_deployment.until_ready("admin", "turned-away")


def test_full_under_a_home(faulty_deployment: FaultyDeployment, small_home: str) -> None:
    """What was saved stays whole, the page says why saving fails, and the lab can be started and used all the same, be
    it to make room."""
    person, other = faulty_deployment.person(small_home), faulty_deployment.person()
    person.start_lab("real")
    other.start_lab("real")
    assert save(person, "first version").ok
    person.run(f"import subprocess; subprocess.run({FILL!r}, shell=True)")
    failed = save(person, "second version, " * 1000)
    assert failed.status_code == 500
    assert "No space left on device" in failed.json()["message"]
    assert person.lab_api("GET", "contents/kept.txt").json()["content"] == "first version"
    assert save(other, "elsewhere").ok
    person.stop_lab()
    person.start_lab("real")
    with recovery("disk full under a home (from making room to a saved file)"):
        person.run(f"import subprocess; subprocess.run({EMPTY!r}, shell=True)")
        assert save(person, "third version").ok
    assert person.lab_api("GET", "contents/kept.txt").json()["content"] == "third version"


@pytest.fixture
def small_home(faulty_deployment: FaultyDeployment) -> Iterator[str]:
    """The name of somebody whose home is a disk of 16 MB; a container without a task keeps it mounted."""
    name = "cramped"
    options = "size=16m,uid=1000,gid=100,mode=0755"
    disk_holder = faulty_deployment.small_disk(f"-user-{name}", "/home/jovyan", options, {"homeroom.user": name})
    yield name
    faulty_deployment.stop_all()
    disk_holder.remove(force=True)


def save(person: Person, text: str) -> requests.Response:
    """Save a file as the page does."""
    return person.lab_api("PUT", "contents/kept.txt", json={"type": "file", "format": "text", "content": text})
