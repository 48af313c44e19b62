"""The archive of a course: what lies where in it."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.topics.terms import export, kept, lab_home
from tests.unit.courses.desk import tar


@pytest.mark.parametrize("course", ["bio", "course", "desk"])
def test_what_students_did_lies_beside_the_material(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, course: str
) -> None:
    """Whatever the course is called, and however long names are; links are left out, and how it was written down stands
    at the top."""
    long = f"hand-ins/week-1/{'-2b' * 64}/receipt.json"
    link = tarfile.TarInfo("course/secret")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    given = {
        "_of_desk": tar((f"{course}/hand-ins/week-1/chen/receipt.json", b"{}"), (f"{course}/{long}", b"{}")),
        "files": tar(("course/source/week-1/a.ipynb", b"{}"), link),
    }

    def pieces(name: str) -> Any:
        def handed_out(*_: Any) -> Iterator[bytes]:
            yield given[name]

        return handed_out

    monkeypatch.setattr(export, "_of_desk", pieces("_of_desk"))
    monkeypatch.setattr(lab_home, "files", pieces("files"))
    monkeypatch.setattr(export, "SITE", tmp_path)
    (tmp_path / "courses.yaml").write_text(f"courses:\n  - name: {course}\n    teachers: {{people: [ada]}}\n")
    desk = {"size_bytes": 2}
    found = kept.Kept(course=course, desk=desk, home={}, sends=0, sittings=0, made=None)
    nothing: Any = None
    export.write(nothing, found, tmp_path / "out.tar.gz")
    with tarfile.open(tmp_path / "out.tar.gz") as archive:
        assert archive.getnames() == [
            "homeroom-course.json",
            "courses.yaml",
            "desk/hand-ins/week-1/chen/receipt.json",
            f"desk/{long}",
            "course/source/week-1/a.ipynb",
        ]
        about, text = (archive.extractfile(name) for name in archive.getnames()[:2])
        assert about is not None
        assert text is not None
        assert json.load(about)["course"] == course
        assert f"- name: {course}" in text.read().decode()
