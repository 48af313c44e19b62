"""Every test: `python -m tests.everything`, run by `make test`.

What the code itself shows comes first. Then two runs of pytest go side by side, since each waits for most of its time:
the tests of the deployment that is shared, and those that bring deployments or machines of their own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from generator.core.console import note, step
from generator.core.paths import ROOT
from generator.engine.install import provide_engine
from generator.images.base import ensure_base_image
from tests import lint
from tests.browser.chromium import NoChromium, install_chromium
from tests.examples import THOROUGH
from tests.hub_deployment import ENGINE_SOCKET

AT_ONCE = ("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile")
"""Unit tests run in as many processes as there are CPUs, a file in one of them; `make test-unit` says the same."""
PYTEST = (sys.executable, "-m", "pytest", f"--hypothesis-profile={THOROUGH}")
UNIT = (*AT_ONCE, "tests/unit")
ENGINES = ("tests/integration", "tests/browser")


def prepare() -> None:
    """What both runs need, so that they do not install it at once: the engine, the base image, a browser, and the
    operators' Python environment."""
    with step("Preparing the engine and a browser"):
        ensure_base_image(provide_engine(ENGINE_SOCKET, "always", ask=None))
        subprocess.run(["sh", "generator/venv.sh", ".venv", "generator/requirements.txt"], cwd=ROOT, check=True)
        try:
            install_chromium()
        except NoChromium as error:
            note(f"Browser tests are left out: {error}")


def side_by_side(log: IO[str]) -> bool:
    """Run both; the second one's words come when it has ended. Whether both passed."""
    beside = subprocess.Popen(
        [*PYTEST, "-p", "no:cacheprovider", "--deployment=own", *ENGINES], cwd=ROOT, stdout=log, stderr=log
    )
    try:
        shared = subprocess.run([*PYTEST, "--deployment=shared", *ENGINES], cwd=ROOT).returncode
        note("\nWaiting for the tests that bring deployments of their own.")
        own = beside.wait()
    except BaseException:
        beside.terminate()
        beside.wait()
        raise
    finally:
        print(Path(log.name).read_text(encoding="utf-8", errors="replace"), flush=True)
    return shared == 0 and own == 0


def main() -> int:
    """Run all of it; 1 when something failed."""
    if lint.main() or subprocess.run([*PYTEST, *UNIT], cwd=ROOT).returncode:
        return 1
    prepare()
    with tempfile.NamedTemporaryFile("w", prefix="homeroom-tests-", suffix=".log", encoding="utf-8") as log:
        return 0 if side_by_side(log) else 1


if __name__ == "__main__":
    sys.exit(main())
