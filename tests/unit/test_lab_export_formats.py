"""The formats for export that the lab's image keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from homeroom_lab import export_formats
from homeroom_lab.export_formats import installed_at, keep, kept

FORMATS = {"html": {"output_mimetype": "text/html"}}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where formats were kept, of an nbconvert that knows one."""
    monkeypatch.setattr(export_formats, "ask", lambda: FORMATS)
    keep(tmp_path / "homeroom/formats.json")
    return tmp_path / "homeroom/formats.json"


def test_what_was_kept_is_found(path: Path) -> None:
    """What was written down is what is read."""
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
