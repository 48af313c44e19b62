"""All of a course out of an archive of `make course-export`: it comes back as it was, or nothing of it does."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from homeroom.courses import desk_client
from homeroom.courses.material import about, desk_part, whole
from homeroom.courses.material.unfit import Unfit
from homeroom_lab import hand_in as lab

from generator.topics.terms import export
from tests.unit.courses.desk import Desk, folder, tar
from tests.unit.courses.test_made_handouts import brought, lay
from tests.unit.courses.test_material import NOTEBOOK, book, laid

TOKEN = "0123456789abcdef01234567"
Change = Callable[[tarfile.TarInfo, bytes], tuple[str, bytes] | None]
GRADES = json.dumps(
    {
        "assignments": [
            {
                "name": "week-1",
                "maximum": 3.0,
                "scores": [
                    {"student": "b-2bob", "points": 2.0, "penalty": 0.0, "late": False, "needs_grading": False},
                ],
            }
        ]
    }
).encode()


def archived(target: Path, *folders: tuple[str, Path], change: Change = lambda entry, data: (entry.name, data)) -> Path:
    """An archive as `make course-export` writes it, of these folders by their names in it."""
    with tarfile.open(target, "w:gz") as opened:
        for name, root in folders:
            for path in sorted(root.rglob("*")):
                if path.is_file():
                    entry = tarfile.TarInfo(f"{name}/{path.relative_to(root)}")
                    if (changed := change(entry, path.read_bytes())) is not None:
                        entry.name, data = changed
                        entry.size = len(data)
                        opened.addfile(entry, io.BytesIO(data))
    return target


@pytest.fixture
def kept(desk: Desk) -> Path:
    """What a desk keeps of a course: a hand-in, an assignment that is out, feedback, grades and a handout."""
    lab.hand_in("biology", "week-1", folder(desk.root), desk.socket("lab-1"))
    assert desk.asked("lab-5", "PUT", "/released/week-1", tar(("week.ipynb", b"{}")))[0] == 201
    (receipt,) = desk.listed("lab-1", "/hand-ins")
    feedback = tar(("week.html", b"good"))
    assert desk.asked("lab-5", "PUT", f"/feedback/week-1/b-2bob?code={receipt['code']}", feedback)[0] == 201
    assert desk.asked("lab-5", "POST", "/grades", GRADES)[0] == 200
    lay(desk.root / "grader")
    assert brought(desk, desk.root / "grader") == {}
    return desk.root / "store/biology"


def said(desk: Desk) -> list[object]:
    """What people and grader see of the course."""
    own = desk.listed("lab-1", "/hand-ins")
    feedback = desk.asked("lab-1", "GET", f"/feedback/{own[0]['code']}") if own else None
    others = (desk.listed("lab-1", "/released"), desk.listed("lab-5", "/hand-ins"), desk.listed("lab-1", "/handouts"))
    return [own, feedback, *others, desk_client.ask("GET", "/grades?course=biology")]


def test_what_a_desk_kept_comes_back(desk: Desk, kept: Path, tmp_path: Path) -> None:
    """Hand-ins with their receipts and times, what is out, feedback and grades, as before, at once and sealed; and
    again after the desk was started anew. What is there already is left alone, and so is what is other."""
    before, files = said(desk), desk.kept
    given, store = archived(tmp_path / "all.tar.gz", ("desk", kept)), desk.root / "store"
    assert desk_part.lay_ready(given, store, "biology", TOKEN)["state"] == "same"
    assert desk.kept == files, "nothing lies ready where nothing is to be done"
    desk_client.remove("biology", "shell:root", everything=True)
    assert desk.listed("lab-1", "/hand-ins") == []
    counts = {"hand_ins": 1, "people": 1, "released": 1, "feedback": 1, "handouts": 1, "state": "none"}
    assert desk_part.lay_ready(given, store, "biology", TOKEN, look=True) == counts
    assert not list((store / ".incoming").iterdir()), "a look leaves nothing"
    assert desk_part.lay_ready(given, store, "biology", TOKEN) == counts
    assert desk_client.take_in("biology", TOKEN, "shell:root")["hand_ins"] == 1
    assert (said(desk), desk.kept) == (before, files)
    assert "biology/released/week-1/listed" in files, "that it was in the course's list is kept, too"
    (place,) = (store / "biology/hand-ins/week-1").glob("*/*")
    assert place.stat().st_mode & 0o777 == 0o550
    with pytest.raises(desk_client.DeskAway, match="lies there no more"):
        desk_client.take_in("biology", TOKEN, "shell:root")
    lab.hand_in("biology", "week-1", folder(desk.root), desk.socket("lab-1"))
    assert desk_part.lay_ready(given, store, "biology", TOKEN)["state"] == "same", "more is kept since"
    desk_client.remove("biology", "shell:root", everything=False)
    assert desk_part.lay_ready(given, store, "biology", TOKEN)["state"] == "other"
    assert not list((store / ".incoming").iterdir())


def test_nothing_is_taken_in_over_what_is_kept(desk: Desk, kept: Path, tmp_path: Path) -> None:
    """Not over another course's receipts either, nor by a name that leads elsewhere."""
    given, store = archived(tmp_path / "all.tar.gz", ("desk", kept)), desk.root / "store"
    as_physics = archived(
        tmp_path / "physics.tar.gz",
        ("desk", kept),
        change=lambda entry, data: (entry.name, data.replace(b'"biology"', b'"physics"')),
    )
    assert desk_part.lay_ready(as_physics, store, "physics", TOKEN)["state"] == "none"
    with pytest.raises(desk_client.DeskAway, match="another course has the receipt"):
        desk_client.take_in("physics", TOKEN, "shell:root")
    with pytest.raises(desk_client.DeskAway, match="is kept already"):
        desk_client.take_in("biology", TOKEN, "shell:root")
    for name, token in (("../biology", TOKEN), ("physics", "../../biology")):
        with pytest.raises(desk_client.DeskAway, match="that is no"):
            desk_client.take_in(name, token, "shell:root")
    with pytest.raises(Unfit, match="of something else"):
        desk_part.lay_ready(given, store, "physics", "f" * 24)
    assert not (store / "physics").exists()


