"""The hub dies at the worst moments: what was begun is ended well, and nobody who works notices."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.faults import kill, recovery, until, until_healthy
from tests.faulty_deployment import FaultyDeployment
from tests.person import Person

CROWD = [f"crowd{number:02}" for number in range(20)]


@pytest.fixture(autouse=True)
def left_as_found(faulty_deployment: FaultyDeployment) -> Iterator[None]:
    """Each test ends with a hub that runs and no lab."""
    yield
    until_healthy(faulty_deployment, "hub")
    faulty_deployment.stop_all()


def test_killed_in_the_middle_of_a_spawn(faulty_deployment: FaultyDeployment) -> None:
    """The lab whose start was cut off is not started a second time: the hub, back again, waits for that very lab."""
    person = faulty_deployment.person()
    asked = threading.Thread(target=faulty_deployment.ask_all, args=("POST", ["admin"], "real"))
    asked.start()
    until(
        lambda: [lab for lab in faulty_deployment.labs("admin") if lab.status == "running"],
        "the container runs",
        interval=0.01,
    )
    lab = faulty_deployment.lab("admin").id
    with recovery("hub killed in the middle of a spawn (until the person's code runs)"):
        kill(faulty_deployment, "hub")
        asked.join()
        person.wait_for_lab()
        assert person.run("print(6 * 7)") == "42\n"
    assert faulty_deployment.lab("admin").id == lab
    assert faulty_deployment.containers() == ["admin"]


def test_killed_before_there_was_a_container(faulty_deployment: FaultyDeployment) -> None:
    """Where nothing of the lab was there yet, its person is told so, and starts it again with a click."""
    person = faulty_deployment.person()
    guard = faulty_deployment.container("guard")
    guard.pause()
    try:
        asked = threading.Thread(target=faulty_deployment.ask_all, args=("POST", ["admin"], "light"))
        asked.start()
        until(lambda: "starting" in person.get("hub/spawn-pending/admin").text, "the start is under way")
        listening = threading.Thread(target=listen, args=(person,))
        listening.start()
        time.sleep(1)
        assert listening.is_alive()
    finally:
        kill(faulty_deployment, "hub")
        guard.unpause()
    with recovery("hub killed before a lab's container was made (until its person is told)"):
        asked.join()
        page = until(
            lambda: (
                (answer := person.get("hub/spawn-pending/admin")).ok and "restarted before" in answer.text and answer
            ),
            "the waiting page tells what happened",
        )
        listening.join(timeout=120)
        assert not listening.is_alive(), (
            "what the waiting page listens to breaks off with the hub, so that it looks anew"
        )
    assert "Start your lab" in page.text
    assert "files are all there" in person.get("hub/home").text
    assert not faulty_deployment.containers()
    assert faulty_deployment.ask_all("POST", ["admin"], "light") == []
    faulty_deployment.until_ready("admin")


def listen(person: Person) -> None:
    """Listen to a lab's start as the waiting page does, until that ends or breaks off."""
    with contextlib.suppress(requests.RequestException):
        person.progress_until("never said")


def test_killed_in_the_middle_of_a_stop(faulty_deployment: FaultyDeployment) -> None:
    """A stop that was cut off is finished: nothing is left of the lab, and its person can start it again."""
    person = faulty_deployment.person()
    assert faulty_deployment.ask_all("POST", ["admin"], "clinging") == []
    faulty_deployment.until_ready("admin")
    asked = threading.Thread(target=faulty_deployment.ask_all, args=("DELETE", ["admin"]))
    asked.start()
    until(lambda: not any("admin" in path for path in faulty_deployment.routes()), "the stop is under way")
    with recovery("hub killed in the middle of a stop (until the person sees that it is stopped)"):
        kill(faulty_deployment, "hub")
        asked.join()
        until(
            lambda: (
                'id="start"' in (page := person.get("hub/home")).text and page.ok and not faulty_deployment.servers()
            ),
            "stopped",
        )
    faulty_deployment.until_empty()
    assert faulty_deployment.ask_all("POST", ["admin"], "light") == []
    faulty_deployment.until_ready("admin")


def test_killed_in_the_middle_of_twenty_spawns(faulty_deployment: FaultyDeployment) -> None:
    """Labs whose containers were there are carried on, the others are started again by asking; nobody has two."""
    faulty_deployment.crowd(*CROWD)
    asked = threading.Thread(target=faulty_deployment.ask_all, args=("POST", CROWD, "slow"))
    asked.start()
    until(lambda: len(faulty_deployment.labs_running()) >= 6, "six containers run")
    with recovery("hub killed in the middle of 20 spawns (until all 20 labs are ready)"):
        kill(faulty_deployment, "hub")
        asked.join()
        kept = faulty_deployment.labs_running()
        until(lambda: faulty_deployment.person().get("hub/home").status_code == 200, "the hub answers")
        until(lambda: all(faulty_deployment.servers().values()), "what was begun is ended", interval=0.2)
        until(
            lambda: faulty_deployment.ask_all("POST", set(CROWD) - faulty_deployment.servers().keys(), "slow") == [],
            "all are asked again",
        )
        faulty_deployment.until_ready(*CROWD)
    assert faulty_deployment.containers() == CROWD
    assert kept <= {lab.id for name in CROWD for lab in faulty_deployment.labs(name)}
    assert len(faulty_deployment.routes()) == len(CROWD)


def test_away_while_people_work(faulty_deployment: FaultyDeployment) -> None:
    """Without a hub kernels, websockets and files go on; whoever asks for the hub meets a page that reloads itself.

    Ten seconds stand for a minute: a lab asks the hub who somebody is once in five minutes.
    """
    person = faulty_deployment.person()
    person.start_lab("real")
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        faulty_deployment.compose("kill", "hub")
        for second in range(10):
            assert kernel.run(f"print(mark, {second})") == f"before {second}\n"
            saved = person.lab_api(
                "PUT", "contents/kept.txt", json={"type": "file", "format": "text", "content": str(second)}
            )
            assert saved.ok, saved.text
            time.sleep(1)
        assert person.run("print('a new kernel')") == "a new kernel\n"
        page = person.get("hub/home", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers.get("Refresh")) == (503, "3")
        assert "The hub is restarting" in page.text
        with recovery("hub away for 10 s, then started (until its pages are back)"):
            faulty_deployment.compose("start", "hub")
            until(lambda: person.get("hub/home").status_code == 200, "the hub's page is back")
        assert kernel.run("print(mark, open('kept.txt').read())") == "before 9\n"
        assert faulty_deployment.servers() == {"admin": True}
