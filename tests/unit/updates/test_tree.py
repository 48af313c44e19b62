"""Which version is meant, and what of the operator's an update would lose: asked of a real git."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.updates import refusals
from generator.topics.updates.tree import Tree, Version
from tests.git_server import git

VERSION = (
    'import datetime\n\nVERSION = "{number}"\nRELEASED = datetime.date(2026, 1, 1)\nSTOPS: tuple[str, ...] = {stops}\n'
)


def commit(folder: Path, number: str, stops: str = "()") -> str:
    """Make a version; returns its commit."""
    (folder / "generator").mkdir(exist_ok=True)
    (folder / "generator/__init__.py").write_text(VERSION.format(number=number, stops=stops))
    (folder / "README.md").write_text(f"Homeroom {number}\n")
    (folder / ".gitignore").write_text("/.env\n/site/\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", number)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """The project's repository, with one version."""
    folder = tmp_path / "upstream"
    folder.mkdir()
    git(folder, "init", "--quiet")
    commit(folder, "0.1.0")
    git(folder, "tag", "v0.1.0")
    return folder


@pytest.fixture
def clone(upstream: Path, tmp_path: Path) -> Path:
    """An operator's clone of it, with settings and a `site/`."""
    git(tmp_path, "clone", "--quiet", str(upstream), "clone")
    folder = tmp_path / "clone"
    (folder / ".env").write_text("HUB_PORT=8000\n")
    (folder / "site").mkdir()
    (folder / "site/profiles.yaml").write_text("profiles: []\n")
    return folder


def faults(clone: Path, name: str) -> list[str]:
    """Why there is no update to a version, in words."""
    tree = Tree(clone)
    new, old = tree.find(name), tree.commit()
    found = [*refusals.of_tree(tree, old, new), *refusals.of_versions(tree.version(old), tree.version(new))]
    return [str(one) for one in found]


def test_a_version_is_fetched_by_its_tag_or_commit(upstream: Path, clone: Path) -> None:
    """A tag or commit that was made after the clone is found, and its files can be laid out; what is checked out, and
    the branch, stay."""
    second = commit(upstream, "0.2.0", '("0.1.5",)')
    git(upstream, "tag", "v0.2.0")
    tree = Tree(clone)
    assert tree.find("v0.2.0") == tree.find(second) == tree.find("main") == second
    assert tree.version(second) == Version("0.2.0", ("0.1.5",))
    tree.lay_out(second, clone / ".update/tree")
    assert (clone / ".update/tree/README.md").read_text() == "Homeroom 0.2.0\n"
    assert (clone / "README.md").read_text() == "Homeroom 0.1.0\n"
    assert tree.branch() == "main"


def test_a_version_comes_as_a_file(upstream: Path, clone: Path, tmp_path: Path) -> None:
    """Where the repository cannot be reached, one file brings a version; what is no such file is told."""
    second = commit(upstream, "0.2.0")
    git(upstream, "bundle", "create", "--quiet", str(tmp_path / "homeroom.bundle"), "HEAD")
    upstream.rename(upstream.with_name("gone"))
    assert Tree(clone).find(str(tmp_path / "homeroom.bundle")) == second
    assert faults(clone, str(tmp_path / "homeroom.bundle")) == []
    (tmp_path / "photo.png").write_bytes(b"PNG")
    with pytest.raises(HomeroomError, match=r"reading a version from .*photo.png failed"):
        Tree(clone).find(str(tmp_path / "photo.png"))


def test_an_update_and_the_way_back_leave_what_is_the_operators(upstream: Path, clone: Path) -> None:
    """`.env`, `site/` and files beside the tree are as they were in the new version and in the old one, whose branch is
    checked out again; no hook of the repository runs."""
    first, second = git(clone, "rev-parse", "HEAD"), commit(upstream, "0.2.0")
    (clone / "class.csv").write_text("ada\n")
    hook = clone / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    tree = Tree(clone)
    assert faults(clone, "main") == []
    for commit_, branch, words in ((second, "", "0.2.0"), (first, "main", "0.1.0")):
        tree.check_out(commit_, branch)
        assert (clone / "README.md").read_text() == f"Homeroom {words}\n"
        assert tree.branch() == branch
        assert (clone / ".env").read_text() == "HUB_PORT=8000\n"
        assert (clone / "site/profiles.yaml").exists()
        assert (clone / "class.csv").exists()
    assert not (clone / "ran").exists()


