"""generator.class_list and generator.password_sheet, on real files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.sign_in import class_list, password_sheet

NAMES = ["ada", "bela@school.example", "chen"]


@pytest.mark.parametrize(
    "data",
    [
        b"ada\nbela@school.example\nchen\n",
        b"ada\r\nbela@school.example\r\nchen",
        b"ada\rbela@school.example\rchen\r",
        b"\xef\xbb\xbfada\nbela@school.example\nchen\n",
        "ada\r\nbela@school.example\r\nchen\r\n".encode("utf-16"),
        "\ufeffada\nbela@school.example\nchen".encode("utf-16-be"),
        b"# class 7b\n\n  Ada \n\tBELA@school.example\n   # no longer: dan\nchen\n\n",
        b"Name;Vorname\nada;Ada\nbela@school.example;B\xc3\xa9la\nchen;Chen\n",
        b'"e-mail","USERNAME"\n"a@x","ada"\n"b@x","bela@school.example"\n"c@x","chen"\n',
        b"ada,7b\nbela@school.example,7b\nchen,7c\n",
        b"login\tclass\nada\t7b\nbela@school.example\t7b\nchen\t7c\n",
        b"Name;Vorname;Benutzername\nbyron;Ada;ada\nnagy;Bela;bela@school.example\nwu;Chen;chen\n",
        b"username,name\nada,ada byron\nbela@school.example,bela nagy\nchen,wu\n",
    ],
    ids=[
        *("plain", "windows", "old-mac", "bom", "utf-16", "utf-16-be", "comments", "german", "quoted", "bare", "tabs"),
        *("named-by", "named-too"),
    ],
)
def test_a_list_is_read_as_people_write_it(tmp_path: Path, data: bytes) -> None:
    """Lines end as any system ends them; marks, encodings, comments, blanks and spreadsheets are understood."""
    path = tmp_path / "class.csv"
    path.write_bytes(data)
    assert class_list.read(path) == NAMES


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"ada\nb\xe9la\n", [":2: this is no text in UTF-8 or UTF-16"]),
        (b"PK\x03\x04\0\0", [": this is no text"]),
        (b"", [": there is no name in it"]),
        (b"# nobody yet\n", [": there is no name in it"]),
        (b"name\n", [": there is no name in it"]),
        (b"ada\nAda\n", [":2: ada is in line 1 already"]),
        (b"ada\n-rf\nb c\nbela\n", [":2: '-rf' is no user name", ":3: 'b c' is no user name"]),
        (b"ada;x\n;y\n", [":2: '' is no user name"]),
        ("ad\u00e4\n".encode(), [":1: "]),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, data: bytes, said: list[str]) -> None:
    """What is no name, is there twice or is no text is told with file and line, and all of it at once."""
    path = tmp_path / "class.txt"
    path.write_bytes(data)
    with pytest.raises(HomeroomError) as caught:
        class_list.read(path)
    for each in said:
        assert f"{path}{each}" in str(caught.value)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    """A path that leads nowhere is a plain error."""
    with pytest.raises(HomeroomError, match="cannot be read: No such file"):
        class_list.read(tmp_path / "class.csv")


@pytest.mark.parametrize("path", ["/dev/zero", "pipe", "."])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, path: str) -> None:
    """A device without an end, a pipe nobody writes to and a folder are told at once."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HomeroomError, match="is no file"):
        class_list.read(tmp_path / path)


def test_a_list_as_large_as_no_class_is_told(tmp_path: Path) -> None:
    """Neither a file of any size nor a line of any length fails in another way than by a sentence."""
    path = tmp_path / "class.csv"
    path.write_text("a" * 200_000)
    with pytest.raises(HomeroomError, match="is no user name"):
        class_list.read(path)
    path.write_bytes(b"ada\n" * (class_list.LARGEST_BYTES // 4 + 1))
    with pytest.raises(HomeroomError, match="is larger than 1 MiB"):
        class_list.read(path)


def test_a_sheet_is_for_its_owner(tmp_path: Path) -> None:
    """Passwords are written as a table that nobody else on the machine can read."""
    path = tmp_path / "passwords.csv"
    with password_sheet.opened(path) as sheet:
        password_sheet.fill(sheet, {"ada": "abc-def"})
    assert path.read_text() == "name,password\nada,abc-def\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_sheet_replaces_nothing(tmp_path: Path) -> None:
    """A file that is there already may hold the only copy of passwords."""
    path = tmp_path / "passwords.csv"
    path.write_text("kept")
    with pytest.raises(HomeroomError, match="is there already"), password_sheet.opened(path):
        pass
    assert path.read_text() == "kept"


def test_a_sheet_of_a_failure_is_gone(tmp_path: Path) -> None:
    """Where no account was made, no sheet is left that says so."""
    path = tmp_path / "passwords.csv"
    with pytest.raises(HomeroomError), password_sheet.opened(path):
        raise HomeroomError("the hub is down", remedy="")
    assert not path.exists()
    with password_sheet.opened(path) as sheet:
        password_sheet.fill(sheet, {})
    assert not path.exists()
