"""The guard dies, alone or together with the hub: labs go on, and what was asked for is done a moment later."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.faults import kill, recovery, until, until_healthy
from tests.faulty_deployment import FaultyDeployment

CROWD = [f"guarded{number}" for number in range(6)]


@pytest.fixture(autouse=True)
def left_as_found(faulty_deployment: FaultyDeployment) -> Iterator[None]:
    """Each test ends with a guard and a hub that run, and no lab."""
    yield
    faulty_deployment.compose("up", "--detach", "--no-recreate", "--wait")
    faulty_deployment.stop_all()


def test_killed_while_labs_start_and_stop(faulty_deployment: FaultyDeployment) -> None:
    """Starts and stops that were under way are carried out by the next guard; no one is even told."""
    faulty_deployment.crowd(*CROWD)
    starting, stopping = CROWD[:3], CROWD[3:]
    assert faulty_deployment.ask_all("POST", stopping, "clinging") == []
    faulty_deployment.until_ready(*stopping)
    faults: list[str] = []
    asked = [
        threading.Thread(target=lambda: faults.extend(faulty_deployment.ask_all("POST", starting, "slow"))),
        threading.Thread(target=lambda: faults.extend(faulty_deployment.ask_all("DELETE", stopping))),
    ]
    for each in asked:
        each.start()
    until(lambda: set(starting) & set(faulty_deployment.containers()), "a start is under way")
    with recovery("guard killed in the middle of 3 starts and 3 stops (until all 6 are done)"):
        kill(faulty_deployment, "guard")
        for each in asked:
            each.join()
        until(lambda: faulty_deployment.servers() == dict.fromkeys(starting, True), "three run", interval=0.2)
    assert faults == []
    assert faulty_deployment.containers() == starting


def test_away_while_the_hub_starts_anew(faulty_deployment: FaultyDeployment) -> None:
    """A hub that cannot see the labs forgets none: who works goes on, who wants a lab is told what to do."""
    faulty_deployment.crowd("waiting")
    person = faulty_deployment.person()
    person.start_lab("real")
    lab = faulty_deployment.lab("admin").id
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        faulty_deployment.compose("kill", "guard")
        kill(faulty_deployment, "hub")
        until(lambda: person.get("hub/home").status_code == 200, "the hub's page is back")
        faulty_deployment.ask("POST", "waiting", "light")
        page = "hub/spawn-pending/waiting"
        until(lambda: "engine does not answer" in person.get(page).text, "who waits for a lab is told", interval=0.5)
        assert "Try again" in person.get(page).text
        assert kernel.run("print(mark)") == "before\n"
        with recovery("guard away while the hub was restarted (until labs can be started)"):
            faulty_deployment.compose("start", "guard")
            until(lambda: faulty_deployment.ask_all("POST", ["waiting"], "light") == [], "a lab starts")
        until(
            lambda: faulty_deployment.servers() == {"admin": True, "waiting": True},
            "the hub knows both labs",
            interval=0.2,
        )
        assert kernel.run("print(mark)") == "before\n"
    assert faulty_deployment.lab("admin").id == lab
    assert person.get("user/admin/lab").status_code == 200


def test_directories_left_by_labs_are_swept(faulty_deployment: FaultyDeployment) -> None:
    """What labs left behind while no guard saw them go is removed by the next guard; a running lab keeps its own."""
    faulty_deployment.crowd("kept", "lost")
    assert faulty_deployment.ask_all("POST", ["kept", "lost"], "light") == []
    faulty_deployment.until_ready("kept", "lost")
    assert len(faulty_deployment.socket_directories()) == 2
    faulty_deployment.lab("lost").remove(force=True)
    kill(faulty_deployment, "guard")
    until(lambda: len(faulty_deployment.socket_directories()) == 1, "one directory is left")
    until_healthy(faulty_deployment, "guard")
    assert faulty_deployment.ask("GET", "kept").status_code in (200, 405)
    assert faulty_deployment.person().get("user/kept/").status_code in (200, 403)
