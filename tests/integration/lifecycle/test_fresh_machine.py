"""README's promise to a newcomer, kept on machines with nothing but Debian, git, make and Python."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, cast

import pytest
import requests

from generator.engine import services as table
from tests.faults import recovery, until
from tests.fresh_machine import (
    CTRL_C,
    ENTER,
    FreshMachine,
    Maker,
    Transcript,
    readmes_commands,
)
from tests.hub_deployment import HubDeployment
from tests.person import Person
from tests.sample_settings import settings

SERVICES = table.names(settings())

pytestmark = pytest.mark.timeout(2400)  # a machine is set up from nothing, with the CPU that other tests leave
# What frightens a newcomer or scrolls past unread: libraries' warnings, packagers' chatter, tracebacks.
ALARMING = ("Traceback", "WARNING", "Warning:", "debconf", "dpkg", "npm ", "\nW: ", "\nE: ", "✗", "deprecat")


class Newcomer:
    """A fresh machine on which README's two commands were typed on a terminal."""

    def __init__(self, machine: FreshMachine) -> None:
        self.machine = machine
        self.first = machine.type(f"set -e\n{readmes_commands()}", {"[Y/n]": ENTER})
        machine.hurry()

    def make(self, arguments: str) -> Transcript:
        """Type `make ...` in the clone."""
        return self.machine.run(f"cd homeroom && make {arguments}", check=False)

    def signed_in(self) -> Person:
        """The administrator, with the password that was shown once, in a running lab."""
        # A person needs an address, and a machine has one as a test deployment does.
        person = Person(cast(HubDeployment, self.machine), "admin")
        answer = person.sign_in(self.first.password)
        assert answer.url == f"{self.machine.url}hub/home", answer.url
        person.start_lab()
        return person


@pytest.fixture(scope="module")
def newcomer(make_machine: Maker) -> Iterator[Newcomer]:
    """Debian 13 once the commands have ended; what is installed on Debian 12 has tests of its own below."""
    machine = make_machine("trixie", spare=True)
    try:
        yield Newcomer(machine)
    finally:
        machine.remove()


@pytest.fixture
def machine(request: Any, make_machine: Maker) -> Iterator[FreshMachine]:
    """A fresh machine of the release that the test names, with a clone of the repository and nothing done in it."""
    made = make_machine(request.param, spare=True)
    try:
        made.run(readmes_commands().partition(" && ")[0])
        yield made
    finally:
        made.remove()


def test_readmes_two_commands(newcomer: Newcomer) -> None:
    """Two commands bring a bare machine to a running hub, and all they show can be followed."""
    first = newcomer.first
    assert first.exit_code == 0, first.text
    for word in ALARMING:
        assert word not in first.text, first.text
    assert re.search(r"^Homeroom is up: http://\S+:8000/$", first.text, re.MULTILINE), first.text
    assert "Administrator:  admin" in first.text
    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", first.password), first.text
    print(f"the first `make up` took {first.seconds:.0f} s")
    assert "[Y/n]" in first.text


def test_a_lab_computes(newcomer: Newcomer) -> None:
    """With what was printed one signs in, and a cell runs in a lab of one's own."""
    person = newcomer.signed_in()
    assert person.run("open('kept.txt', 'w').write('mine'); print(6 * 7)") == "42\n"


def test_a_second_up_takes_seconds(newcomer: Newcomer) -> None:
    """Doing it again installs, builds and asks nothing, and shows no password again."""
    second = newcomer.make("up")
    assert second.exit_code == 0, second.text
    print(f"a later `make up` took {second.seconds:.0f} s")
    assert "Installing" not in second.text
    assert "Building" not in second.text
    assert not second.password


def test_check_and_status_are_content(newcomer: Newcomer) -> None:
    """On a machine that was just set up, `make check` finds nothing to fix and `make status` shows it healthy."""
    check = newcomer.make("check")
    assert check.exit_code == 0, check.text
    assert "the hub's configuration loads" in check.text
    status = newcomer.make("status")
    assert status.text.count("healthy") == len(SERVICES), status.text


