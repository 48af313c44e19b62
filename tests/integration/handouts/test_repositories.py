"""Handouts from git repositories: real git over HTTP on loopback, and what becomes of hosts and repositories that are
wrong, private or dead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from homeroom_lab.handouts import deliver

from generator.topics.handouts import handouts, mirror, places
from generator.topics.handouts.publish import Publisher
from generator.topics.handouts.state import State
from tests.git_server import GitServer, git
from tests.sample_settings import settings

NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)


class Desk:
    """A deployment's handouts from repositories."""

    def __init__(self, directory: Path, server: GitServer) -> None:
        self.server, self.site, self.place = server, directory / "site", directory / "handouts"
        self.site.mkdir()

    def publish(self, *repositories: str, **fields: str) -> State:
        """Hand out repositories, each under a name of its own, to everybody."""
        inner = "".join(f", {name}: {value}" for name, value in fields.items())
        rows = [
            f"  - {{name: r{number}, repo: {{url: '{url}'{inner}}}, to: r{number}}}\n"
            for number, url in enumerate(repositories)
        ]
        (self.site / "handouts.yaml").write_text(f"handouts:\n{''.join(rows)}" if rows else "handouts: []\n")
        known = handouts.load(settings(), self.site)
        publisher = Publisher(settings=settings(), known=known, sources=self.site, site=self.site, place=self.place)
        return publisher.run(NOW, fetch_all=True)

    def seen(self) -> dict[str, list[str]]:
        """What labs see: handouts, each with its files."""
        return {
            one.name: sorted(name for name, _ in deliver.tree(one.folder) if not name.endswith("/"))
            for one in deliver.known(self.place / "labs")
        }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A host of repositories."""
    with GitServer(tmp_path_factory.mktemp("git")).running() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, server: GitServer) -> Desk:
    """Handouts from its repositories."""
    return Desk(tmp_path, server)


def test_a_repository_is_handed_out_without_its_history(desk: Desk) -> None:
    """Its files, or those of one folder; what is pushed later comes too."""
    url = desk.server.repository("algo", {"README.md": "hello", "week1/sheet.ipynb": "{}", "week2/next.ipynb": "{}"})
    found = desk.publish(url)
    assert found.handouts["r0"].fault == ""
    assert desk.seen() == {"r0": ["README.md", "week1/sheet.ipynb", "week2/next.ipynb"]}
    desk.publish(url, folder="week1")
    assert desk.seen() == {"r0": ["sheet.ipynb"]}
    desk.server.repository("algo", {"week1/hint.md": "try"})
    desk.publish(url, folder="week1")
    assert desk.seen() == {"r0": ["hint.md", "sheet.ipynb"]}
    assert not list((desk.place / "labs").rglob("*.git"))


def test_a_dead_host_keeps_nothing_else_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up after a while, in words, and what was fetched of others is handed out all the same."""
    good = desk.server.repository("good", {"a.txt": "a"})
    desk.publish(f"{desk.server.url}/nothing.git", good)
    assert desk.seen() == {"r1": ["a.txt"]}
    monkeypatch.setattr(mirror, "FETCH_SECONDS", 1)
    found = desk.publish(f"{desk.server.url}/silent/x.git", good)
    assert "its host does not answer" in found.handouts["r0"].fault
    assert desk.seen() == {"r1": ["a.txt"]}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/private/x.git", "it is private, or there is none"),
        ("/nothing.git", "there is no such repository, or it is private"),
    ],
)
def test_a_wrong_or_private_repository_is_told_in_words(desk: Desk, path: str, said: str) -> None:
    """With what to do; nothing asks for a password."""
    found = desk.publish(f"{desk.server.url}{path}")
    assert said in found.handouts["r0"].fault
    assert "key" in found.handouts["r0"].remedy
    assert desk.seen() == {}


def test_a_branch_or_folder_that_is_not_there_is_told(desk: Desk) -> None:
    """What was handed out before stays."""
    url = desk.server.repository("branches", {"a/x.txt": "x"})
    desk.publish(url)
    assert "it has no folder week9" in desk.publish(url, folder="week9").handouts["r0"].fault
    assert desk.seen() == {"r0": ["a/x.txt"]}
    assert "it has no such branch or tag" in desk.publish(url, branch="nowhere").handouts["r0"].fault


def test_what_a_repository_holds_runs_nothing_here_and_leads_nowhere(desk: Desk, tmp_path: Path) -> None:
    """Hooks, filters and links of a repository are files like others, and a link out of it is refused."""
    url = desk.server.repository("hostile", {".gitattributes": "* filter=evil\n", "a.txt": "a"})
    work = desk.server.folder / "work/hostile"
    (work / ".githooks").mkdir()
    (work / ".githooks/post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (work / ".githooks/post-checkout").chmod(0o755)
    desk.server.commit("hostile")
    desk.publish(url)
    assert desk.seen() == {"r0": [".gitattributes", ".githooks/post-checkout", "a.txt"]}
    (work / "steal").symlink_to("/etc/passwd")
    desk.server.commit("hostile")
    assert "leads out of it: steal -> /etc/passwd" in desk.publish(url).handouts["r0"].fault
    git(work, "rm", "--quiet", "steal")
    (work / "b").symlink_to("../../../../etc")
    desk.server.commit("hostile")
    assert "leads out of it" in desk.publish(url, folder="b").handouts["r0"].fault or desk.seen()
    assert not (tmp_path / "ran").exists()


def test_mirrors_that_nobody_needs_are_removed(desk: Desk) -> None:
    """They take room, and a key's repository may have been taken back."""
    url = desk.server.repository("short", {"a.txt": "a"})
    desk.publish(url)
    assert len(list((desk.place / "mirrors").iterdir())) == 1
    assert (desk.place / "mirrors").stat().st_mode & 0o777 == 0o700
    desk.publish()
    assert list((desk.place / "mirrors").iterdir()) == []
    assert places.audiences(None)[0].folder(desk.place).is_dir()
