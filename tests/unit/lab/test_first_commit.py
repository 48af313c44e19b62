"""The first commit of a repository that the Git panel makes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from homeroom_lab.first_commit import command


@pytest.mark.parametrize(
    ("known", "author"),
    [
        ({}, "ada <ada@localhost>"),
        ({"user.name": "Ada Lovelace"}, "Ada Lovelace <ada@localhost>"),
        ({"user.name": "Ada Lovelace", "user.email": "al@example.org"}, "Ada Lovelace <al@example.org>"),
    ],
)
def test_git_needs_to_know_nobody_for_it(tmp_path: Path, known: dict[str, str], author: str) -> None:
    """In a home where Git knows no name the commit is made under that of the account; what Git knows goes first."""
    settings = {
        word: value
        for number, (name, given) in enumerate(known.items())
        for word, value in ((f"GIT_CONFIG_KEY_{number}", name), (f"GIT_CONFIG_VALUE_{number}", given))
    }
    nobody = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    environment = {**nobody, **settings, "GIT_CONFIG_COUNT": str(len(known))}

    def run(*words: str) -> str:
        done = subprocess.run(words, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    run("git", "init", "--quiet")
    run(*command(known, "ada"))
    assert run("git", "log", "--format=%an <%ae>") == author
