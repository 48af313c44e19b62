"""Labs started and stopped again and again, also from two tabs at once: nothing is left over."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults import measured, until
from tests.faulty_deployment import FaultyDeployment

CYCLES = 200
PEOPLE = [f"cycle{number}" for number in range(8)]


@pytest.fixture(autouse=True)
def left_as_found(faulty_deployment: FaultyDeployment) -> Iterator[None]:
    """No lab before and after."""
    faulty_deployment.until_empty()
    yield
    faulty_deployment.stop_all()


def open_files(faulty_deployment: FaultyDeployment, service: str) -> int:
    """How many files, sockets and pipes a service has open."""
    process = faulty_deployment.container(service).attrs["State"]["Pid"]
    return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())


def capacity(faulty_deployment: FaultyDeployment) -> list[str]:
    """What the choice page says of free capacity, for each profile."""
    return re.findall(r"(?:\d+ (?:is|are) free|Free) now", faulty_deployment.person().get("hub/spawn/admin").text)


def test_two_hundred_starts_and_stops(faulty_deployment: FaultyDeployment) -> None:
    """After 200 labs there is no container, route, reservation, directory or open file more than before."""
    faulty_deployment.crowd(*PEOPLE)
    free = capacity(faulty_deployment)
    assert len(free) == 4
    assert faulty_deployment.ask_all("POST", PEOPLE, "light") == []
    faulty_deployment.stop_all()
    files = {service: open_files(faulty_deployment, service) for service in ("hub", "guard", "proxy")}

    def cycle(name: str) -> list[int]:
        codes = []
        for _ in range(CYCLES // len(PEOPLE)):
            codes.append(faulty_deployment.ask("POST", name, "light").status_code)
            until(lambda: faulty_deployment.servers().get(name), f"{name}'s lab is ready") if codes[-1] == 202 else None
            codes.append(faulty_deployment.ask("DELETE", name).status_code)
            until(lambda: name not in faulty_deployment.servers(), f"{name}'s lab is gone") if codes[
                -1
            ] == 202 else None
        return codes

    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        codes = {code for each in pool.map(cycle, PEOPLE) for code in each}
    assert codes <= {201, 202, 204}
    faulty_deployment.until_empty()
    assert capacity(faulty_deployment) == free
    for service, before in files.items():
        now = open_files(faulty_deployment, service)
        measured(f"{CYCLES} starts and stops: {service} had {before} files open before, {now} after")
        assert now <= before + 20


def test_two_tabs_at_odds(faulty_deployment: FaultyDeployment) -> None:
    """Starts and stops of one lab from two tabs, as fast as they can: there is never a second lab, nothing is stuck,
    and the lab can be started and stopped afterwards."""
    faulty_deployment.crowd("torn")
    chance = random.Random(7)
    answers: list[str] = []

    def tab(orders: list[str]) -> None:
        for order in orders:
            answer = faulty_deployment.ask(order, "torn", "light" if order == "POST" else "")
            answers.append(f"{answer.status_code} {answer.json()['message'] if answer.status_code == 400 else ''}")

    tabs = [threading.Thread(target=tab, args=([chance.choice(["POST", "DELETE"]) for _ in range(12)],)) for _ in "ab"]
    for each in tabs:
        each.start()
    for each in tabs:
        each.join()
    # The hub itself answers 500 to the tab whose start or stop the other one cut off.
    expected = re.compile(r"20[124] |500 |400 torn (is already running|is pending (stop|spawn))")
    assert all(expected.fullmatch(said) for said in answers), set(answers)
    until(lambda: all(faulty_deployment.servers().values()), "nothing is under way")
    until(
        lambda: len(faulty_deployment.containers()) == len(faulty_deployment.servers()),
        "each lab has its container, and no other is there",
    )
    faulty_deployment.stop_all()
    assert faulty_deployment.ask("POST", "torn", "light").status_code in (201, 202)
    faulty_deployment.until_ready("torn")


def test_a_start_while_the_lab_stops(faulty_deployment: FaultyDeployment) -> None:
    """Whoever asks for a lab that is just stopping meets a page that says so and reloads itself, then offers it."""
    person = faulty_deployment.person()
    assert faulty_deployment.ask_all("POST", ["admin"], "clinging") == []
    faulty_deployment.until_ready("admin")
    stopping = threading.Thread(target=faulty_deployment.ask, args=("DELETE", "admin"))
    stopping.start()
    until(lambda: not all(faulty_deployment.servers().values()), "the stop is under way", interval=0.01)
    page = person.get("hub/spawn/admin")
    assert "Your lab is stopping" in page.text
    assert 'http-equiv="refresh"' in page.text
    stopping.join()
    page = until(
        lambda: "Start your lab" in (found := person.get(page.url.removeprefix(faulty_deployment.url))).text and found,
        "offered",
    )
    assert "Your lab is not running" in page.text
