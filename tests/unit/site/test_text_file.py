"""generator/core/text_file.py: what operators' editors make of a file, and the way back."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.core import text_file
from generator.core.errors import HomeroomError
from generator.lifecycle import render
from generator.site.reader import SiteFile
from generator.topics.environments import kernels, site_images

TEXT = "# Übung für 3 Gruppen\r\nname: value\r\n"
ENCODINGS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252", "latin-1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_proposed_command_makes_it_readable(tmp_path: Path, encoding: str) -> None:
    """Whatever the encoding: what is proposed gives the same text in UTF-8, in a file as private as
    it was."""
    path = tmp_path / "a b.txt"
    path.write_bytes(TEXT.encode(encoding))
    path.chmod(0o600)
    with pytest.raises(HomeroomError) as caught:
        text_file.read(path, path.name)
    command = re.search("`(.*)`", caught.value.remedy)
    assert command
    subprocess.run(["sh", "-c", command[1]], cwd=tmp_path, check=True)
    assert text_file.read(path, path.name) == TEXT
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("encoding", "told"), [("utf-16", "is UTF-16,"), ("utf-32", "is UTF-32,"), ("cp1252", "0xdc")])
def test_each_file_of_the_operators_is_told_alike(tmp_path: Path, encoding: str, told: str) -> None:
    """YAML, kernels, hub.d and Dockerfiles: the file by its name, what it is, and the command."""
    data = TEXT.encode(encoding)
    names = ("profiles.yaml", "kernels/bio.txt", "hub.d/a.py", "images/r/Dockerfile")
    site = tmp_path / "site"
    for name in names:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(data)
    readers: tuple[Callable[[], object], ...] = (
        lambda: SiteFile(site / names[0]),
        lambda: kernels.read(site),
        lambda: render._python_text(site / names[2]),
        lambda: site_images.needs_own_lab(site),
    )
    for name, read in zip(names, readers, strict=True):
        with pytest.raises(HomeroomError, match=f"^site/{name}.*{told}") as caught:
            read()
        assert "iconv -f" in caught.value.remedy


def test_a_byte_order_mark_and_windows_ends_of_lines_are_no_fault(tmp_path: Path) -> None:
    """Of UTF-8 with a mark, as Notepad saves it, the text alone is read; YAML takes both ends of lines."""
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: [x, y]\r\n")
    assert SiteFile(tmp_path / "a.yaml").values() == {"a": 1, "b": ["x", "y"]}


def test_a_control_character_in_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    """A stray byte that editors do not show is found by its line."""
    (tmp_path / "a.yaml").write_text("a: 1\nb: \x00\n")
    with pytest.raises(HomeroomError) as caught:
        SiteFile(tmp_path / "a.yaml")
    assert caught.value.location == f"{tmp_path.name}/a.yaml line 2"
    assert r"\x00" in caught.value.cause
