"""The hub's database is locked, damaged or gone: labs go on, the words say what to do, accounts come back."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests

from tests.faults import recovery, until, until_healthy
from tests.faulty_deployment import FaultyDeployment
from tests.hub_deployment import engine
from tests.person import Person

HOLD = """
import sqlite3, sys, time
held = sqlite3.connect("jupyterhub.sqlite", isolation_level=None)
held.execute("BEGIN EXCLUSIVE"); print("held", flush=True); time.sleep(float(sys.argv[1])); held.execute("ROLLBACK")
"""


@pytest.fixture(autouse=True)
def left_as_found(faulty_deployment: FaultyDeployment) -> Iterator[None]:
    """Each test ends with a hub that runs on a whole database, and no lab."""
    yield
    faulty_deployment.compose("up", "--detach", "--no-recreate", "--wait")
    faulty_deployment.stop_all()


def locked(faulty_deployment: FaultyDeployment, seconds: float) -> threading.Thread:
    """Another program that keeps the database locked for a time."""
    faulty_deployment.on_disk("rm -f /tmp/held")
    thread = threading.Thread(target=faulty_deployment.on_disk, args=(f"python -c '{HOLD}' {seconds} > /tmp/held",))
    thread.start()
    until(
        lambda: faulty_deployment.disk_holder.exec_run(["grep", "-q", "held", "/tmp/held"])[0] == 0,
        "the database is locked",
    )
    return thread


def add(person: Person, name: str) -> requests.Response:
    """Have the hub write something: an administrator adds somebody."""
    person.get("hub/home")
    return person.api("POST", "users", json={"usernames": [name]})


def test_locked_for_a_moment(faulty_deployment: FaultyDeployment) -> None:
    """Whoever has the hub write meanwhile waits, and gets what they asked for."""
    person = faulty_deployment.person()
    holder = locked(faulty_deployment, 2)
    with recovery("database locked for 2 s (until somebody is added)"):
        assert add(person, "momentary").status_code == 201
    holder.join()


def test_locked_for_long(faulty_deployment: FaultyDeployment) -> None:
    """Labs go on; whoever has the hub write is told in words; when the lock is gone the hub is as before."""
    person = faulty_deployment.person()
    person.start_lab("real")
    with person.kernel() as kernel:
        holder = locked(faulty_deployment, 14)
        answers: list[requests.Response] = []
        asking = threading.Thread(target=lambda: answers.append(add(person, "lasting")))
        asking.start()
        assert kernel.run("print(6 * 7)") == "42\n"
        asking.join()
        assert answers[0].status_code == 500
        assert "database is busy, so this was not done. Please try again" in answers[0].json()["message"]
        holder.join()
        with recovery("database locked for longer than the hub waits (from its end until somebody is added)"):
            until(lambda: add(person, "lasting").status_code == 201, "somebody is added")
        assert kernel.run("print(6 * 7)") == "42\n"


COPY, PUT_BACK, BEGIN_ANEW = range(3)
"""The console blocks under "The hub's database"."""


def test_damaged(faulty_deployment: FaultyDeployment) -> None:
    """A hub with a damaged database does not start and says what to do, wherever the operator looks. Labs go on, homes
    are untouched, and with a copy in its place, made while the hub ran, everybody is signed in as before."""
    person, other = faulty_deployment.person(), faulty_deployment.person("ada")
    person.start_lab("real")
    homes = homes_of(faulty_deployment)
    with person.kernel() as kernel:
        kernel.run("open('kept.txt', 'w').write('mine')")
        faulty_deployment.on_disk("test -s jupyterhub.sqlite-wal")  # where the newest is: the copy is to have it
        faulty_deployment.type_documented("The hub's database", COPY)
        faulty_deployment.compose("stop", "hub")
        faulty_deployment.on_disk(
            "dd if=/dev/urandom of=jupyterhub.sqlite bs=4096 seek=2 count=4 conv=notrunc status=none"
        )
        for said in (
            faulty_deployment.make("up", check=False).stdout,
            faulty_deployment.make("restart", check=False).stdout,
            faulty_deployment.make("status").stdout,
            faulty_deployment.compose("logs", "--tail=4", "hub"),
        ):
            assert "the hub's database, with the accounts, is damaged" in said, said
            assert "Homes are untouched" in said
            assert "docs/operations.md" in said
            assert "Traceback" not in said
        assert kernel.run("print(open('kept.txt').read())") == "mine\n"
        with recovery("database damaged (from putting a copy back to the hub's page for who was signed in)"):
            faulty_deployment.type_documented("The hub's database", PUT_BACK)
            until(lambda: other.get("hub/home").status_code == 200, "the hub's page")
        assert other.get("hub/home").url.endswith("hub/home")
        assert kernel.run("print(6 * 7)") == "42\n"
    assert person.run("print(open('kept.txt').read())") == "mine\n"
    assert faulty_deployment.servers() == {"admin": True}
    assert homes <= homes_of(faulty_deployment)


def test_begun_anew(faulty_deployment: FaultyDeployment) -> None:
    """Without a copy the hub begins with an empty database; who is given an account anew finds their files."""
    person = faulty_deployment.person("ada")
    person.start_lab("real")
    person.run("open('kept.txt', 'w').write('hers')")
    faulty_deployment.stop_all()
    faulty_deployment.type_documented("The hub's database", COPY)
    faulty_deployment.type_documented("The hub's database", BEGIN_ANEW)
    try:
        again = Person(faulty_deployment, "ada")
        assert again.sign_in(faulty_deployment.new_password("ada")).url.endswith("hub/home")
        again.start_lab("real")
        assert again.run("print(open('kept.txt').read())") == "hers\n"
        again.stop_lab()
    finally:
        faulty_deployment.type_documented("The hub's database", PUT_BACK)
        until_healthy(faulty_deployment, "hub")


def homes_of(faulty_deployment: FaultyDeployment) -> set[str]:
    """The volumes with people's files."""
    return {volume.name for volume in engine().volumes.list(filters={"name": f"{faulty_deployment.project}-user-"})}
