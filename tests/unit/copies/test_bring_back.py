"""A file of a copy comes back into a home: beside what is there, whole or not at all, and through no link."""

from __future__ import annotations

import errno
import http.client
import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from homeroom.copies import bring_back
from homeroom_copies import reader
from homeroom_copies.repository import CannotRead, Found

from tests.unit.copies.listening import listening

COPY = "a" * 64
STAMP = "2026-11-26-0230"


class Copies:
    """Copies that hold one thing."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = [b"old"]
        self.is_folder = False
        self.is_cut_off = False
        self.why: Any = ""

    def copies(self) -> list[dict[str, Any]]:
        return [{"name": COPY, "made_at": 1.0}]

    def find(self, _copy: str, home: str, path: str, _most: int) -> Found:
        if self.why:
            raise CannotRead(self.why)
        return Found(path=PurePosixPath(home, path), is_folder=self.is_folder, size_bytes=3, mode=0o640, changed_at=1e9)

    def content(self, _copy: str, _found: Found) -> Iterator[bytes]:
        yield from self.pieces
        if self.is_cut_off:
            raise CannotRead("unreadable")


Bring = Callable[..., dict[str, Any]]


@pytest.fixture
def copies() -> Copies:
    """What there is."""
    return Copies()


@pytest.fixture
def bring(tmp_path: Path, copies: Copies) -> Iterator[Bring]:
    """Brings a path back into the folder `home`, from the service as it is."""
    (tmp_path / "home").mkdir()
    service = reader.Reader(copies)  # type: ignore[arg-type]  # what it asks is there
    with listening(service, tmp_path) as socket:

        def back(path: str) -> dict[str, Any]:
            asked = {"home": "ada", "copy": COPY, "path": path, "stamp": STAMP}
            return bring_back.bring_back(asked, tmp_path / "home", str(socket))

        yield back


def packed(*entries: tuple[str, bytes | str, str]) -> bytes:
    """A tar with entries: kind, name, and content or target."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind, content, name in entries:
            entry = tarfile.TarInfo(name)
            kinds = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}
            entry.type = kinds.get(kind, tarfile.FIFOTYPE)
            entry.mode = 0o4500 if kind == "dir" else 0o644
            if isinstance(content, bytes):
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            else:
                entry.linkname = content
                archive.addfile(entry)
    return out.getvalue()


def left(home: Path) -> list[str]:
    """Everything in a home, from it on."""
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def test_nothing_is_written_over(bring: Bring, tmp_path: Path) -> None:
    """What comes back has the date in its name, and a number where that is taken; mode and date are the old ones."""
    home = tmp_path / "home"
    (home / "notes").mkdir()
    (home / "notes/essay.ipynb").write_text("new")
    first, second = bring("notes/essay.ipynb"), bring("notes/essay.ipynb")
    assert first == {"where": f"notes/essay-{STAMP}.ipynb", "files": 1, "left_out": 0}
    assert second["where"] == f"notes/essay-{STAMP}-2.ipynb"
    assert (home / "notes/essay.ipynb").read_text() == "new"
    back = home / first["where"]
    assert (back.read_text(), back.stat().st_mode & 0o777, back.stat().st_mtime) == ("old", 0o640, 1e9)
    assert not [name for name in left(home) if bring_back.PREFIX in name]


