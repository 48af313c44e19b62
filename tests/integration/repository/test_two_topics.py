"""Two people add a topic each at the same time: what they write meets at most once, and works together."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import two_topics
from tests.hub_deployment import ROOT, tracked_files

CHECKS = [
    "tests/unit/schema/test_reference.py",
    "tests/unit/schema/test_settings.py",
    "tests/unit/rendering/test_render.py",
    "tests/unit/repository/test_documents.py",
    "tests/unit/repository/test_rooms.py",
    "tests/unit/site/test_starters.py",
    "tests/unit/hub/test_templates.py",
]


def git(tree: Path, *words: str, check: bool = True) -> str:
    """What git says, as somebody of no name."""
    named = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost"]
    done = subprocess.run(["git", *named, *words], cwd=tree, check=check, capture_output=True, text=True)
    return done.stdout


def python(tree: Path, *words: str) -> None:
    """Run Python in the tree; it has to succeed."""
    done = subprocess.run([sys.executable, *words], cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository of its own with this tree in it."""
    made = tmp_path / "tree"
    for name in tracked_files():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, made / name)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(made))
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--message=as it is")
    return made


def test_two_topics_meet_at_most_once(tree: Path) -> None:
    """A setting, a site file, a rendered part, a page, a verb and a trait each, on two branches: merged, at most one
    file conflicts, and that one is generated anew; then the checks pass, and both topics' own tests."""
    for name in ("badges", "seats"):
        git(tree, "switch", "--quiet", "--create", name, "main")
        two_topics.add(tree, name)
        python(tree, "-m", "generator", "reference")
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", f"--message={name}")
    git(tree, "merge", "--quiet", "badges", check=False)
    conflicts = git(tree, "diff", "--name-only", "--diff-filter=U").split()
    assert len(conflicts) <= 1, conflicts
    assert set(conflicts) <= {".env.example", "docs/settings.md"}
    python(tree, "-m", "generator", "reference")
    checks = [*CHECKS, "tests/unit/badges/test_badges.py", "tests/unit/seats/test_seats.py"]
    python(tree, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *checks)
    python(tree, "-m", "mypy", "--no-error-summary", "generator/topics", "jupyterhub/homeroom/badges")
