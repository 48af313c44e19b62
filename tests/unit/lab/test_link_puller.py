"""How a link fetches, by real git: again and again, what it names, and never half."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeroom_lab import link_puller
from homeroom_lab.remote import PullRefused

from tests.git_server import GitServer, git


class Upstream:
    """What nbgitpuller's class does when it is made and when it fetches, without what keeps people's files."""

    depth = 1

    def __init__(self, git_url: str, repo_dir: str, branch: str | None = None, **options: Any) -> None:
        self.git_url, self.repo_dir, self.branch_name, self.options = git_url, repo_dir, branch, options
        self.branch_exists(str(branch))

    def branch_exists(self, branch: str) -> None:
        """Upstream asks here, on the server's thread."""
        subprocess.run(["false"], check=True)

    def backup_repo_dir(self) -> None:
        """Set the folder aside."""
        Path(self.repo_dir).rename(f"{self.repo_dir}_backup")

    def pull(self: Any) -> Iterator[str]:
        """Clone, or bring what is new."""
        yield from self.update() if Path(self.repo_dir).exists() else self.initialize_repo()

    def update(self: Any) -> Iterator[str]:
        """Bring what is new."""
        yield from self.update_remotes()
        yield from self.merge()

    def merge(self) -> Iterator[str]:
        """Bring both together."""
        named = ["-c", "user.name=x", "-c", "user.email=x@x"]
        yield from link_puller.run(["git", *named, "merge", f"origin/{self.branch_name}"], cwd=self.repo_dir)


class Puller(link_puller.LinkPuller, Upstream):
    """As `link_puller.install` makes it."""


class App:
    """A server."""

    def __init__(self, root: Path) -> None:
        self.root_dir = str(root)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A host of repositories."""
    with GitServer(tmp_path_factory.mktemp("git")).running() as running:
        yield running


def follow(home: Path, url: str, folder: str = "algo", **options: str) -> str:
    """Follow a link; returns what Git said."""
    return "".join(Puller(url, folder, parent=App(home), **options).pull())


def refused(home: Path, url: str, folder: str = "algo", **options: str) -> PullRefused:
    """Follow a link in vain."""
    with pytest.raises(PullRefused) as told:
        follow(home, url, folder, **options)
    return told.value


def branch(server: GitServer, name: str, of: str, files: dict[str, str]) -> None:
    """Commit files to another branch of a repository."""
    work = server.folder / "work" / name
    git(work, "checkout", "--quiet", "-B", of, "HEAD")
    for file, text in files.items():
        (work / file).write_text(text)
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=more")
    git(work, "push", "--quiet", "--force", str(server.folder / f"{name}.git"), f"HEAD:refs/heads/{of}")


def test_nothing_is_asked_before_the_thread_that_fetches(server: GitServer, tmp_path: Path) -> None:
    """The object is made at once, whatever the host does; a folder is set aside only when there is what replaces it."""
    (tmp_path / "algo").mkdir()
    dead = Puller(f"{server.url}/nothing.git", "algo", branch=None, backup="1", parent=App(tmp_path))
    with pytest.raises(PullRefused):
        list(dead.pull())
    assert (tmp_path / "algo").is_dir()
    url = server.repository("fetched", {"a.txt": "a"})
    follow(tmp_path, url, str(tmp_path / "algo"), branch="main", backup="1")
    assert (tmp_path / "algo_backup").is_dir()
    assert (tmp_path / "algo/a.txt").read_text() == "a"


def test_a_tag_is_followed_again(server: GitServer, tmp_path: Path) -> None:
    """Also once it is another commit's."""
    url, work = server.repository("tagged", {"a.txt": "a"}), server.folder / "work/tagged"
    for text in ("b", "c"):
        (work / "a.txt").write_text(text)
        server.commit("tagged")
        git(work, "tag", "--force", "v1")
        git(work, "push", "--quiet", "--force", str(server.folder / "tagged.git"), "v1")
        for _ in range(2):
            follow(tmp_path, url, branch="v1")
        assert (tmp_path / "algo/a.txt").read_text() == text


