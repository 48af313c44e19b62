"""Every test: `python -m tests.everything`, run by `make test`.

What the code itself shows comes first. Then three runs of pytest go side by side, since each waits for most of its
time: the tests of the deployment that is shared, those that bring their own, and those on fresh machines.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.core.console import note, step
from generator.core.paths import ROOT
from generator.engine.install import provide_engine
from generator.images.base import ensure_base_image
from tests import lint
from tests.browser.chromium import NoChromium, install_chromium
from tests.conftest import KINDS
from tests.examples import THOROUGH
from tests.fresh_machine import weigh
from tests.hub_deployment import ENGINE_SOCKET

AT_ONCE = ("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile")
"""Unit tests run in as many processes as there are CPUs, a file in one of them; `make test-unit` says the same."""
PYTEST = (sys.executable, "-m", "pytest", f"--hypothesis-profile={THOROUGH}")
UNIT = (*AT_ONCE, "tests/unit")
UNITS = "unit"
ENGINES = ("tests/integration", "tests/browser")
MOST_AGAIN = 5
"""So many files with failures: one that is left half-done fails more tests of its file."""
LINES_OF_FAILURE = 20


def prepare() -> None:
    """What all runs need, so that they do not install it at once: the engine, the base image, a browser, and the
    operators' Python environment."""
    with step("Preparing the engine and a browser"):
        ensure_base_image(provide_engine(ENGINE_SOCKET, "always", ask=None))
        weigh_containers()
        subprocess.run(["sh", "generator/venv.sh", ".venv", "generator/requirements.txt"], cwd=ROOT, check=True)
        try:
            install_chromium()
        except NoChromium as error:
            note(f"Browser tests are left out: {error}")


def weigh_containers() -> None:
    """Let all containers together weigh as much as three sessions of processes beside them. With control groups of
    version 1 they weigh as much as one, so that a browser and a build leave the hub a tenth of a CPU."""
    weigh("docker", 3 * 1024)


def side_by_side(directory: Path) -> bool:
    """Run all kinds; the words of the first are shown as they come, the others' when they have ended. Whether all
    passed, what failed beside others at the second try."""
    first, *others = KINDS
    logs = {kind: directory / f"{kind}.log" for kind in others}
    beside = {}
    try:
        for kind, log in logs.items():
            with log.open("w", encoding="utf-8") as words:
                beside[kind] = subprocess.Popen(run_of(kind, directory), cwd=ROOT, stdout=words, stderr=words)
        codes = {first: subprocess.run(run_of(first, directory), cwd=ROOT).returncode}
        note("\nWaiting for the tests that bring deployments or machines of their own.")
        codes |= {kind: run.wait() for kind, run in beside.items()}
    except BaseException:
        for run in beside.values():
            run.terminate()
            run.wait()
        raise
    finally:
        for log in logs.values():
            print(log.read_text(encoding="utf-8", errors="replace"), flush=True)
    well = [passed(kind, code, directory) for kind, code in codes.items()]
    return all(well)


def passed(kind: str, code: int, directory: Path) -> bool:
    """Whether all tests of a kind passed, what failed at the second try; what did not is said once more."""
    well = code == 0 or passes_alone(kind, code, directory)
    for failure in failures(directory / f"{kind}.xml"):
        print(failure, flush=True)
    return well


def failures(report: Path) -> Iterator[str]:
    """What failed at the last try, by name and with the end of what pytest says of it: so it is found at the end of all
    that was written."""
    if not report.exists():
        return
    for test in ET.parse(report).iter("testcase"):
        for failure in (*test.findall("failure"), *test.findall("error")):
            said = "\n".join((failure.text or "").splitlines()[-LINES_OF_FAILURE:])
            yield f"\nFailed: {test.get('classname')}::{test.get('name')}\n{said}"


def run_of(kind: str, directory: Path, *options: str) -> list[str]:
    """The command that runs the tests of a kind; what failed is kept in the directory."""
    kept = ("-o", f"cache_dir={directory / kind}", f"--junitxml={directory / kind}.xml")
    which = UNIT if kind == UNITS else (f"--deployment={kind}", *ENGINES)
    return [*PYTEST, *kept, *options, *which]


def passes_alone(kind: str, code: int, directory: Path) -> bool:
    """Run what failed beside others once more, by itself: a busy machine is no failure. What fails twice is one, and so
    are many at once, and a run that did not end by itself."""
    try:
        failed = list(json.loads((directory / kind / "v/cache/lastfailed").read_text(encoding="utf-8")))
    except FileNotFoundError:
        failed = []
    files = {name.partition("::")[0] for name in failed}
    if code != pytest.ExitCode.TESTS_FAILED or not 0 < len(files) <= MOST_AGAIN:
        return False
    note(f"\nFailed beside others, so once more by themselves: {', '.join(failed)}")
    return subprocess.run(run_of(kind, directory, "--last-failed"), cwd=ROOT).returncode == 0


def main() -> int:
    """Run all of it; 1 when something failed."""
    if lint.main():
        return 1
    with tempfile.TemporaryDirectory(prefix="homeroom-tests-") as made:
        directory = Path(made)
        if not passed(UNITS, subprocess.run(run_of(UNITS, directory), cwd=ROOT).returncode, directory):
            return 1
        prepare()
        return 0 if side_by_side(directory) else 1


if __name__ == "__main__":
    sys.exit(main())
