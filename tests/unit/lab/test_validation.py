"""What `nbgrader validate` is given in a terminal is looked at first."""

from __future__ import annotations

from pathlib import Path

import pytest
from homeroom_lab.validation import require_notebook, trouble

NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


class Failed(Exception):
    """The command ends."""


class App:
    """A command of nbgrader's that can fail."""

    def fail(self, said: str, *values: object) -> None:
        """End it."""
        raise Failed(said % values)


def test_a_notebook_that_is_there_is_validated(tmp_path: Path) -> None:
    """By its path, and several by a pattern."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.ipynb").write_text(NOTEBOOK)
    for asked in ("a.ipynb", "*.ipynb"):
        require_notebook(App(), f"{tmp_path}/{asked}")


@pytest.mark.parametrize(
    "text", ["", "{", NOTEBOOK[:30], "[1]", "{}", '{"cells": 3}', '{"cells": [3]}', "[" * 100_000, "\udcff"]
)
def test_what_is_no_notebook_is_told_in_words(tmp_path: Path, text: str) -> None:
    """Half of one, an empty file, one that somebody wrote by hand: in a line, with what to do."""
    path = tmp_path / "week.ipynb"
    path.write_bytes(text.encode(errors="surrogateescape"))
    found = trouble(path)
    assert "it is no whole notebook" in found
    assert "Fetch it anew" in found
    assert len(found.splitlines()) == 1
    with pytest.raises(Failed, match=r"week\.ipynb cannot be validated: it is no whole notebook"):
        require_notebook(App(), str(path))


def test_what_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    """A wrong name, a pattern that nothing fits, and a folder."""
    for asked in ("nowhere.ipynb", "*.ipynb"):
        with pytest.raises(Failed, match=r"There is no notebook .* here. Give its path"):
            require_notebook(App(), f"{tmp_path}/{asked}")
    with pytest.raises(Failed, match="it is a folder; name its notebooks"):
        require_notebook(App(), str(tmp_path))
