"""Which copy, whose files, and what is checked of them when they are back."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.contract.home_names import directory_name
from homeroom_copies import bring

from generator.core.errors import HomeroomError
from generator.topics.copies import restore
from generator.topics.copies.restore import Copy, Wanted
from generator.topics.storage import homes
from tests.sample_settings import settings


def copies(*moments: str) -> Sequence[Copy]:
    """Copies made then, the newest first."""
    found = [restore.parse({"short_id": f"c{number}", "time": time}) for number, time in enumerate(moments)]
    return sorted(found, key=lambda one: one.made_at, reverse=True)


@pytest.mark.parametrize("name", ["ada", "ada@uni.example", "a_b.c-d+e", "7"])
def test_a_home_is_found_by_its_owners_name(name: str) -> None:
    """The name of a home is the one that the hub gives it, and tells its owner again."""
    assert homes.home_name(name) == directory_name(name)
    assert homes.person_of(homes.home_name(name)) == name


def test_when_a_copy_was_made() -> None:
    """restic's times have nine digits after the second, and a zone."""
    (copy,) = copies("2026-11-27T06:30:15.374255428+01:00")
    assert copy.made_at == datetime(2026, 11, 27, 5, 30, 15, tzinfo=UTC)
    (plain,) = copies("2026-11-27T05:30:15Z")
    assert plain.made_at == copy.made_at


def test_a_copy_is_chosen_by_name_or_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest where none is named, and the newest of a day; one that is not there is refused."""
    known = copies("2026-11-25T02:00:00Z", "2026-11-25T12:00:00Z", "2026-11-26T12:00:00Z")
    assert restore.chosen(known, "").name == "c2"
    assert restore.chosen(known, "2026-11-25").name == "c1"
    assert restore.chosen(known, "c0").name == "c0"
    with pytest.raises(HomeroomError, match="there is no copy 2026-11-24"):
        restore.chosen(known, "2026-11-24")


def test_a_copy_of_the_future_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is the newest and nobody named it: the clock is wrong, or somebody else made it."""
    known = copies("2026-11-25T12:00:00Z", "2199-11-26T12:00:00Z")
    assert restore.chosen(known, "c1").name == "c1"
    assert capsys.readouterr().err == ""
    assert restore.chosen(known, "").name == "c1"
    assert "dated in the future (2199-11-26 12:00)" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(person="", file="x.ipynb"), "NAME is missing"),
        (Wanted(person="ada", over="bela"), "OVER=bela is not the person"),
        (Wanted(person="", over="ada"), "OVER=ada is not the person"),
        (Wanted(person="ada", file="../bela/x.ipynb"), "is not in a home"),
        (Wanted(person="ada", file="/etc/passwd"), "is not in a home"),
    ],
)
def test_what_makes_no_sense_is_refused(wanted: Wanted, words: str) -> None:
    """Before anything is asked or changed, with the argument that is wrong."""
    with pytest.raises(HomeroomError, match=words) as refused:
        restore.check_words(wanted)
    assert refused.value.location in ("NAME", "OVER", "FILE")


@pytest.mark.parametrize("typed", ["notes/x.ipynb", "/home/jovyan/notes/x.ipynb", "./notes/x.ipynb"])
def test_a_file_is_typed_as_the_lab_shows_it(typed: str) -> None:
    """With or without the home before it."""
    restore.check_words(Wanted(person="ada", file=typed))
    assert restore.inside_home(typed) == "notes/x.ipynb"


def test_nobody_is_made_by_a_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without a home is refused, with the one that is most like it; nothing is made for it."""
    monkeypatch.setattr(homes, "owners", lambda client, known: ["ada", "bela"])
    here: Any = SimpleNamespace(client=None, project="homeroom", settings=settings())
    with pytest.raises(HomeroomError, match="adda has no home here") as refused:
        restore.home_of(here, "adda")
    assert refused.value.remedy == "Did you mean ada?"
    assert restore.home_of(here, "ada").host == "homeroom-user-ada"
    here.settings = settings(HOMES="/srv/homes")
    assert restore.home_of(here, "ada").host == "/srv/homes/ada"


def node(kind: str, path: Path, **other: int) -> dict[str, Any]:
    """An entry as restic lists it, of something that lies here."""
    found = path.lstat()
    mode = stat.S_IMODE(found.st_mode)
    return {"type": kind, "uid": found.st_uid, "gid": found.st_gid, "mode": mode, "size": found.st_size, **other}


def test_each_file_is_compared(tmp_path: Path) -> None:
    """That it is there, of its kind, its owner's, with its mode and size."""
    file = tmp_path / "x"
    file.write_text("abc")
    file.chmod(0o640)
    assert bring.difference(node("file", file), file) == ""
    assert "not to 1:" in bring.difference(node("file", file, uid=1), file)
    assert bring.difference(node("file", file, mode=0o600), file) == "has mode 640, not 600"
    assert bring.difference(node("file", file, size=4), file) == "has 3 bytes, not 4"
    assert bring.difference(node("dir", file), file) == "is no dir"
    assert bring.difference(node("file", file), tmp_path / "gone") != ""
    (tmp_path / "link").symlink_to("nowhere")
    assert bring.difference(node("symlink", tmp_path / "link", mode=0), tmp_path / "link") == ""


def test_names_need_be_no_text(tmp_path: Path) -> None:
    """Names of files are bytes, and restic tells a sign for those that are no UTF-8: the file is found all the same."""
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/\xfcbung"))
    folder.mkdir()
    for name in (b"\xe4\xf6.txt", b"\xe2\x82.txt"):
        file = Path(os.fsdecode(bytes(folder) + b"/" + name))
        file.write_text("abc")
        told = tmp_path / "\ufffdbung" / name.decode(errors="replace")
        assert bring.difference(node("file", file), told) == ""
        assert bring.difference(node("file", file, size=4), told) == "has 3 bytes, not 4"
    assert bring.difference(node("file", file), tmp_path / "\ufffdbung/other\ufffd.txt") == "is not there"


def test_what_a_killed_run_left_is_known(tmp_path: Path) -> None:
    """A folder that came back half is still root's; what belongs to the home's owner, or is a link, is not touched."""
    (tmp_path / "restored-2026-11-27-0230-ab12").mkdir()
    (tmp_path / "restored-by-me.txt").touch()
    (tmp_path / "restored-link").symlink_to(tmp_path)
    us = tmp_path.stat().st_uid
    assert bring.unfinished(tmp_path, closed_by=us) == [tmp_path / "restored-2026-11-27-0230-ab12"]
    assert bring.unfinished(tmp_path, closed_by=us + 1) == []


def test_special_modes_are_compared() -> None:
    """restic keeps setgid and the like in bits of Go's own."""
    assert bring.mode_of(1 << 22 | 0o775) == 0o2775
    assert bring.mode_of(1 << 31 | 1 << 20 | 0o777) == 0o1777


def test_one_file_is_no_pattern() -> None:
    """A name with signs of a pattern is itself; a folder brings what is in it, and none of its neighbours."""
    assert bring.pattern("data[1]*/x") == r"/data\[1\]\*/x"
    assert bring.belongs(PurePosixPath("notes/a/x"), PurePosixPath("notes"))
    assert not bring.belongs(PurePosixPath("notes2/x"), PurePosixPath("notes"))
    assert bring.belongs(PurePosixPath("x"), PurePosixPath(""))
    assert not bring.belongs(PurePosixPath(), PurePosixPath(""))
