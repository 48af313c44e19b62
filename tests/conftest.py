"""What tests share: one deployment for all of them, made once; and the engine, prepared where there is none."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import docker.errors
import hypothesis
import pytest

from generator.engine.install import provide_engine
from tests import kept_images
from tests.examples import THOROUGH
from tests.faults import RECOVERIES
from tests.faulty_deployment import TOTAL_LAB_MEMORY, FaultyDeployment
from tests.fresh_machine import FreshMachine, Maker, build_pristine, snapshot_bundle
from tests.hub_deployment import (
    ENGINE_SOCKET,
    ROOT,
    HubDeployment,
    deployment_with_site,
    engine,
    running_deployment,
)
from tests.person import Person

SEMINAR_SHARES = """\
shares:
  - {name: exchange, volume: exchange, target: /home/jovyan/exchange, read_only: false}
  - {name: course, volume: course, target: /srv/course}
"""
SEMINAR_PROFILES = """\
profiles:
  - {name: default}
  - {name: pair, collaboration: true, allow: {users: [emmy], admins: false}}
"""
SEMINAR_ROOMS = "rooms: [{name: study, title: Study room, public: true}, {name: closed, people: [emmy]}]\n"
KEEP_IMAGES = "HOMEROOM_KEEP_PRISTINE"
KINDS = ("shared", "own", "machine")

hypothesis.settings.register_profile(THOROUGH, deadline=None)  # a busy machine is no failure
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile(THOROUGH), max_examples=40)
hypothesis.settings.load_profile("quick")  # `make test` names the other one


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make test` runs all kinds side by side; without the option they are run one after the other."""
    parser.addoption(
        "--deployment",
        choices=KINDS,
        help="run the tests of the shared deployment alone, those of copies and on fresh machines, or all others",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Processes that run unit tests side by side find them in the same order, also where a set gives it."""
    os.environ.setdefault("PYTHONHASHSEED", str(random.randrange(2**32)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the other kind than `--deployment` names: each test is of one of them."""
    wanted = config.getoption("--deployment")
    if wanted:
        others = [item for item in items if kind(item) != wanted]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """What a test logged reaches the process that prints it, also what no encoding has, such as half a character: tests
    of hostile input log it."""
    data = yield
    return data and _printable(data)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _printable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_printable, value))
    return value


def kind(item: pytest.Item) -> str:
    """Which of `KINDS` a test is, by its fixtures or the names of some that it is given as parameters: the shared
    deployment goes before a fresh machine, for who needs both, and what asks to run beside machines before either."""
    given = getattr(getattr(item, "callspec", None), "params", {}).values()
    needed = [*getattr(item, "fixturenames", ()), *given]
    if "copied" in needed or "beside_machines" in needed:
        return "machine"
    if "deployment" in needed:
        return "shared"
    return "machine" if "make_machine" in needed else "own"


@pytest.fixture(scope="session")
def prepared_engine() -> None:
    """A real engine, installed and started as `make up` does it; and the operators' Python environment."""
    provide_engine(ENGINE_SOCKET, "always", ask=None)
    subprocess.run(["sh", "generator/venv.sh", ".venv", "generator/requirements.txt"], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def beside_machines() -> None:
    """For tests with deployments of their own that take long: they run with those on fresh machines, whose run has the
    most time left."""


@pytest.fixture(scope="session")
def deployment(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A running deployment that the tests share. Whoever stops or changes it brings it back."""
    with running_deployment(tmp_path_factory.mktemp("deployment"), "hrtest") as made:
        yield made


@pytest.fixture
def admin(deployment: HubDeployment) -> Person:
    """The administrator with a running lab."""
    person = Person(deployment, "admin")
    person.sign_in(deployment.password)
    person.start_lab()
    return person


@pytest.fixture(scope="session")
def seminar(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A running deployment with the features that the shared one has not, small labs, two rooms, and shares: all
    write into `exchange` and read `course`. Sign-in by name alone."""
    features = "archive,collaboration,files,git,nbgitpuller,pdf"
    with deployment_with_site(
        tmp_path_factory.mktemp("seminar"),
        "hrseminar",
        {"shares.yaml": SEMINAR_SHARES, "profiles.yaml": SEMINAR_PROFILES, "rooms.yaml": SEMINAR_ROOMS},
        LAB_FEATURES=features,
        LAB_MEMORY="512M",
    ) as made:
        yield made


@pytest.fixture(scope="session")
def faulty_deployment(
    deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FaultyDeployment]:
    """A running deployment in which tests may break what they like, if they fix it."""
    made = FaultyDeployment(
        tmp_path_factory.mktemp("faulty"), f"hrfaulty{os.getpid()}", {"TOTAL_LAB_MEMORY": TOTAL_LAB_MEMORY}
    )
    try:
        made.prepare(deployment)
        yield made
    finally:
        made.remove()


@pytest.fixture
def bare_deployment(prepared_engine: None, tmp_path: Path) -> Iterator[HubDeployment]:
    """A deployment that was never brought up."""
    made = HubDeployment(tmp_path / "bare", f"hrbare{os.getpid()}")
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="session")
def make_machine(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """Makes a fresh machine of a release; all are removed at the end, with their images unless the environment says
    otherwise."""
    bundle = snapshot_bundle(tmp_path_factory.mktemp("fresh"))
    name = f"hrtest-fresh-{os.getpid()}"
    # Of their own, so that no other test's play with the engine's default network reaches them.
    network = engine().networks.create(name, driver="bridge")
    images: set[str] = set()
    machines: list[FreshMachine] = []

    def make(suite: str, *, spare: bool = False) -> FreshMachine:
        image = build_pristine(suite)
        images.add(image)
        machine = FreshMachine(image, bundle, f"{name}-{len(machines)}", name, spare=spare)
        machines.append(machine)
        return machine

    try:
        yield make
    finally:
        for machine in machines:
            machine.remove()
        network.remove()
        if not os.environ.get(KEEP_IMAGES):
            for image in images:
                # The tests that run beside these may have removed it, or use it still and remove it when they end.
                with contextlib.suppress(docker.errors.APIError):
                    engine().images.remove(image)


def pytest_sessionfinish() -> None:
    """Nothing of the run stays on the engine."""
    kept_images.remove_all()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests of faults measured, also where all passed."""
    if RECOVERIES:
        terminalreporter.section("recovery from faults")
        for line in RECOVERIES:
            terminalreporter.write_line(line)