def _changed(ending: str, make: Callable[[bytes], bytes | None]) -> Change:
    """What becomes of the files whose names end so: other bytes, or none at all."""

    def change(entry: tarfile.TarInfo, data: bytes) -> tuple[str, bytes] | None:
        made = make(data) if entry.name.endswith(ending) else data
        return None if made is None else (entry.name, made)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_changed("files/week.ipynb", lambda _: b"better"), "not as it was kept"),
        (_changed("files/week.html", lambda _: None), "not as it was kept"),
        (_changed("receipt.json", lambda data: data.replace(b"b+ob", b"chen")), "receipt of .* of something else"),
        (_changed("receipt.json", lambda data: data.replace(b"week-1", b"week-2")), "receipt of .* of something else"),
        (_changed("receipt.json", lambda _: None), "receipt of .* is not there"),
        (_changed("receipt.json", lambda _: b"[" * 100_000), "receipt of"),
        (_changed("kept.json", lambda data: data.replace(b"week-1", b"week-2")), "of something else"),
        (_changed("week-1/now.json", lambda _: b'{"out": ".."}'), "What is out of"),
        (_changed("week1/now.json", lambda data: data.replace(b"null", b'"x"')), "'handouts/week1' is not there"),
        (_changed("week1/now.json", lambda data: data.replace(b"{", b"[", 1)), "'handouts/week1' is not there"),
        (_changed("sheet.ipynb", lambda _: b"better"), "not as it was kept"),
        (_changed("files.json", lambda _: b"[]"), "'handouts/week1' is not there"),
        (_changed("gradebook.json", lambda _: b'{"at": 1, "assignments": {"a": 1}}'), "no grades of ours"),
        (lambda entry, data: (entry.name.replace("hand-ins", "outbound"), data), "nothing that a desk keeps"),
        (lambda entry, data: (entry.name.replace("week-1", "../week-1"), data), "no plain name"),
    ],
    ids=[
        *("changed", "lost", "person", "assignment", "no receipt", "deep", "kept", "now", "handout", "no handout"),
        *("handout's file", "handout's files", "grades", "place", "path"),
    ],
)
def test_what_was_damaged_is_not_taken(desk: Desk, kept: Path, tmp_path: Path, change: Change, words: str) -> None:
    """A hand-in that is another than its receipt says, a release that is not as it was kept, and anything that no desk
    has written: nothing of the archive is taken, and nothing is left of it."""
    given = archived(tmp_path / "all.tar.gz", ("desk", kept), change=change)
    desk_client.remove("biology", "shell:root", everything=True)
    with pytest.raises(Unfit, match=words):
        desk_part.lay_ready(given, desk.root / "store", "biology", TOKEN)
    assert desk.kept == []
    assert not list((desk.root / "store/.incoming").iterdir())


