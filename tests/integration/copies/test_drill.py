"""Everything is brought back beside what runs, tried, and removed again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.topics.drill import beside
from tests.faults import until
from tests.git_server import committed
from tests.hub_deployment import HubDeployment, engine, named_on_engine
from tests.person import Person

PATIENCE_SECONDS = 600


@pytest.fixture
def clone(deployment: HubDeployment) -> Iterator[HubDeployment]:
    """The deployment, in a directory that is a clone."""
    with committed(deployment.directory):
        yield deployment


def of_drill(deployment: HubDeployment) -> list[str]:
    """All that a drill of the deployment has on the engine."""
    return named_on_engine(beside.name_of(deployment.project, deployment.directory))


def what_runs(deployment: HubDeployment) -> dict[str, str]:
    """The deployment's containers, by their names, and when they were started."""
    rows = engine().containers.list(ignore_removed=True, filters={"name": f"^/?{deployment.project}-"})
    return {str(one.name): one.attrs["State"]["StartedAt"] for one in rows if "-drill-" not in str(one.name)}


def test_everything_comes_back_beside_what_runs(clone: HubDeployment, place: Path, admin: Person) -> None:
    """`make drill` brings everything back by the recovery sheet alone: somebody signs in, a cell is run in a lab with
    the files that came back, and each file is as it was. What runs is not touched, nothing is left, and it is told when
    it was. One that was killed is cleared away by the next; a slip in a copy's name is told, and is no failed drill."""
    admin.run("open('of-the-drill.txt', 'w').write('mine')")
    clone.make("backup")
    before, env = what_runs(clone), (clone.directory / ".env").read_text()
    said = " ".join(clone.make("drill").stdout.split())
    assert "The copies come back:" in said
    assert "Somebody signed in with a password, and a cell was run in a lab of" in said
    assert (what_runs(clone), (clone.directory / ".env").read_text()) == (before, env)
    assert of_drill(clone) == []
    known = json.loads((clone.directory / "backup/drill.json").read_text())
    assert known["homes"] >= 1
    assert known["same"] > known["homes"]
    assert known["seconds"] > 0
    assert f"The last drill: {known['well_at'][:10]}" in clone.make("status").stdout
    assert f"The last drill         {known['well_at'][:10]}" in clone.make("recovery-sheet").stdout

    process = subprocess.Popen(
        [".venv/bin/python", "-m", "generator", "drill"],
        cwd=clone.directory,
        env=clone.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(
        lambda: any("-jupyter-" in one for one in of_drill(clone)),
        "the drill has started a lab",
        seconds=PATIENCE_SECONDS,
        interval=1,
    )
    names, rows = of_drill(clone), engine().containers.list(all=True, ignore_removed=True)
    found = [one.attrs["HostConfig"] for one in rows if f"/{one.name}" in names]
    assert len(found) >= 4
    assert all(one["NetworkMode"] == "none" and not one["PortBindings"] for one in found)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until(lambda: not busy(clone), "what it had begun has ended", interval=1)
    assert (clone.directory / ".drill/tree").exists()
    done = clone.verb("drill", "no-such-copy")
    assert done.returncode == 2
    assert "there is no copy no-such-copy" in done.stdout
    assert of_drill(clone) == []
    assert not (clone.directory / ".drill/tree").exists()
    assert json.loads((clone.directory / "backup/drill.json").read_text()) == known
    assert what_runs(clone) == before
    admin.run("import os; os.remove('of-the-drill.txt')")


def busy(deployment: HubDeployment) -> bool:
    """Whether a drill goes on."""
    free = subprocess.run(["flock", "--nonblock", ".drill", "true"], cwd=deployment.directory)
    return free.returncode != 0