def test_changes_of_the_operators_are_not_lost(upstream: Path, clone: Path) -> None:
    """A file of the tree that was changed, one laid among those that images are built of, and one that the new version
    brings itself: each is named, and the update is refused."""
    (upstream / "notes.txt").write_text("theirs\n")
    commit(upstream, "0.2.0")
    for name in ("README.md", "generator/mine.py", "notes.txt"):
        before = (clone / name).read_text() if (clone / name).exists() else None
        (clone / name).write_text("mine\n")
        (found,) = faults(clone, "main")
        assert f"outside site/ and .env changed here: {name}" in found
        (clone / name).unlink() if before is None else (clone / name).write_text(before)
    assert faults(clone, "main") == []


def test_commits_of_the_operators_are_not_left_behind(upstream: Path, clone: Path) -> None:
    """A commit that only this clone has is named; a tagged version of another branch is none of the operator's own."""
    commit(upstream, "0.2.0")
    commit(clone, "0.1.0")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "mine")
    assert "has commits of your own" in faults(clone, "main")[0]
    git(clone, "tag", "v0.1.1")
    assert faults(clone, "main") == []


def test_no_update_leads_backwards_or_nowhere(upstream: Path, clone: Path) -> None:
    """The version that runs, and an earlier one, are refused; `make rollback` is named."""
    second = commit(upstream, "0.2.0")
    tree = Tree(clone)
    assert tree.find("main") == second
    tree.check_out(second)
    assert "is what runs already" in faults(clone, "main")[0]
    older = faults(clone, "v0.1.0")
    assert "is older than" in older[0]
    assert "make rollback" in older[0]


def test_a_version_that_must_not_be_skipped(upstream: Path, clone: Path) -> None:
    """The first version on the way is named; from there the next is had."""
    commit(upstream, "0.3.0", '("0.1.0", "0.2.0", "0.10.0")')
    (found,) = faults(clone, "main")
    assert "0.3.0 cannot be had from 0.1.0 at once: 0.2.0 must not be skipped" in found
    assert "make update TO=v0.2.0" in found
    assert list(refusals.of_versions(Version("0.2.0"), Version("0.3.0", ("0.2.0", "0.10.0")))) == []
    (skipped,) = refusals.of_versions(Version("0.9.0"), Version("0.11.0", ("0.10.0",)))
    assert "0.10.0 must not be skipped" in str(skipped)


@pytest.mark.parametrize("name", ["v9.9", "--help", "HEAD~99", ""])
def test_a_version_that_there_is_not(clone: Path, name: str) -> None:
    """A name that means nothing is told, whatever it looks like."""
    with pytest.raises(HomeroomError) as raised:
        Tree(clone).find(name)
    assert raised.value.location == "TO"


def test_an_upstream_that_is_gone_is_told(upstream: Path, clone: Path) -> None:
    """Without the network a version that is known here is found; one that is not, is told with git's own reason."""
    upstream.rename(upstream.with_name("gone"))
    assert Tree(clone).find("v0.1.0")
    with pytest.raises(HomeroomError, match="where this was cloned from did not answer"):
        Tree(clone).find("v0.2.0")


def test_what_is_no_clone_is_told(tmp_path: Path, clone: Path) -> None:
    """A directory that was unpacked without its repository, and one within another repository, are not updated."""
    (tmp_path / "unpacked").mkdir()
    for folder in (tmp_path / "unpacked", clone / "site"):
        with pytest.raises(HomeroomError, match="is no clone of Homeroom's repository"):
            Tree(folder).require_clone()
    Tree(clone).require_clone()


@pytest.mark.parametrize(
    "source",
    [
        None,
        "print 'python of old'",
        'VERSION = "next"',
        "VERSION = 7, 8",
        'VERSION = "1.0"\nSTOPS = ("x",)',
        "STOPS = 1",
    ],
)
def test_what_is_none_of_homerooms_versions_is_told(clone: Path, source: str | None) -> None:
    """A commit of another project is refused in words, whatever that has in such a file."""
    if source is None:
        git(clone, "rm", "--quiet", "generator/__init__.py")
    else:
        (clone / "generator/__init__.py").write_text(source)
    git(clone, "commit", "--quiet", "--all", "--message", "another")
    with pytest.raises(HomeroomError, match="is no version of Homeroom"):
        Tree(clone).version(Tree(clone).commit())
