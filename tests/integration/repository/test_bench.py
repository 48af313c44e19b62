"""`make bench`, in its shortest form."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench.__main__ import main
from bench.rows import MEASUREMENTS
from tests.browser.chromium import NoChromium, install_chromium
from tests.hub_deployment import ROOT, engine


def test_the_bench_measures_everything_and_leaves_nothing(prepared_engine: None, beside_machines: None) -> None:
    """Every measurement of both deployments gives its rows, and nothing of them stays on the engine."""
    try:
        install_chromium()
    except NoChromium as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=840
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert {row["name"] for row in rows} == MEASUREMENTS.keys()
    for row in rows:
        print(f"{row['what']}: {row['homeroom']['median']:.3g} {row['unit']}, ratio {row['ratio']}")
    lost = next(row for row in rows if row["name"] == "websockets")
    assert (lost["homeroom"]["median"], lost["reference"]["median"]) == (0, 2)
    there = engine().containers.list(all=True, ignore_removed=True)
    left = [container.name for container in there if "hrbench" in str(container.name)]
    left += [network.name for network in engine().networks.list() if "hrbench" in str(network.name)]
    left += [volume.name for volume in engine().volumes.list() if "hrbench" in str(volume.name)]
    left += [tag for image in engine().images.list() for tag in image.tags if "hrbench" in tag]
    assert left == []


def test_a_measurement_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt name ends with 2 and those that there are, before anything is made."""
    with pytest.raises(SystemExit) as ended:
        main(["--only", "strats"])
    assert ended.value.code == 2
    assert "starts" in capsys.readouterr().err
