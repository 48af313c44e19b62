"""`.env` as Compose itself reads it: what our parser accepts means the same there."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.schema.env_file import parse
from tests.compose_config import config, have_compose

SEED = 20261121
VALUES = 3000
HARMLESS = "abcXYZ019-._/:@+=, "
AWKWARD = "\t'\"$#\\`{}()[]!&;|<>*?~%^\x7f\x85\xa0äß€😀\u2028\u3000\u200b\ufeff"
COMMENTS = ("# plain", "  # it's $HOME \"x", "\t#KEY='", "", "  ", "\xa0", "\u3000# wide", "#=\\")


@pytest.fixture(autouse=True)
def have_the_other_reader(request: pytest.FixtureRequest) -> None:
    """Compose is there."""
    have_compose(request)


def candidates() -> list[str]:
    """Right-hand sides of assignments, plain and in quotes, many with what the two readers treat differently."""
    chance = random.Random(SEED)
    fixed = ["", "''", '""', "a=b", "export a", "a'b'", "true", "null", "0x1f", "1e3", "~", "- a", "{a: b}", "a: b"]
    made = []
    for _ in range(VALUES):
        letters = HARMLESS if chance.random() < 0.3 else HARMLESS + AWKWARD
        text = "".join(chance.choice(letters) for _ in range(chance.randint(1, 10)))
        made.append(chance.choice(["{}", "'{}'", '"{}"', "{}  "]).format(text))
    return fixed + made


def accepted(line: str) -> bool:
    """Whether our parser takes a line."""
    try:
        parse(line)
    except HomeroomError:
        return False
    return True


def test_what_is_accepted_compose_reads_alike(tmp_path: Path) -> None:
    """Of thousands of values, in one file with comments between, Compose reads each as our parser does."""
    right_sides = [text for text in candidates() if accepted(f"K={text}")]
    assert len(right_sides) > VALUES / 4
    assert all(accepted(comment) for comment in COMMENTS)
    lines = []
    for number, text in enumerate(right_sides):
        lines += [f"V{number}={text}", COMMENTS[number % len(COMMENTS)]]
    text = "\n".join(lines) + "\n"
    (tmp_path / ".env").write_text(text, newline="")
    variables = "".join(f"      V{number}: ${{V{number}-unset}}\n" for number in range(len(right_sides)))
    (tmp_path / "docker-compose.yml").write_text(
        f"name: dialect\nservices:\n  one:\n    image: none\n    environment:\n{variables}"
    )

    environment = config(tmp_path)["services"]["one"]["environment"]
    ours = {line.key: line.value for line in parse(text)}
    theirs = {name: value.replace("$$", "$") for name, value in environment.items()}  # Compose writes `$` as `$$`
    assert len(ours) == len(right_sides)
    assert {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]} == {}


def test_windows_line_ends_are_read_alike(tmp_path: Path) -> None:
    """An `.env` that an editor saved with CRLF has the same values for Compose."""
    text = "A=plain\r\n# comment\r\nB='quoted'\r\nC=\"double\"\r\n"
    (tmp_path / ".env").write_bytes(text.encode())
    (tmp_path / "docker-compose.yml").write_text(
        'name: dialect\nservices:\n  one:\n    image: none\n    environment: {A: "${A}", B: "${B}", C: "${C}"}\n'
    )
    assert config(tmp_path)["services"]["one"]["environment"] == {line.key: line.value for line in parse(text)}