def test_another_branch_comes_into_the_same_folder(server: GitServer, tmp_path: Path) -> None:
    """A link a week, each with a branch of its own: what was fetched without its history gets that then."""
    url = server.repository("weeks", {"a.txt": "a"})
    follow(tmp_path, url)
    branch(server, "weeks", "week/2+x", {"two.txt": "2"})
    assert "--unshallow" not in follow(tmp_path, url, branch="week/2+x")
    server.repository("apart", {"a.txt": "a"})
    url = server.repository("apart", {"b.txt": "b"})
    follow(tmp_path, url, "apart")
    git(server.folder / "work/apart", "checkout", "--quiet", "HEAD~1")
    branch(server, "apart", "week3", {"three.txt": "3"})
    assert "--unshallow" in follow(tmp_path, url, "apart", branch="week3")
    names = {path.name for folder in ("algo", "apart") for path in (tmp_path / folder).glob("*.txt")}
    assert names == {"a.txt", "two.txt", "b.txt", "three.txt"}


def test_a_repository_that_moved_is_fetched_from_where_it_is(server: GitServer, tmp_path: Path) -> None:
    """The link says where; the folder remembers where it was."""
    old = server.repository("moved", {"a.txt": "a"})
    follow(tmp_path, old)
    (server.folder / "moved.git").rename(server.folder / "there.git")
    assert "There is none of this name" in str(refused(tmp_path, old))
    work = server.folder / "work/moved"
    (work / "new.txt").touch()
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=new")
    git(work, "push", "--quiet", str(server.folder / "there.git"), "HEAD:main")
    follow(tmp_path, f"{server.url}/there.git")
    assert (tmp_path / "algo/new.txt").exists()


def test_a_folder_of_something_else_is_left_alone(server: GitServer, tmp_path: Path) -> None:
    """Another repository, one whose history was written anew, a folder or file of the person's, also below a repository
    of theirs: nothing is changed, and it can be set aside."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    url = server.repository("one", {"a.txt": "a"})
    for name in ("own", "file"):
        told = refused(tmp_path, url, name)
        assert told.can_be_set_aside
        assert f"The folder {name} of your files is none that a link has fetched." in str(told)
    follow(tmp_path, url)
    other = server.repository("two", {"b.txt": "b"})
    told = refused(tmp_path, other)
    assert told.can_be_set_aside
    assert "holds another repository" in str(told)
    git(server.folder / "work/one", "commit", "--quiet", "--amend", "--message=anew", "--allow-empty")
    git(server.folder / "work/one", "push", "--quiet", "--force", str(server.folder / "one.git"), "HEAD:main")
    assert refused(tmp_path, url).can_be_set_aside
    follow(tmp_path, other, backup="true")
    assert (tmp_path / "algo/b.txt").exists()
    assert (tmp_path / "algo_backup/a.txt").exists()
    assert (tmp_path / "own/mine.txt").read_text() == "mine"


def test_what_does_not_go_together_leaves_all_as_it_was(server: GitServer, tmp_path: Path) -> None:
    """No half of a merge is left in anybody's files."""
    url = server.repository("both", {"a.txt": "a"})
    follow(tmp_path, url)
    (tmp_path / "algo/a.txt").write_text("mine")
    git(tmp_path / "algo", "commit", "--quiet", "--all", "--message=mine")
    server.repository("both", {"a.txt": "theirs"})
    assert refused(tmp_path, url).can_be_set_aside
    assert (tmp_path / "algo/a.txt").read_text() == "mine"
    assert git(tmp_path / "algo", "status", "--porcelain") == ""


def test_a_clone_is_there_whole_or_not_at_all(server: GitServer, tmp_path: Path) -> None:
    """What one that was cut off left is no part of the next; one that cannot be leaves nothing."""
    url = server.repository("whole", {"a.txt": "a"})
    (tmp_path / ".algo.homeroom-pull/.git").mkdir(parents=True)
    follow(tmp_path, url)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["algo"]
    (tmp_path / "file").touch()
    assert "Not a directory" in str(refused(tmp_path, url, "file/inner/algo"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["algo", "file"]


def test_two_links_at_once_wait_for_each_other(server: GitServer, tmp_path: Path) -> None:
    """A page that is loaded again while its first request still clones does not meet half a folder."""
    url = server.repository("twice", {"a.txt": "a"})
    first = iter(Puller(url, "algo", parent=App(tmp_path)).pull())
    next(first)
    said: list[str] = []
    second = threading.Thread(target=lambda: said.append(follow(tmp_path, url)))
    second.start()
    assert "git clone" in follow(tmp_path, url, "other"), "another folder waits for nobody"
    list(first)
    second.join(60)
    assert said[0].startswith("This folder is being fetched already.")
    assert "git fetch" in said[0]
