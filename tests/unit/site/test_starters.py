"""generator/site/starters.py: `site/` is the operator's own from its first moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError
from generator.lifecycle import render
from generator.site import starters
from tests.sample_settings import settings


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_the_starters_are_laid_whole(tmp_path: Path) -> None:
    """A new `site/` holds every starter, nothing else is left beside it, and it says that it was made."""
    assert starters.create(tmp_path / "site")
    laid = starters.starters()
    assert {"README.md", "hub.d/00-example.py", "profiles.yaml", "schedule.yaml"} <= laid.keys()
    assert contents(tmp_path / "site") == laid
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("starter", sorted((starters.STARTER / "hub.d").glob("*.py")), ids=lambda path: path.name)
def test_a_starter_changes_nothing(starter: Path) -> None:
    """Every line of a starter is a comment, and the comments are Python once the # is removed."""
    lines = starter.read_text().splitlines()
    assert all(line.startswith("#") or not line for line in lines)
    examples = [line.removeprefix("# ") for line in lines if line.startswith("# c.")]
    assert examples
    compile("\n".join(examples), starter.name, "exec")


def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    """Of an existing `site/` nothing is changed or added, even when starters were deleted from it."""
    site = tmp_path / "site"
    (site / "hub.d").mkdir(parents=True)
    (site / "hub.d/mine.py").write_text("c.X = 1\n")
    assert not starters.create(site)
    assert contents(site) == {"hub.d/mine.py": "c.X = 1\n"}


def test_an_interrupted_run_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is stopped half-way leaves no `site/`; the next one lays it whole."""
    written: list[Path] = []

    def interrupted(path: Path, text: str) -> bool:
        if written:
            raise KeyboardInterrupt
        written.append(path)
        return write_atomically(path, text)

    site = tmp_path / "site"
    with monkeypatch.context() as patched:
        patched.setattr(starters, "write_atomically", interrupted)
        with pytest.raises(KeyboardInterrupt):
            starters.create(site)
    assert written
    assert not site.exists()
    assert starters.create(site)
    assert contents(site) == starters.starters()


def test_a_place_that_cannot_be_written_is_an_operators_error(tmp_path: Path) -> None:
    """Where `site/` cannot be made, cause and remedy are told."""
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeroomError) as caught:
        starters.create(tmp_path / "file/site")
    assert caught.value.remedy


def test_fresh_starters_render(tmp_path: Path) -> None:
    """A deployment as `make init` leaves it can be rendered."""
    starters.create(tmp_path / "site")
    assert "hub.d/00-example.py" in render.rendered_files(settings(), tmp_path / "site")


def test_a_file_that_is_not_read_is_told(tmp_path: Path) -> None:
    """`profiles.yml` would be passed over in silence; starters, notes and hidden files are nobody's mistake."""
    site = tmp_path / "site"
    starters.create(site)
    for name in ("notes.md", ".gitlab-ci.yml", "gpus.yaml", "gpus.yaml.proposed"):
        (site / name).write_text("")
    assert list(starters.unread(site)) == []
    (site / "profiles.yml").write_text("")
    (found,) = starters.unread(site)
    assert (found.location, found.remedy) == ("site/profiles.yml", "Did you mean profiles.yaml?")
