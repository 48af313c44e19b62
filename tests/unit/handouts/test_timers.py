"""What is run by the clock for handouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.topics.handouts import timers
from tests.sample_settings import settings

STARTER = Path(timers.__file__).with_name("starter") / "handouts.yaml"


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (STARTER.read_text(), 0),
        ("handouts: []\n", 0),
        ("handouts:\n  - {name: a, from: a, to: a}\n", 1),
        ("handouts:\n  - {name: a}\n", 1),
        (STARTER.read_text().replace("\n#", "\n"), 1),
    ],
    ids=["as it is laid", "none", "one", "a slip", "the example"],
)
def test_the_clock_runs_only_where_there_are_handouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, runs: int
) -> None:
    """The file that is laid in a new `site/` has none, and costs nothing each minute."""
    (tmp_path / "handouts.yaml").write_text(text)
    monkeypatch.setattr(timers, "SITE", tmp_path)
    assert len(list(timers.timers(settings()))) == runs


def test_the_example_of_the_file_is_right(tmp_path: Path) -> None:
    """What an operator uncomments is read, but for the key that only they have."""
    from generator.topics.handouts import handouts

    (tmp_path / "handouts.yaml").write_text(STARTER.read_text().replace("\n#", "\n"))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/algorithms").touch(0o600)
    found = handouts.load(settings(), tmp_path)
    assert [one.name for one in found] == ["week1", "week1-solutions"]
    assert all(one.visible_at for one in found)