def test_it_comes_into_the_home_where_its_folder_is_gone_or_a_link(bring: Bring, tmp_path: Path) -> None:
    """A link in the place of the folder leads nowhere: nothing is written behind it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "home/notes").symlink_to(outside)
    assert bring("notes/essay.ipynb")["where"] == f"essay-{STAMP}.ipynb"
    assert bring("gone/deeper/essay.ipynb")["where"] == f"essay-{STAMP}-2.ipynb"
    assert left(outside) == []


def test_a_link_of_the_new_name_is_not_followed(bring: Bring, tmp_path: Path) -> None:
    """Who lays a link where the file will be finds the file beside it."""
    (tmp_path / "home" / f"essay-{STAMP}.ipynb").symlink_to(tmp_path / "elsewhere")
    assert bring("essay.ipynb")["where"] == f"essay-{STAMP}-2.ipynb"
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_comes_with_all_that_is_in_it(bring: Bring, copies: Copies, tmp_path: Path) -> None:
    """Folders that nobody may write into, links as links; what is neither is left out and counted."""
    copies.is_folder = True
    copies.pieces = [
        packed(
            ("dir", "", "deep"),
            ("file", b"x", "deep/new\nline"),
            ("link", "/etc/passwd", "deep/link"),
            ("pipe", "", "deep/pipe"),
            ("hard", "/etc/passwd", "deep/hard"),
        )
    ]
    said = bring("notes")
    assert said == {"where": f"notes-{STAMP}", "files": 2, "left_out": 2}
    home = tmp_path / "home" / said["where"]
    assert (home / "deep/new\nline").read_bytes() == b"x"
    assert (home / "deep/link").readlink() == Path("/etc/passwd")
    assert (home / "deep").stat().st_mode & 0o7777 == 0o700
    assert not (home / "deep/hard").exists()


def test_a_tar_leads_nowhere_else(bring: Bring, copies: Copies, tmp_path: Path) -> None:
    """Names with .. and such as pass a link of the same tar are left out; one from the root on stays within."""
    (tmp_path / "outside").mkdir()
    copies.is_folder = True
    copies.pieces = [
        packed(
            ("file", b"x", "../../outside/a"),
            ("link", str(tmp_path / "outside"), "way"),
            ("file", b"x", "way/b"),
            ("file", b"x", "/c"),
        )
    ]
    said = bring("")
    assert (said["where"], said["left_out"]) == (f"home-{STAMP}", 2)
    assert left(tmp_path / "outside") == []
    assert (tmp_path / "home" / said["where"] / "c").is_file()


@pytest.mark.parametrize("is_folder", [False, True])
def test_half_of_it_is_nothing(bring: Bring, copies: Copies, tmp_path: Path, is_folder: bool) -> None:
    """What is cut off leaves nothing in the home, and so does what a run before was killed in."""
    (tmp_path / "home" / f"{bring_back.PREFIX}old").mkdir()
    copies.is_folder, copies.is_cut_off = is_folder, True
    copies.pieces = [packed(("file", b"x" * 100, "a"))[:512]] if is_folder else [b"ol"]
    with pytest.raises((tarfile.TarError, OSError, http.client.HTTPException)):
        bring("notes")
    assert left(tmp_path / "home") == []


def test_a_full_home_is_told(
    bring: Bring, copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a word for which there is a text; nothing of it stays."""

    def full(*_: object) -> int:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(bring_back, "write_file", full)
    given = f'{{"home": "ada", "copy": "{COPY}", "path": "x", "stamp": "{STAMP}"}}'
    assert bring_back.main([given], tmp_path / "home", str(tmp_path / "r.sock")) == 0
    assert capsys.readouterr().out == '{"fault": "full"}\n'
    assert left(tmp_path / "home") == []


def test_bytes_files_and_time_have_an_end(bring: Bring, copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the copies told less than comes."""
    monkeypatch.setattr(bring_back, "MOST_BYTES", 2)
    with pytest.raises(bring_back.NothingComes) as error:
        bring("x")
    assert error.value.fault == "large"
    monkeypatch.setattr(bring_back, "MOST_BYTES", 100)
    monkeypatch.setattr(bring_back, "LONGEST_SECONDS", -1.0)
    with pytest.raises(bring_back.NothingComes) as error:
        bring("x")
    assert error.value.fault == "late"
    copies.why = "missing"
    with pytest.raises(bring_back.NothingComes) as error:
        bring("x")
    assert error.value.fault == "missing"


def test_a_name_stays_as_long_as_a_name_may_be() -> None:
    """The date fits, whatever the letters are."""
    for name in ("x" * 250 + ".ipynb", "ä" * 125, ".hidden", "a.tar.gz"):
        for one in bring_back.names(PurePosixPath(name), STAMP, is_folder=False):
            assert len(one.encode()) <= 255
            assert STAMP in one
