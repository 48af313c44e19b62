"""JupyterHub's table of users and groups: each of its words has one of ours in each language."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from homeroom.texts import catalogue

from tests.hub_deployment import ROOT

SOURCE = (ROOT / "jupyterhub/templates/admin-words.html").read_text(encoding="utf-8")
WORDS = dict(re.findall(r'^    "(.+)": \{\{ text\("admin\.(table\.\w+)"\)', SOURCE, re.MULTILINE))
BUNDLE = (Path(sys.prefix) / "share/jupyterhub/static/js/admin-react.js").read_text(encoding="utf-8")
TABLE = BUNDLE[BUNDLE.index('" seconds ago"') : BUNDLE.index('"Delete user"') + len('"Delete user"')]
"""The part of it that is JupyterHub's own; the rest are its libraries."""
PARTS = (
    "Failed to start # server. Is it already running?",
    "Failed to start # servers. Are they already running?",
    "Failed to stop # server. Is it already stopped?",
    "Failed to stop # servers. Are they already stopped?",
    "Failed to create user. User already exists.",
    "Failed to create group. Group already exists.",
)
"""What it puts together of several."""
PART = {"Failed to", "Failed to start", "Failed to stop", "Are they", "Is it", "already running?"} | {
    "already stopped?",
    "User already exists.",
    "Group already exists.",
}
OF_BUTTONS = {f"Failed to {verb} server." for verb in ("start", "stop", "delete")}
UNITS = ("seconds", "minutes", "hours", "days", "months", "years")
NO_WORDS = {"USER_PAGE", "GROUPS_PAGE", "Value not valid", "is not iterable"}
"""Names of actions, and what is for the console."""
LIBRARIES = re.compile(
    r"Generator|iterator|iterable|toPrimitive|^' method$|^\[?object|^(Object|Map|Set|Arguments|Container)$"
)
STYLES = re.compile(r"^[\d .%a-z]*\b(px|auto)$|^(fa|table|badge|alert|item|pb-|card|btn|form)\b.*")


def literals() -> set[str]:
    """What the table may say: its strings that have a capital or a space, without names of styles and the like."""
    found = {text.strip() for text in re.findall(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', TABLE) for text in text}
    spoken = {text for text in found if re.search(r"^[\"']?[A-Z]|[a-z]{2} [a-z]", text)}
    return {text for text in spoken if not LIBRARIES.search(text) and not STYLES.search(text)} - NO_WORDS


def test_the_table_says_nothing_of_its_own() -> None:
    """Every word of the table is known; one that a later JupyterHub adds fails here: it would be English in every
    language, and call a lab a server."""
    known = {key.replace("#", "").strip() for key in WORDS} | PART
    assert {text for text in literals() if text.strip('" ') not in known} == set()


@pytest.mark.parametrize("word", [word for word in WORDS if word not in {*PARTS, *OF_BUTTONS}])
def test_each_word_is_the_tables(word: str) -> None:
    """What is replaced is what the table says: a word that it says otherwise, or no more, would be replaced nowhere."""
    said = word.replace("1 ", "# ", 1) if word.split(" ")[-1] in {"ago", "users"} else word
    assert said.replace("#", "").strip() in TABLE


@pytest.mark.parametrize("language", catalogue.languages())
def test_no_word_of_ours_is_one_of_theirs(language: str) -> None:
    """What was replaced is not replaced again: the page would be at it for ever."""
    ours = {word: str(catalogue.texts(language)[f"admin.{key}"]) for word, key in WORDS.items()}
    assert {said for word, said in ours.items() if said in WORDS and said != word} == set()
    assert {word for word, said in ours.items() if word.count("#") != said.count("#")} == set()
    assert not [said for said in ours.values() if re.search(r"\bserver", said, re.IGNORECASE)], "a lab is a lab"


def test_all_times_are_there() -> None:
    """One day is not `1 days`, in each language."""
    assert {f"{number} {unit} ago" for unit in UNITS for number in ("1", "#")} <= WORDS.keys()
