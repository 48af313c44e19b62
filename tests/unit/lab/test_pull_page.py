"""The page that waits while a repository is fetched: where it leads, what it asks, and what it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from homeroom_lab.pull_page import opened_path, page, without_traceback

BASE = "/user/ada/"


@pytest.mark.parametrize(
    ("urlpath", "subpath", "opens"),
    [
        ("lab/tree/algo/week 1/Übung.ipynb", "", "lab/tree/algo/week%201/%C3%9Cbung.ipynb"),
        ("lab/tree/algo/100%.ipynb", "", "lab/tree/algo/100%25.ipynb"),
        ("lab/tree/algo/C%23?.ipynb", "", "lab/tree/algo/C%23?.ipynb"),
        ("lab/tree/algo?reset=1", "", "lab/tree/algo?reset=1"),
        ("lab", "", "lab"),
        ("", "", "lab/tree/algo"),
        ("", "week 1/C#? 100%.ipynb", "lab/tree/algo/week%201/C%23%3F%20100%25.ipynb"),
        ("../../hub/logout", "", "hub/logout"),
        ("//evil.example/x", "", "evil.example/x"),
        ("..\\..\\hub/home", "", "hub/home"),
        ("lab/%2e%2e/%2E./hub", "", "lab/hub"),
    ],
)
def test_a_link_opens_what_it_names(urlpath: str, subpath: str, opens: str) -> None:
    """Whatever letters a file's name has; and nothing but pages of this lab."""
    assert opened_path(urlpath, "algo", subpath) == opens


def test_what_a_link_says_is_text(tmp_path: Path) -> None:
    """Neither as HTML nor as a script."""
    evil = "https://x.example/</script><script>alert(1)</script>"
    made = page(BASE, str(tmp_path), {"repo": evil, "urlpath": evil, "branch": evil, "targetpath": evil}, "token")
    assert made.count("<script>") == 1
    assert made.count("</script>") == 1
    assert (
        "me:secret"
        not in page(BASE, str(tmp_path), {"repo": "https://me:secret@x.example/y"}, "t").split("<script>")[0]
    )


def test_nothing_of_the_link_is_lost(tmp_path: Path) -> None:
    """What it says is asked for, with the token of this page; a depth that is no number is left out."""
    made = page(BASE, str(tmp_path), {"repo": "https://x.example/algo", "branch": "week/2+x", "depth": "x"}, "token")
    asked = "/user/ada/git-pull/api?_xsrf=token&repo=https%3A%2F%2Fx.example%2Falgo&targetpath=algo&branch=week%2F2%2Bx"
    assert f'EventSource("{asked}")' in made
    assert 'replace("/user/ada/lab/tree/algo")' in made


def test_who_has_it_already_can_go_on(tmp_path: Path) -> None:
    """Where it cannot be fetched, what is there is opened; else the lab."""
    asked = {"repo": "https://x.example/algo", "urlpath": "lab/tree/algo/a.ipynb"}
    assert 'href="/user/ada/lab">Open the lab without it' in page(BASE, str(tmp_path), asked, "t")
    (tmp_path / "algo").mkdir()
    assert 'href="/user/ada/lab/tree/algo/a.ipynb">Go on with what you have' in page(BASE, str(tmp_path), asked, "t")


def test_the_page_is_told_no_traceback() -> None:
    """But the words, and whose folder is in the way."""
    told = {"phase": "error", "message": "It is private.", "output": "Traceback", "error": {"code": "refused"}}
    assert without_traceback(told) == {"phase": "error", "message": "It is private.", "aside": False}
    assert without_traceback({"message": "x", "error": {"code": "aside"}})["aside"] is True
    assert without_traceback({"message": "x"})["aside"] is False
