"""Who may not sign in any more is out at once: browsers, tokens, labs and what is open in them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import PATIENCE_SECONDS, Kernel, Person


@pytest.fixture
def lists(deployment: HubDeployment) -> Iterator[Path]:
    """The operator's lists of people, which the hub reads while it runs."""
    path = deployment.directory / "site/people.yaml"
    before = path.read_text()
    yield path
    path.write_text(before)


@pytest.fixture
def password(deployment: HubDeployment) -> str:
    """The password of olga, who has an account."""
    return deployment.new_password("olga")


def token_of(person: Person) -> str:
    """A token for the hub's API."""
    answer = person.api("POST", f"users/{person.name}/tokens", json={"note": "a script's"})
    assert answer.status_code == 201
    return str(answer.json()["token"])


def status_by_token(deployment: HubDeployment, token: str) -> int:
    """What the hub answers to a script with the token."""
    headers = {"Authorization": f"token {token}"}
    return requests.get(f"{deployment.url}hub/api/user", headers=headers, timeout=PATIENCE_SECONDS).status_code


def wait_until_closed(kernel: Kernel) -> None:
    """Wait until a kernel's websocket is ended from there, however much still comes over it."""
    with contextlib.suppress(ConnectionClosed):
        while True:  # a TimeoutError where it stays open
            kernel.channel.recv(timeout=PATIENCE_SECONDS)


def test_a_line_in_the_block_list_ends_everything(
    deployment: HubDeployment, lists: Path, password: str, admin: Person
) -> None:
    """Without a request of theirs, and without a restart: an open kernel's websocket ends, the browser and a script's
    token are worth nothing, the lab is gone. The number that they see tells the operator why. Who is not on the list
    works on; off the list they are back with their files."""
    olga = Person(deployment, "olga")
    olga.sign_in(password)
    olga.start_lab()
    token = token_of(olga)
    assert status_by_token(deployment, token) == 200
    olga.run("open('kept.txt', 'w').write('mine')")
    with admin.kernel() as others, olga.kernel() as own:
        assert own.run("print('here')") == "here\n"
        lists.write_text("block: {people: [olga]}\n")
        wait_until_closed(own)
        assert others.run("print('still here')") == "still here\n"
    until(lambda: not deployment.labs("olga"), "the lab is gone")
    assert status_by_token(deployment, token) == 403
    assert olga.get("hub/home", allow_redirects=False).status_code == 302
    answer = Person(deployment, "olga").sign_in(password)
    assert answer.status_code == 403
    (number,) = re.findall(r"tell the administrator this number: (\d+)", answer.text)
    told = deployment.make("why", f"NUMBER={number}").stdout
    assert "olga" in told
    assert "blocked" in told
    lists.write_text("# nobody is blocked\n")
    back = Person(deployment, "olga")
    until(lambda: back.sign_in(password).status_code == 200, "she is let in again", interval=1)
    back.start_lab()
    assert back.run("print(open('kept.txt').read())") == "mine\n"
    back.stop_lab()


def test_a_roster_is_taken_in_while_the_hub_runs(deployment: HubDeployment, tmp_path: Path) -> None:
    """`make roster` shows the difference and changes nothing with DRY=1; without it the people sign in with the
    passwords of the sheet and are in their groups; who is not in the next list is removed where that is said, and is
    out."""
    roster, sheet = tmp_path / "class.csv", tmp_path / "passwords.csv"
    roster.write_text("name;groups;e-mail\nrosa;roster-physics;rosa@uni.example\nrudi;;\n")
    shown = deployment.make("roster", f"FILE={roster}", "DRY=1").stdout
    assert "New: 2: rosa, rudi" in shown
    assert "Nothing was changed" in shown
    deployment.make("roster", f"FILE={roster}", f"SHEET={sheet}")
    passwords = dict(line.split(",") for line in sheet.read_text().splitlines()[1:])
    rosa = Person(deployment, "rosa")
    assert rosa.sign_in(passwords["rosa"]).status_code == 200
    until(lambda: rosa.api("GET", "user").json()["groups"] == ["roster-physics"], "she is in her group")
    assert "rosa@uni.example" in deployment.make("people").stdout
    roster.write_text("name\nrudi\n")
    assert "left alone" in deployment.make("roster", f"FILE={roster}").stdout
    assert rosa.get("hub/home", allow_redirects=False).status_code == 200
    assert "removed 1 account" in deployment.make("roster", f"FILE={roster}", "REMOVE=1").stdout
    until(lambda: rosa.get("hub/home", allow_redirects=False).status_code == 302, "she is out")
    assert Person(deployment, "rosa").sign_in(passwords["rosa"]).status_code == 403
