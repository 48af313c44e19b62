"""What is asked of a repository's host, what is said where that fails, and where a link may put a repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from homeroom_lab.remote import PullRefused, ask, explained, inner_target, reference_of, shown

from tests.git_server import GitServer

TOLD = """ref: refs/heads/trunk\tHEAD
0f\tHEAD
0f\trefs/heads/trunk
1f\trefs/heads/week/1
2f\trefs/tags/v1
3f\trefs/tags/v1^{}
4f\trefs/pull/7/head
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A host of repositories."""
    with GitServer(tmp_path_factory.mktemp("git")).running() as running:
        yield running


def test_the_branch_that_is_wanted_or_shown_first() -> None:
    """A branch with a slash and a tag are found; what is no branch is not."""
    assert reference_of(TOLD, None, "x") == "refs/heads/trunk"
    assert reference_of(TOLD, "week/1", "x") == "refs/heads/week/1"
    assert reference_of(TOLD, "v1", "x") == "refs/tags/v1"
    for wrong in ("main", "7/head", "pull/7/head", "HEAD"):
        with pytest.raises(PullRefused, match="has no branch or tag"):
            reference_of(TOLD, wrong, "x")
    with pytest.raises(PullRefused, match="is empty"):
        reference_of("", None, "x")


def test_a_real_host_is_asked(server: GitServer) -> None:
    """What it answers names the branch."""
    url = server.repository("algo", {"a.txt": "a"})
    with pytest.raises(PullRefused, match="has no branch or tag 'main2'"):
        reference_of(ask(url), "main2", url)
    assert reference_of(ask(url), "main", url) == "refs/heads/main"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/private/x.git", "It is private, or there is none of this name"),
        ("/nothing.git", "There is none of this name, or it is private"),
    ],
)
def test_a_wrong_or_private_repository_is_told_in_words(server: GitServer, path: str, said: str) -> None:
    """And nobody is asked for a password, for which there is no one to type it."""
    with pytest.raises(PullRefused, match=said):
        ask(server.url + path)


def test_a_host_that_does_not_answer_is_given_up(server: GitServer) -> None:
    """After a time, with all that git started."""
    with pytest.raises(PullRefused, match="Its host does not answer"):
        ask(f"{server.url}/silent/x.git", seconds=0.2)


def test_what_nobody_has_words_for_is_told_as_git_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last line, without a password that stands in the link."""
    git = tmp_path / "git"
    git.write_text('#!/bin/sh\necho warning: old >&2; echo "fatal: something new of $4" >&2; exit 128\n')
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(PullRefused) as refused:
        ask("https://ada:secret@git.example/x.git")
    url = "https://git.example/x.git"
    assert str(refused.value) == f"The repository {url} cannot be fetched. fatal: something new of {url}"


def test_what_is_no_address_runs_nothing(tmp_path: Path) -> None:
    """A link may name anything."""
    for url in (f"ext::sh -c 'touch {tmp_path}/ran'", f"--upload-pack=touch {tmp_path}/ran", "fd::17"):
        with pytest.raises(PullRefused):
            ask(url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "target",
    ["../x", "/etc/x", "a/../../x", ".", "", "a/..", "/home", "linked/x", "~/../../x/../..", "a/../../home2/x"],
)
def test_a_link_leads_to_no_other_place(tmp_path: Path, target: str) -> None:
    """A repository comes into a folder of the home: not the home itself, not beside it, not through a link."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "linked").symlink_to(tmp_path)
    with pytest.raises(PullRefused, match="leads out of your files"):
        inner_target(str(home), target)


@pytest.mark.parametrize("target", [".ipython/profile_default/startup", ".ssh", "a/.git/hooks", "shown"])
def test_a_link_leads_to_no_hidden_folder(tmp_path: Path, target: str) -> None:
    """There it could lay what runs with the next kernel or shell, also where a link to it has a plain name."""
    (tmp_path / ".ipython").mkdir()
    (tmp_path / "shown").symlink_to(".ipython")
    with pytest.raises(PullRefused, match="hidden folder"):
        inner_target(str(tmp_path), target)


def test_a_plain_target_is_one(tmp_path: Path) -> None:
    """Relative to the home, or within it."""
    for target in ("algo", "algo/week1", f"{tmp_path}/algo", "a/../algo"):
        assert Path(inner_target(str(tmp_path), target)).is_relative_to(tmp_path)


def test_no_password_is_shown() -> None:
    """An address may hold one."""
    assert shown("https://me:secret@git.example/x.git") == "https://git.example/x.git"
    assert shown("git@git.example:x.git") == "git@git.example:x.git"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("fatal: write error: No space left on device", "Your home is full"),
        ("error: RPC failed; curl 28 Operation too slow. Less than 1 bytes/sec", "Its host does not answer"),
        ("fatal: early EOF", "Its host does not answer"),
        ("fatal: unable to access 'x': Failed to connect to x port 9: Could not connect", "Its host does not answer"),
        ("fatal: something new", "What Git says is below"),
    ],
)
def test_what_fails_on_the_way_is_told_in_words(said: str, words: str) -> None:
    """Git's own are in the log."""
    assert explained(said).startswith(words)
