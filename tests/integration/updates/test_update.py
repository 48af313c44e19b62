"""A real update and the real way back, while a lab runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults import recovery, until_healthy
from tests.faulty_deployment import FaultyDeployment
from tests.git_server import git
from tests.hub_deployment import engine

HARMLESS = "jupyterhub/homeroom/hub/health.py"
SITE_PACKAGES = "/opt/jupyterhub/lib/python3.13/site-packages"
ANOTHER_TABLE = """python -c 'import sqlite3 as s; s.connect("jupyterhub.sqlite").execute("CREATE TABLE a (b TEXT)")'"""


def two_versions(folder: Path) -> tuple[str, str]:
    """Make a directory a clone of a project of two versions, and have it at the first; returns their commits."""
    git(folder, "init", "--quiet")
    found = []
    for branch, comment in (("main", ""), ("next", "\n# The next version.\n")):
        git(folder, "checkout", "--quiet", "-B", branch)
        (folder / HARMLESS).write_text((folder / HARMLESS).read_text() + comment)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--allow-empty", "--message", branch)
        found.append(git(folder, "rev-parse", "HEAD"))
    git(folder, "tag", "v0.1.1")
    git(folder, "checkout", "--quiet", "main")
    return found[0], found[1]


def hubs_image(deployment: FaultyDeployment) -> str:
    """The image that the hub runs from."""
    return str(deployment.container("hub").image.id)


def names_of_images(deployment: FaultyDeployment) -> set[str]:
    """All names of images that are this deployment's."""
    return {tag for image in engine().images.list() for tag in image.tags if tag.startswith(f"{deployment.project}-")}


@pytest.fixture
def clone(faulty_deployment: FaultyDeployment) -> Iterator[tuple[str, str]]:
    """The deployment's directory is a clone with a second version; gives the commits. All is as it was afterwards, also
    where an update was left half-done."""
    folder = faulty_deployment.directory
    kept = {name: (folder / name).read_text() for name in (".env", "site/schedule.yaml", "site/groups.yaml", HARMLESS)}
    image = hubs_image(faulty_deployment)
    faulty_deployment.stop_all()
    try:
        yield two_versions(folder)
    finally:
        (folder / ".git/index.lock").unlink(missing_ok=True)  # of one that was killed
        git(folder, "checkout", "--quiet", "--force", "main")
        for name, text in kept.items():
            (folder / name).write_text(text)
        shutil.rmtree(folder / ".git")
        if hubs_image(faulty_deployment) != image:
            shutil.rmtree(folder / ".update", ignore_errors=True)
            faulty_deployment.make("up")
        faulty_deployment.stop_all()


def test_an_update_and_the_way_back(faulty_deployment: FaultyDeployment, clone: tuple[str, str]) -> None:
    """`make update` builds and rehearses the next version beside the one that runs, and then runs it; `make rollback`
    has the version before again, with its images, its branch and, where the tables are others since, its database. A
    lab runs through both and is the hub's all the time. What would be lost is refused first, and nothing is left."""
    folder, (old, new) = faulty_deployment.directory, clone
    people = ("update-before", "update-since")
    faulty_deployment.crowd(people[0])
    faulty_deployment.ask("POST", people[0], "light")
    faulty_deployment.until_ready(people[0])
    lab = faulty_deployment.labs_running()
    images, image = names_of_images(faulty_deployment), hubs_image(faulty_deployment)

    refused = faulty_deployment.make("update", "TO=v0.1.1", check=False)
    assert refused.returncode
    assert "no copies are made" in refused.stdout

    said = faulty_deployment.make("update", "TO=v0.1.1", "WITHIN=400", "ANYWAY=1").stdout
    assert f"({new[:12]}) runs, and labs went on" in said
    assert "its API answers, and has" in said
    assert git(folder, "rev-parse", "HEAD") == new
    assert hubs_image(faulty_deployment) != image
    shown: Any = faulty_deployment.container("hub").exec_run(["tail", "-1", f"{SITE_PACKAGES}/homeroom/hub/health.py"])
    assert shown.output.decode().strip() == "# The next version."
    assert faulty_deployment.labs_running() == lab
    assert faulty_deployment.servers() == {people[0]: True}

    faulty_deployment.crowd(people[1])
    faulty_deployment.on_disk(ANOTHER_TABLE)
    lossy = faulty_deployment.make("rollback", check=False)
    assert lossy.returncode
    assert "going back would lose 1 account made since" in lossy.stdout
    assert people[1] in lossy.stdout
    assert git(folder, "rev-parse", "HEAD") == new

    assert "labs went on" in faulty_deployment.make("rollback", "ANYWAY=1").stdout
    assert git(folder, "symbolic-ref", "--short", "HEAD") == "main"
    assert git(folder, "rev-parse", "HEAD") == old
    assert hubs_image(faulty_deployment) == image
    until_healthy(faulty_deployment, "hub")
    admin = faulty_deployment.person()
    assert [admin.api("GET", f"users/{name}").status_code for name in people] == [200, 404]
    assert faulty_deployment.labs_running() == lab
    assert faulty_deployment.servers() == {people[0]: True}
    assert names_of_images(faulty_deployment) == images
    assert list((folder / ".update").iterdir()) == []


