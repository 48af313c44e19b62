"""The formats for export that the lab's image keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from homeroom_lab import export_formats
from homeroom_lab.export_formats import NEEDED_MODULES, NEEDED_PROGRAMS, installed_at, keep, kept, possible

FORMATS = {"html": {"output_mimetype": "text/html"}}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where formats were kept, of an nbconvert that knows one."""
    monkeypatch.setattr(export_formats, "ask", lambda: FORMATS)
    keep(tmp_path / "homeroom/formats.json")
    return tmp_path / "homeroom/formats.json"


def test_what_was_kept_is_found(path: Path) -> None:
    """The formats that were written into the image are those that the server reads."""
    assert kept(path) == FORMATS


@pytest.mark.parametrize("text", ["", "{", json.dumps({"installed_at": 0, "formats": FORMATS})])
def test_nothing_is_said_where_it_may_be_wrong(path: Path, text: str) -> None:
    """A file that cannot be read, or that is of other packages, does not count."""
    path.write_text(text)
    assert installed_at() != 0
    assert kept(path) is None


def test_nothing_is_said_where_nothing_was_kept(tmp_path: Path) -> None:
    """An image that was built otherwise asks nbconvert."""
    assert kept(tmp_path / "none.json") is None


def test_what_needs_a_program_is_offered_where_that_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without further programs four formats are left of those that nbconvert names; with them the others come."""
    names = [*NEEDED_PROGRAMS, *NEEDED_MODULES, "html", "markdown", "script", "slides"]
    formats = {name: {"output_mimetype": ""} for name in names}
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(export_formats, "find_spec", lambda _: None)
    assert list(possible(formats)) == ["html", "markdown", "script", "slides"]
    for program in ("pandoc", "xelatex"):
        (tmp_path / program).touch(mode=0o755)
        assert ("pdf" in possible(formats)) is (program == "xelatex")
    assert possible(formats).keys() == {*names} - NEEDED_MODULES.keys()
