"""The Makefile: what a verb is told stands behind it, and nowhere else."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from generator.schema.settings import Settings
from tests.hub_deployment import ROOT

FILES = [ROOT / "Makefile", *ROOT.glob("generator/topics/*/verbs.mk"), ROOT / "tests/verbs.mk"]


def made(*words: str, **shell: str) -> subprocess.CompletedProcess[str]:
    """What `make WORDS` would run, with these variables in the shell."""
    return subprocess.run(
        ["make", "--just-print", *words],
        cwd=ROOT,
        env={**os.environ, **shell},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize(
    ("verb", "word"), [("password", "NAME"), ("user-remove", "GROUP"), ("update", "TO"), ("prewarm", "MINUTES")]
)
def test_what_the_shell_sets_is_not_meant(verb: str, word: str) -> None:
    """WSL sets NAME, others GROUP: `make user-remove` removes nobody for it, and says that it was not meant."""
    done = made(verb, **{word: "stray"})
    assert "stray" not in done.stdout
    assert f"! {word} of your shell is ignored" in done.stderr
    assert f"make {verb} {word}=..." in done.stderr


def test_what_stands_behind_the_verb_is_meant() -> None:
    """Also where the shell has another; a verb that does not take the word says nothing of it."""
    done = made("password", "NAME=ada", NAME="stray")
    assert '-- "ada"' in done.stdout
    assert done.stderr == ""
    assert made("status", NAME="stray").stderr == ""


@pytest.mark.parametrize(
    "typed",
    [
        "a`touch made`b",
        "$(touch made)",
        "$HOME",
        "${HOME}",
        'say "hi"',
        "it's",
        "back\\slash\\",
        "a;touch made",
        "x  y",
    ],
)
def test_what_is_typed_reaches_the_verb_as_it_is(typed: str) -> None:
    """Neither make nor its shell makes anything of it, such as of a file's name that somebody else has chosen."""
    done = subprocess.run(
        ["make", "-s", "push", f"FILES={typed}", "HOMEROOM=@printf '%s|'"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"|--files={typed}|" in done.stdout
    assert not (ROOT / "made").exists()


def test_every_word_of_a_recipe_is_one() -> None:
    """Each variable that a recipe hands on, of whichever topic; none of them is a setting, which a shell may give."""
    found = re.search(r"^WORDS := (.*)$", made("--print-data-base", "help").stdout, re.MULTILINE)
    assert found
    words = set(found[1].split())
    recipes = [line for file in FILES for line in file.read_text().splitlines() if line.startswith("\t")]
    assert words == {word for line in recipes for word in re.findall(r'"\$\(([A-Z_]+)\)"', line)}
    assert {"NAME", "GROUP", "FILE", "TO", "BY"} <= words
    assert words & Settings.model_fields.keys() == set()