def test_what_stands_in_the_way_is_said_first(faulty_deployment: FaultyDeployment, clone: tuple[str, str]) -> None:
    """A lesson that takes place, a copy that is older than a day, and a version that must not be skipped: each is told
    by `make update` itself, all together, and nothing was begun."""
    folder, (old, _) = faulty_deployment.directory, clone
    git(folder, "checkout", "--quiet", "-b", "far")
    tree = folder / "generator/__init__.py"
    text = re.sub(r'VERSION = ".*"', 'VERSION = "99.0.0"', tree.read_text())
    tree.write_text(text.replace("STOPS: tuple[str, ...] = ()", 'STOPS: tuple[str, ...] = ("98.0.0",)'))
    git(folder, "commit", "--quiet", "--all", "--message", "far")
    git(folder, "checkout", "--quiet", "main")
    days = "[mon, tue, wed, thu, fri, sat, sun]"
    begins = datetime.now(UTC) - timedelta(minutes=10)
    (folder / "site/groups.yaml").write_text("groups:\n  now: {members: [ada]}\n")
    (folder / "site/schedule.yaml").write_text(
        f"lessons:\n  - {{name: now, groups: [now], days: {days}, at: '{begins:%H:%M}'}}\n"
    )
    with (folder / ".env").open("a") as env:
        env.write("TIMEZONE=UTC\nBACKUP_TO=/srv/copies-of-nobody\n")
    made_at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    (folder / "backup").mkdir(exist_ok=True)
    (folder / "backup/last.json").write_text(json.dumps({"address": "/srv/copies-of-nobody", "made_at": made_at}))
    image = hubs_image(faulty_deployment)
    try:
        refused = faulty_deployment.make("update", "TO=far", check=False)
    finally:
        shutil.rmtree(folder / "backup")
    assert refused.returncode
    said = " ".join(refused.stdout.split())
    assert "the lesson now takes place now" in said
    assert "the last copy is 2.0 days old" in said
    assert "98.0.0 must not be skipped" in said
    assert git(folder, "rev-parse", "HEAD") == old
    assert hubs_image(faulty_deployment) == image
    assert not (folder / ".update/now.json").exists()


@pytest.mark.parametrize("step", ["preparing", "stopping", "switching"])
def test_killed_at_a_step_the_next_up_is_well(
    faulty_deployment: FaultyDeployment, clone: tuple[str, str], step: str
) -> None:
    """Killed with all that it has begun, as by a power cut: `make up` has the version before, whole, and a lab has gone
    on. Nothing of the update is left."""
    folder, (old, _) = faulty_deployment.directory, clone
    faulty_deployment.crowd("update-killed")
    faulty_deployment.ask("POST", "update-killed", "light")
    faulty_deployment.until_ready("update-killed")
    lab = faulty_deployment.labs_running()
    images, image = names_of_images(faulty_deployment), hubs_image(faulty_deployment)
    with subprocess.Popen(
        ["make", "update", "TO=v0.1.1", "WITHIN=400", "ANYWAY=1"],
        cwd=folder,
        env=faulty_deployment.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        deadline = time.monotonic() + 900
        while step_of(folder) != step and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        reached = step_of(folder)
        os.killpg(running.pid, signal.SIGKILL)
        said = running.communicate()[0]
    assert reached == step, said
    with recovery(f"an update killed while it is {step} (`make up`)"):
        faulty_deployment.make("up")
    assert git(folder, "rev-parse", "HEAD") == old
    assert hubs_image(faulty_deployment) == image
    until_healthy(faulty_deployment, "hub")
    assert faulty_deployment.labs_running() == lab
    assert faulty_deployment.servers() == {"update-killed": True}
    assert names_of_images(faulty_deployment) == images
    assert list((folder / ".update").iterdir()) == []
    assert faulty_deployment.make("rollback", check=False).returncode


def step_of(folder: Path) -> str:
    """How far an update is; empty: none is under way."""
    try:
        return str(json.loads((folder / ".update/now.json").read_text())["step"])
    except (OSError, ValueError):
        return ""
