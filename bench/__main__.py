"""`python -m bench`, run by `make bench ARGS=...`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generator.core.console import err, fail, out, warn
from generator.core.errors import HomeroomError
from generator.core.paths import ROOT

PAGE = ROOT / "docs/performance.md"
MARKS = ("<!-- written by `make bench ARGS=--write`: -->\n", "<!-- until here -->\n")
INTERRUPTED = 130
FULL: dict[str, Any] = {
    **{"repetitions": 10, "people": 20, "students": 100, "labs": 200},
    **{"settle_seconds": 3.0, "idle_seconds": 10.0},
}
QUICK: dict[str, Any] = {
    **{"repetitions": 1, "people": 2, "students": 2, "labs": 2},
    **{"settle_seconds": 1.0, "idle_seconds": 1.0},
}


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for. :raises SystemExit: with 2, for what there is not."""
    from bench.rows import MEASUREMENTS

    parser = argparse.ArgumentParser(prog="make bench", description="Homeroom beside the stock deployment, measured.")
    parser.add_argument("--only", action="append", choices=list(MEASUREMENTS), help="this measurement; may be repeated")
    parser.add_argument("--quick", action="store_true", help="everything once, with two people: a quick check")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    return parser.parse_args(words)


def machine() -> dict[str, Any]:
    """What it was measured on."""
    from tests.hub_deployment import engine

    version = engine().version()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cpus": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "engine": f"{version.get('Platform', {}).get('Name') or 'engine'} {version['Version']}".strip(),
        "load_before": round(os.getloadavg()[0], 2),
    }


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say that something is done and how long it took; on stderr, since JSON may be wanted on stdout."""
    began = time.monotonic()
    yield
    err.print(f"✓ {what} ({time.monotonic() - began:.0f} s)")


def measure(wanted: argparse.Namespace) -> tuple[list[Any], list[str]]:
    """Bring both deployments up, measure, and remove them, also when interrupted.

    Returns the rows, and the names of measurements that failed.
    """
    from bench.deployments import Homeroom, Stock
    from bench.rows import MEASUREMENTS, WITHOUT_DEPLOYMENTS, Both
    from tests.browser.chromium import install_chromium

    project = f"hrbench{os.getpid()}"
    rows: list[Any] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="homeroom-bench-") as scratch:
        homeroom = Homeroom.of(Path(scratch) / "homeroom", project)
        stock = Stock(project)
        amounts = QUICK if wanted.quick else FULL
        both = Both(stock=stock, homeroom=homeroom, **amounts)
        try:
            names = [name for name in MEASUREMENTS if not wanted.only or name in wanted.only]
            if not WITHOUT_DEPLOYMENTS.issuperset(names):
                with told("both deployments are up"):
                    homeroom.up()
                    stock.up()
            if {"pages", "edges"} & set(names):
                install_chromium()
            for name in names:
                try:
                    with told(name):
                        rows += MEASUREMENTS[name](both)
                except Exception as error:  # whatever it is, the others are worth having all the same
                    warn(f"{name} failed: {error}")
                    failed.append(name)
        finally:
            # A second Ctrl-C would leave containers behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            with told("both are removed"):
                stock.remove()
                homeroom.remove()
    return rows, failed


def write(text: str) -> None:
    """Put a table into the page, between its marks."""
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(MARKS[0])
    tail = rest.partition(MARKS[1])[2]
    PAGE.write_text(head + MARKS[0] + text + MARKS[1] + tail, encoding="utf-8")


def main(words: Sequence[str]) -> int:
    """Measure and show; 0, 1 where a measurement failed, 2 with what stands in the way, 130 when interrupted."""
    wanted = arguments(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from bench.table import as_markdown, for_terminal
    from tests.hub_deployment import ENGINE_SOCKET

    try:
        if not ENGINE_SOCKET.exists():
            raise HomeroomError(
                "there is no container engine", location=str(ENGINE_SOCKET), remedy="Run `make up` first."
            )
        about = machine()
        if about["load_before"] > 0.5:
            warn(f"This machine is not quiet (load {about['load_before']}): trust the ratios at most.")
        rows, failed = measure(wanted)
    except HomeroomError as error:
        fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        err.print("\nInterrupted; everything was removed.")
        return INTERRUPTED
    if wanted.json:
        print(json.dumps({"machine": about, "rows": [row.as_json() for row in rows]}, indent=2))
    else:
        out.print(for_terminal(rows))
    if wanted.write:
        about_line = (
            f"{about['date']}, {about['cpus']} CPUs, {about['memory_gib']} GiB, Linux {about['kernel']}, "
            f"{about['engine']}, load before {about['load_before']}. Medians, with the least and the most.\n\n"
        )
        write("\n" + about_line + as_markdown(rows) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
