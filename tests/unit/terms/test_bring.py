"""What the operator names as material, before it is looked into by the container that takes it."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from generator.core.errors import HomeroomError
from generator.topics.terms import bring


def test_a_folder_is_packed_without_links(tmp_path: Path) -> None:
    """Plain files alone, whoever lays what into the folder: links and pipes are left out and counted, and nothing of
    them is read."""
    source = tmp_path / "week-1"
    (source / "data").mkdir(parents=True)
    (source / "a.ipynb").write_text("{}")
    (source / "data/x.csv").write_text("1,2")
    (source / ".git").mkdir()
    (source / ".git/config").write_text("x")
    (source / "secret").symlink_to("/etc/passwd")
    (source / "out").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    assert bring.pack(source, tmp_path / "given.tar") == 3
    with tarfile.open(tmp_path / "given.tar") as archive:
        assert archive.getnames() == ["a.ipynb", "data/x.csv"]
        assert all(entry.isreg() for entry in archive)


def test_what_is_staged_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what a run that was killed has left; the operator's own stays."""
    monkeypatch.setattr(bring, "FOLDER", tmp_path / "archives")
    (tmp_path / "archives/given-old").mkdir(parents=True)
    (tmp_path / "mine.zip").write_text("x")
    with bring.staged(tmp_path / "mine.zip") as archive:
        assert archive.read_text() == "x"
        assert archive.parent.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "archives").iterdir()) == []
    assert (tmp_path / "mine.zip").exists()


@pytest.mark.parametrize("source", ["", "/no/such", "notes.txt"])
def test_what_is_no_material_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Nothing named, nothing there, or a file of another kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(HomeroomError) as told:
        bring.given(source, "make course-import")
    assert told.value.location == "FROM"


def test_an_archive_without_an_assignment_is_told() -> None:
    """What is no material at all is not called brought; folders of handouts alone are some."""
    nothing = {"new": [], "there": [], "left_out": 0, "gradebook": False, "handouts": []}
    with pytest.raises(HomeroomError, match=r"there is no assignment in /srv/notes\.zip"):
        bring.require_some(nothing, Path("/srv/notes.zip"))
    bring.require_some({**nothing, "handouts": ["data"]}, Path("/srv/notes.zip"))


def test_a_course_of_a_page_is_shown_before_it_is_copied() -> None:
    """Who teaches it, and its dates by the clocks of the deployment."""
    week = {"name": "week-1", "opens": None, "due": 1_793_000_000, "closes": None}
    exam = {"name": "final", "opens": 1_793_000_000, "seconds": 5400}
    roles = {"teachers": {"people": ["ada"], "groups": ["staff"]}}
    values = {"title": "Fungi", "first_day": "2026-10-05", "last_day": "", "archive": None, "roles": roles}
    work = {"assignments": [week, {**week, "name": "week-2", "due": None}], "exams": [exam]}
    assert bring.shown("fungi-27", {**values, **work}, ZoneInfo("Europe/Vienna")).split("\n  ") == [
        "fungi-27: Fungi",
        "teachers: ada, staff",
        "first_day 2026-10-05",
        "week-1: due 2026-10-26 08:33",
        "week-2: no dates",
        "final: opens 2026-10-26 08:33",
    ]


def test_a_broken_notebook_is_told_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do; where there is none, nothing is said."""
    done = {"new": ["week-1"], "there": [], "handouts": [], "gradebook": False, "left_out": 0, "broken": []}
    bring._tell("bio", done, dry=False)
    assert "notebook" not in "".join(capsys.readouterr())
    bring._tell("bio", {**done, "broken": ["week-1/a.ipynb"]}, dry=False)
    said = " ".join("".join(capsys.readouterr()).split())
    assert "week-1/a.ipynb" in said
    assert "is no whole notebook" in said
    assert "Mend it in the grader lab" in said