def test_an_archive_that_was_cut_off_is_not_taken(tmp_path: Path) -> None:
    """Nor is one without the desk's part an error: nothing is kept then."""
    (tmp_path / "store").mkdir()
    given = archived(tmp_path / "all.tar.gz", ("course", laid(tmp_path / "files", "source/week-1/a.ipynb")))
    found = desk_part.lay_ready(given, tmp_path / "store", "biology", TOKEN)
    assert (found["hand_ins"], found["state"]) == (0, "none")
    (tmp_path / "short.tar.gz").write_bytes(given.read_bytes()[:-20])
    with pytest.raises(Unfit, match="no whole archive"):
        desk_part.lay_ready(tmp_path / "short.tar.gz", tmp_path / "store", "biology", "f" * 24)


def test_a_grader_labs_files_come_back(tmp_path: Path) -> None:
    """With what students did and the students in the gradebook, where nothing but an empty gradebook is; what programs
    read by themselves is left out. Once more, nothing is done; over something else, nothing comes."""
    names = ("source/week-1/a.ipynb", "submitted/chen/week-1/a.ipynb", "nbgrader_config.py", "source/week-1/.hidden/x")
    files = laid(tmp_path / "files", *names)
    book(files / "gradebook.db", "INSERT INTO submitted_assignment VALUES ('2', 'bela')")
    given = archived(tmp_path / "all.tar.gz", ("course", files), ("desk", laid(tmp_path / "desk", "x")))
    home = tmp_path / "home"
    (home / "course/source/week-1").mkdir(parents=True)
    empty = book(home / "course/gradebook.db")
    with sqlite3.connect(empty) as database:
        database.execute("DELETE FROM submitted_assignment")
    looked = whole.bring(home, given, look=True)
    assert looked == {"assignments": 1, "students": 1, "left_out": 2, "is_there": False}
    assert not (home / "course/submitted").exists()
    assert whole.bring(home, given, look=False) == looked
    found = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
    assert found == ["course/gradebook.db", "course/source/week-1/a.ipynb", "course/submitted/chen/week-1/a.ipynb"]
    assert (home / "course/source/week-1/a.ipynb").stat().st_mode & 0o777 == 0o644
    assert (home / "course/gradebook.db").read_bytes() == (files / "gradebook.db").read_bytes()
    assert whole.bring(home, given, look=False)["is_there"]
    (home / "course/submitted/chen/week-1/a.ipynb").write_text("more")
    with pytest.raises(Unfit, match="something in the grader lab already"):
        whole.bring(home, given, look=False)


def test_a_gradebook_with_hand_ins_stays(tmp_path: Path) -> None:
    """And one that would come and is none is refused."""
    files = laid(tmp_path / "files", "source/week-1/a.ipynb")
    given = archived(tmp_path / "all.tar.gz", ("course", files))
    book(tmp_path / "home/course/gradebook.db")
    with pytest.raises(Unfit, match="gradebook with hand-ins"):
        whole.bring(tmp_path / "home", given, look=False)
    (files / "gradebook.db").write_text("x")
    with pytest.raises(Unfit, match="gradebook"):
        whole.bring(tmp_path, archived(tmp_path / "bad.tar.gz", ("course", files)), look=False)


def test_what_an_archive_is_of_is_read_first(tmp_path: Path) -> None:
    """The course, how it was written down, and its class lists; of anything else it is said that it is none."""
    names = (export.ABOUT, export.WRITTEN, f"{export.ROSTERS}/bio.csv", "course/a.ipynb")
    assert (about.ABOUT, about.WRITTEN, about.ROSTERS) == (export.ABOUT, export.WRITTEN, export.ROSTERS)
    texts = ('{"course": "bio", "made": null}', "courses:\n- name: bio\n", "chen\n", NOTEBOOK)
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as opened:
        for name, text in zip(names, texts, strict=True):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            opened.addfile(entry, io.BytesIO(text.encode()))
    found = {"course": "bio", "made": None, "written": texts[1], "rosters": {"bio.csv": "chen\n"}}
    assert about.read(tmp_path / "all.tar.gz") == found
    (tmp_path / "text.tar.gz").write_text("no archive")
    files = laid(tmp_path / "files", "source/week-1/a.ipynb")
    for other in (tmp_path / "text.tar.gz", archived(tmp_path / "other.tar.gz", ("course", files))):
        with pytest.raises(Unfit, match="no archive of"):
            about.read(other)
