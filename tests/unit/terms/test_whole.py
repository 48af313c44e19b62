"""What becomes of how a course was written down, when all of it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.topics.terms import export, kept, named, whole, written
from tests.sample_settings import settings

VIENNA = settings(TIMEZONE="Europe/Vienna")

WRITTEN = """\
courses:
- name: bio
  archive: 2027-04-01
  teachers: {people: [ada]}
  students: {people: ["0123"], roster: lists/bio.csv}
  assignments: [{name: week-1, due: 2026-10-12 23:59}]
"""


def arrival(monkeypatch: pytest.MonkeyPatch, site: Path, about: dict[str, Any], *, here: Any = None) -> whole.Arrival:
    """What comes into a site, of a course that the hub has so (None: not)."""
    monkeypatch.setattr(whole, "SITE", site)
    monkeypatch.setattr(named, "SITE", site)
    monkeypatch.setattr(kept, "ask", lambda *_, **__: {"made": here})

    class Here:
        settings = VIENNA

    there: Any = Here()
    return whole._arrival(there, "bio", {"made": None, "written": "", "rosters": {}, **about})


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site whose file has no course."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/courses.yaml").write_text("## Courses.\n")
    return tmp_path / "site"


def test_the_file_has_the_course_as_it_was(monkeypatch: pytest.MonkeyPatch, site: Path) -> None:
    """With its class lists, where there is none of that name; what leads elsewhere is none of them."""
    lists = {"lists/bio.csv": "chen\n", "../profiles.yaml": "x"}
    coming = arrival(monkeypatch, site, {"written": WRITTEN, "rosters": lists})
    assert coming.lists == {"lists/bio.csv": "chen\n"}
    assert sorted(path.name for path in site.iterdir()) == ["courses.yaml"], "nothing is written yet"
    written.write_lists(site, coming.lists)
    written.write(site, coming.text)
    (read,) = named.of_file(VIENNA).values()
    assert read.read.named["students"] == ["0123", "chen"]
    assert (site / "courses.yaml").read_text().startswith("## Courses.\n")
    (site / "lists/bio.csv").write_text("bela\n")
    written.write_lists(site, coming.lists)
    assert (site / "lists/bio.csv").read_text() == "bela\n"


def test_what_is_here_counts(monkeypatch: pytest.MonkeyPatch, site: Path) -> None:
    """In the file or on a page. A course that was made on a page comes back so; one that says nothing is told."""
    made = {"title": "Biology"}
    assert arrival(monkeypatch, site, {"made": made}).as_made == made
    assert arrival(monkeypatch, site, {"written": WRITTEN, "made": made}, here={}).as_made is None
    with pytest.raises(HomeroomError, match="does not say who is in bio"):
        arrival(monkeypatch, site, {})
    text = "courses:\n  - name: bio\n    teachers: {people: [tess]}\n"
    (site / "courses.yaml").write_text(text)
    assert arrival(monkeypatch, site, {"written": WRITTEN}).text == ""


def test_a_site_without_the_file_gets_one(monkeypatch: pytest.MonkeyPatch, site: Path) -> None:
    """As one that is older than courses, or whose operator removed the file: it says this course and nothing else."""
    (site / "courses.yaml").unlink()
    coming = arrival(monkeypatch, site, {"written": WRITTEN, "rosters": {"lists/bio.csv": "chen\n"}})
    assert not list(site.iterdir()), "nothing is written yet"
    written.write_lists(site, coming.lists)
    written.write(site, coming.text)
    assert list(named.of_file(VIENNA)) == ["bio"]
    assert (site / "courses.yaml").read_text().startswith("# Brought back from an archive.\ncourses:\n")
    assert (site / "courses.yaml").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WRITTEN, "there is no such file"),
        (WRITTEN.replace("teachers:", "profile: huge\n  teachers:"), "huge"),
        (WRITTEN.replace("- name: bio", "- name: botany"), "has no course bio"),
        ("courses: [", "has no course bio"),
        ("a: &a [x, x]\ncourses: [*a, *a]\n", "does not say who is in bio"),
    ],
    ids=["list", "profile", "other", "damaged", "aliases"],
)
def test_what_cannot_be_here_is_told(monkeypatch: pytest.MonkeyPatch, site: Path, text: str, words: str) -> None:
    """What the course names and is not here, another course, and text that is no course; nothing is written."""
    with pytest.raises(HomeroomError) as told:
        arrival(monkeypatch, site, {"written": text})
    assert words in str(told.value)
    assert (site / "courses.yaml").read_text() == "## Courses.\n"


def test_all_of_a_course_keeps_its_name() -> None:
    """Which its receipts have; a name that is none is refused, whoever wrote the archive."""
    assert whole._require_same("", "bio") == whole._require_same("bio", "bio") == "bio"
    with pytest.raises(HomeroomError, match="under this name alone"):
        whole._require_same("botany", "bio")
    with pytest.raises(HomeroomError, match="no name of a course"):
        whole._require_same("", "../bio")


def test_an_archive_has_the_names_on_class_lists(monkeypatch: pytest.MonkeyPatch, site: Path) -> None:
    """Names alone; a list that is not there is left out."""
    monkeypatch.setattr(export, "SITE", site)
    (site / "lists").mkdir()
    (site / "lists/bio.csv").write_text("Name;E-Mail\nchen;chen@example.edu\n")
    (site / "courses.yaml").write_text(WRITTEN + "  observers: {roster: none.csv}\n")
    found = kept.Kept(course="bio", desk=None, home=None, sends=0, sittings=0, made=None)
    texts = export.about(found)
    assert {name: text for name, text in texts.items() if name.startswith(export.ROSTERS)} == {
        "rosters/lists/bio.csv": "chen\n"
    }
    assert export.WRITTEN in texts
