"""homeroom_lab.prestarted_kernel: a process that waits to be a kernel, and for which kernels it is not taken."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from homeroom_lab.memory import FIRST_TO_GO
from homeroom_lab.prestarted_kernel import LAUNCH, PrestartedKernel

ARGV = [sys.executable, *LAUNCH, "-f", "{connection_file}"]
KERNEL = """
import json, os, sys
seen = {"argv": sys.argv, "cwd": os.getcwd(), "environment": dict(os.environ), "name": __name__, "path": sys.path}
open(sys.argv[2], "w").write(json.dumps(seen))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose libraries hold a kernel that writes down what it sees."""
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    (libraries / "ipykernel_launcher.py").write_text(KERNEL)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(libraries))
    monkeypatch.setenv("GONE_LATER", "yes")
    return tmp_path


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[Popen[bytes]]:
    """Every process that is started, in order."""
    started: list[Popen[bytes]] = []

    class Noted(Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, **named)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr("homeroom_lab.prestarted_kernel.Popen", Noted)
    return started


@pytest.fixture
def prestarted(home: Path, processes: list[Popen[bytes]]) -> Iterator[PrestartedKernel]:
    """A prestarted kernel that waits."""
    prestarted = PrestartedKernel()
    assert prestarted.prepare(ARGV)
    yield prestarted
    prestarted.drop()


def command(home: Path) -> list[str]:
    """What a kernel is started with."""
    return [*FIRST_TO_GO, *ARGV[:-1], str(home / "seen.json")]


def test_it_becomes_the_kernel_that_is_asked_for(prestarted: PrestartedKernel, home: Path) -> None:
    """Arguments, directory and environment are the kernel's, and nothing is left of the prestarted kernel's own."""
    (home / "course").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "GONE_LATER"}
    process = prestarted.become(command(home), {**environment, "JPY_SESSION_NAME": "a.ipynb"}, str(home / "course"))
    assert process is not None
    assert process.wait() == 0
    seen = json.loads((home / "seen.json").read_text())
    assert seen["argv"][1:] == ["-f", str(home / "seen.json")]
    assert seen["cwd"] == str(home / "course")
    assert seen["environment"]["JPY_SESSION_NAME"] == "a.ipynb"
    assert seen["environment"]["JPY_PARENT_PID"] == str(os.getpid())
    assert "GONE_LATER" not in seen["environment"]
    assert seen["name"] == "__main__"
    assert not any("homeroom_lab" in entry for entry in seen["path"])
    assert prestarted.become(command(home), environment, str(home)) is None, "there is one prestarted kernel, not two"


Change = Callable[[Path], dict[str, str]]


def _library_installed(home: Path) -> dict[str, str]:
    (home / "libraries/new").mkdir()
    return {}


def _editable_install(home: Path) -> dict[str, str]:
    (home / ".local/lib/python3.13/site-packages").mkdir(parents=True)
    return {}


def _other_python_path(home: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(home)}


def _endless_environment(home: Path) -> dict[str, str]:
    return {"LONG": "x" * 70_000}


@pytest.mark.parametrize(
    "change",
    [_library_installed, _editable_install, _other_python_path, _endless_environment],
    ids=lambda c: c.__name__,
)
def test_a_prestarted_kernel_that_is_not_what_a_kernel_would_be_is_ended(
    prestarted: PrestartedKernel, home: Path, change: Change, processes: list[Popen[bytes]]
) -> None:
    """What was installed or set since is there in the kernel: it is started anew."""
    environment = {**os.environ, **change(home)}
    assert prestarted.become(command(home), environment, str(home)) is None
    assert [process.returncode for process in processes] == [-9]


def test_it_waits_on_for_its_own_kind(prestarted: PrestartedKernel, home: Path) -> None:
    """Another language's kernel, or one with a Python of its own, leaves it alone."""
    assert prestarted.become(["/usr/bin/R", "--slave"], os.environ, str(home)) is None
    process = prestarted.become(command(home), os.environ, str(home))
    assert process is not None
    assert process.wait() == 0


def test_only_a_usual_command_has_one(home: Path) -> None:
    """A kernel that is started through something else, or by a Python that is looked for, gets no prestarted kernel."""
    prestarted = PrestartedKernel()
    assert not prestarted.prepare(["python3", *ARGV[1:]])
    assert not prestarted.prepare(["/usr/bin/env", *ARGV])
    assert not prestarted.prepare([*ARGV, "--matplotlib=inline"])
    assert prestarted.become(command(home), os.environ, str(home)) is None


def test_one_at_a_time_and_a_dead_one_is_replaced(prestarted: PrestartedKernel, processes: list[Popen[bytes]]) -> None:
    """Pages that are opened one after another share it; one that memory ran out for does not stay away."""
    assert prestarted.prepare(ARGV)
    assert len(processes) == 1
    processes[0].kill()
    processes[0].wait()
    assert prestarted.prepare(ARGV)
    assert len(processes) == 2


def test_it_ends_when_it_is_dropped_and_when_the_server_is_gone(
    prestarted: PrestartedKernel, processes: list[Popen[bytes]]
) -> None:
    """Nothing is left of a prestarted kernel that nobody needs."""
    prestarted.drop()
    assert processes[0].returncode == -9
    assert prestarted.prepare(ARGV)
    assert processes[1].stdin
    processes[1].stdin.close()  # as the end of the server does
    assert processes[1].wait() == 0
