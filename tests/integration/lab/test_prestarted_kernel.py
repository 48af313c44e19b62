"""The prestarted kernel in a real lab: a kernel as any other, which came sooner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import Kernel, Person

WAITING = "kernel_in_waiting.py"
FACTS = """
import json, locale, os, re, signal, sys, threading
from pathlib import Path
own = "JPY_SESSION_NAME", "GIT_PYTHON_REFRESH"
print(json.dumps({
    "arguments": [Path(sys.argv[0]).name, sys.argv[1]],
    "directory": os.getcwd(),
    "encodings": [locale.getencoding(), sys.stdout.encoding, sys.getfilesystemencoding()],
    "environment": {name: value for name, value in os.environ.items() if name not in own},
    "executable": sys.executable,
    "files": sorted(Path(f"/proc/self/fd/{number}").readlink().name.split(":")[0] for number in (0, 1, 2)),
    "flags": list(sys.flags),
    "leads": [os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid()],
    "modules": sorted(sys.modules),
    "name": [__name__, sys.modules["__main__"].__dict__ is globals()],
    "parent": os.getppid(),
    "path": sys.path,
    "score": Path("/proc/self/oom_score_adj").read_text(),
    "signals": [getattr(handler, "__name__", str(handler)) for handler in map(signal.getsignal, range(1, 32))],
    "threads": sorted(re.sub(r"\\d", "", thread.name) for thread in threading.enumerate()),
}))
"""
COMMAND = "print(open('/proc/self/cmdline').read())"
INSTALL = """
from pathlib import Path
import site, subprocess, sys
code = Path.home() / "editable"
code.mkdir(exist_ok=True)
(code / "lesson_tools.py").write_text("answer = 42")
where = Path(site.getusersitepackages())
where.mkdir(parents=True, exist_ok=True)
(where / "lesson_tools.pth").write_text(str(code))
"""


@pytest.fixture(scope="module")
def person(deployment: HubDeployment) -> Iterator[Person]:
    """Somebody whose lab was just started: no kernel runs in it."""
    person = Person(deployment, "admin")
    person.sign_in(deployment.password)
    person.stop_lab_if_any()
    person.start_lab()
    yield person
    person.stop_lab()


def shut_down(person: Person, kernel: Kernel) -> None:
    assert person.lab_api("DELETE", f"kernels/{kernel.id}").status_code == 204


def facts(kernel: Kernel) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kernel.run(FACTS))
    return found


def test_it_is_a_kernel_as_any_other(person: Person) -> None:
    """Nothing that code in a notebook can see tells it from a kernel that was started for it, but its command line;
    it is interrupted, restarted and shut down as any."""
    with person.kernel() as usual:
        expected = facts(usual)
        assert WAITING not in usual.run(COMMAND)
        person.open_page()  # where a kernel runs there is no prestarted kernel
        with person.kernel() as second:
            assert WAITING not in second.run(COMMAND)
            shut_down(person, second)
        shut_down(person, usual)

    person.open_page()
    with person.kernel() as prestarted:
        assert WAITING in prestarted.run(COMMAND)
        assert facts(prestarted) == expected
        asked = prestarted.start("import time; open('endless', 'w').close()\nwhile True: time.sleep(0.1)")
        until(lambda: person.lab_api("GET", "contents/endless").ok, "the cell that never ends runs")
        assert person.lab_api("POST", f"kernels/{prestarted.id}/interrupt").status_code == 204
        with pytest.raises(AssertionError, match="KeyboardInterrupt"):
            prestarted.outcome(asked)
        assert person.lab_api("POST", f"kernels/{prestarted.id}/restart").status_code == 200
    with Kernel(person, prestarted.id) as again:
        assert WAITING not in again.run(COMMAND)
        shut_down(person, again)
    assert WAITING not in person.deployment.lab(person.name).exec_run("ps axo args").output.decode()


def test_what_was_installed_meanwhile_is_there(person: Person) -> None:
    """A library that came into the home after the page was opened is found by the next kernel all the same."""
    person.open_page()
    person.deployment.lab(person.name).exec_run(["/usr/bin/python3", "-c", INSTALL])
    with person.kernel() as kernel:
        assert kernel.run("import lesson_tools; print(lesson_tools.answer)") == "42\n"
        assert WAITING not in kernel.run(COMMAND)
        shut_down(person, kernel)


def test_connections_leave_nothing_open(person: Person) -> None:
    """Asking a new kernel more often than upstream does costs the server no socket that stays."""

    def open_files() -> int:
        count = "ls /proc/$(pgrep -of 'homeroom_lab --ServerApp')/fd | wc -l"
        return int(person.deployment.lab(person.name).exec_run(["sh", "-c", count]).output)

    with person.kernel() as kernel:
        assert kernel.run("print(6 * 7)") == "42\n"
        before = open_files()
        for _ in range(10):
            with Kernel(person, kernel.id) as again:
                assert again.run("print(6 * 7)") == "42\n"
        until(lambda: open_files() <= before, f"no more than {before} files are open")
        shut_down(person, kernel)
