"""A real update and the real way back, while a lab runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.faults import until_healthy
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


def test_an_update_and_the_way_back(faulty_deployment: FaultyDeployment) -> None:
    """`make update` builds and rehearses the next version beside the one that runs, and then runs it; `make rollback`
    has the version before again, with its images, its branch and, where the tables are others since, its database. A
    lab runs through both and is the hub's all the time. What would be lost is refused first, and nothing is left."""
    folder = faulty_deployment.directory
    old, new = two_versions(folder)
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
    known = {user["name"] for user in faulty_deployment.person().api("GET", "users").json()}
    assert people[0] in known
    assert people[1] not in known
    assert faulty_deployment.labs_running() == lab
    assert faulty_deployment.servers() == {people[0]: True}
    assert names_of_images(faulty_deployment) == images
    assert list((folder / ".update").iterdir()) == []
    faulty_deployment.stop_all()
    shutil.rmtree(folder / ".git")
