"""The guard dies, alone or together with the hub: labs go on, and what was asked for is done a moment later."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.faults import kill, recovery, until, until_healthy
from tests.frail import Frail

CROWD = [f"guarded{number}" for number in range(6)]


@pytest.fixture(autouse=True)
def left_as_found(frail: Frail) -> Iterator[None]:
    """Each test ends with a guard and a hub that run, and no lab."""
    yield
    frail.compose("up", "--detach", "--no-recreate", "--wait")
    frail.stop_all()


def test_killed_while_labs_start_and_stop(frail: Frail) -> None:
    """Starts and stops that were under way are carried out by the next guard; no one is even told."""
    frail.crowd(*CROWD)
    starting, stopping = CROWD[:3], CROWD[3:]
    assert frail.ask_all("POST", stopping, "clinging") == []
    frail.until_ready(*stopping)
    faults: list[str] = []
    asked = [
        threading.Thread(target=lambda: faults.extend(frail.ask_all("POST", starting, "slow"))),
        threading.Thread(target=lambda: faults.extend(frail.ask_all("DELETE", stopping))),
    ]
    for each in asked:
        each.start()
    until(lambda: set(starting) & set(frail.containers()), "a start is under way")
    with recovery("guard killed in the middle of 3 starts and 3 stops (until all 6 are done)"):
        kill(frail, "guard")
        for each in asked:
            each.join()
        until(lambda: frail.servers() == dict.fromkeys(starting, True), "three run", interval=0.2)
    assert faults == []
    assert frail.containers() == starting


def test_away_while_the_hub_starts_anew(frail: Frail) -> None:
    """A hub that cannot see the labs forgets none: who works goes on, who wants a lab is told what to do."""
    frail.crowd("waiting")
    person = frail.person()
    person.start_lab("real")
    lab = frail.lab("admin").id
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        frail.compose("kill", "guard")
        kill(frail, "hub")
        until(lambda: person.get("hub/home").status_code == 200, "the hub's page is back")
        frail.ask("POST", "waiting", "light")
        page = "hub/spawn-pending/waiting"
        until(lambda: "engine does not answer" in person.get(page).text, "who waits for a lab is told", interval=0.5)
        assert "Try again" in person.get(page).text
        assert kernel.run("print(mark)") == "before\n"
        with recovery("guard away while the hub was restarted (until labs can be started)"):
            frail.compose("start", "guard")
            until(lambda: frail.ask_all("POST", ["waiting"], "light") == [], "a lab starts")
        until(lambda: frail.servers() == {"admin": True, "waiting": True}, "the hub knows both labs", interval=0.2)
        assert kernel.run("print(mark)") == "before\n"
    assert frail.lab("admin").id == lab
    assert person.get("user/admin/lab").status_code == 200


def test_directories_left_by_labs_are_swept(frail: Frail) -> None:
    """What labs left behind while no guard saw them go is removed by the next guard; a running lab keeps its own."""
    frail.crowd("kept", "lost")
    assert frail.ask_all("POST", ["kept", "lost"], "light") == []
    frail.until_ready("kept", "lost")
    assert len(frail.socket_directories()) == 2
    frail.lab("lost").remove(force=True)
    kill(frail, "guard")
    until(lambda: len(frail.socket_directories()) == 1, "one directory is left")
    until_healthy(frail, "guard")
    assert frail.ask("GET", "kept").status_code in (200, 405)
    assert frail.person().get("user/kept/").status_code in (200, 403)