def test_a_crashed_engine_is_started_again(newcomer: Newcomer) -> None:
    """Where the engine died and no init system looks after it, `make up` starts it; files and accounts are there."""
    newcomer.machine.kill_engine()
    again = newcomer.make("up")
    assert again.exit_code == 0, again.text
    assert "✓ Starting Docker" in again.text
    assert newcomer.signed_in().run("print(open('kept.txt').read())") == "mine\n"


@pytest.mark.parametrize("fault", ["engine restarted", "machine rebooted"])
def test_all_containers_end_at_once(newcomer: Newcomer, fault: str) -> None:
    """After a restart of the engine or of the machine all comes back by itself, the hub knows that no lab runs, and a
    click starts it on the same files."""
    person = newcomer.signed_in()
    person.run("open('kept.txt', 'w').write('before')")
    end_all = newcomer.machine.restart_engine if fault == "engine restarted" else newcomer.machine.reboot
    end_all()
    with recovery(f"{fault} (from the engine's start to the person's page)"):
        page = until(lambda: asked(newcomer), "the hub's page", seconds=120, interval=0.2)
    assert "Start your lab" in page.text
    with recovery(f"{fault} (from the hub's page to a lab, by a click)"):
        until(lambda: not person.api("GET", "users/admin").json()["servers"], "no lab is taken to run", interval=0.2)
        person.start_lab()
    assert person.run("print(open('kept.txt').read())") == "before\n"
    status = newcomer.make("status")
    assert status.text.count("healthy") == len(SERVICES), status.text


def asked(newcomer: Newcomer) -> requests.Response | None:
    """The hub's home page, for the administrator; None while there is none."""
    person = Person(cast(HubDeployment, newcomer.machine), "admin")
    try:
        answer = person.sign_in(newcomer.first.password)
    except (requests.RequestException, ValueError):
        return None
    return answer if answer.ok and answer.url.endswith("hub/home") else None


@pytest.mark.parametrize("machine", ["bookworm"], indirect=True)
def test_a_refusal_to_install_names_commands_that_do_it(machine: FreshMachine) -> None:
    """INSTALL_ENGINE=never installs no engine and says how to; these commands, typed as they stand, bring it."""
    refused = machine.run("cd homeroom && INSTALL_ENGINE=never make up", check=False)
    assert refused.exit_code == 2, refused.text
    assert "INSTALL_ENGINE=never forbids" in refused.text
    assert "Traceback" not in refused.text
    assert not machine.run("ls /etc/apt/sources.list.d /etc/apt/preferences.d | grep homeroom", check=False).text
    assert machine.run("command -v dockerd docker podman", check=False).exit_code != 0
    # What the shell gives is for one run: the next `make up` asks again.
    assert machine.run("grep ^INSTALL_ENGINE homeroom/.env", check=False).exit_code == 1

    commands = [line.strip() for line in refused.text.splitlines() if re.match(r"\s+(printf|apt-get) ", line)]
    assert commands[-1].startswith("apt-get install "), refused.text
    lines = "\n".join(commands)
    machine.run(f"export DEBIAN_FRONTEND=noninteractive\nyes | bash -ec {shlex.quote(lines)}")
    assert re.search(r"version v?2\.", machine.run("docker compose version").text)


@pytest.mark.parametrize("machine", ["trixie"], indirect=True)
def test_an_interrupted_installation_is_taken_up(machine: FreshMachine) -> None:
    """Ctrl-C while the engine is being installed ends at once, without a traceback; the next run goes on from there."""
    answers = {"[Y/n]": ENTER, "unpacking": CTRL_C}
    interrupted = machine.type("cd homeroom && make up", answers)
    assert interrupted.exit_code != 0, interrupted.text
    assert "The same command goes on from here." in interrupted.text, interrupted.text
    assert "Traceback" not in interrupted.text, interrupted.text
    provide = "from generator.engine.install import provide_engine; print(provide_engine(None, 'always').title)"
    again = machine.run(f"cd homeroom && .venv/bin/python -c {shlex.quote(provide)}")
    assert re.search(r"Docker \d\d", again.text)
