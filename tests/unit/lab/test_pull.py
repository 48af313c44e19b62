"""What is in the way of a repository's new files."""

from __future__ import annotations

from pathlib import Path

from homeroom_lab.pull import changed, in_the_way


def test_names_are_read_as_they_are() -> None:
    """Whatever a name holds, it is the file's own; each letter has its files."""
    told = 'A\0Übung.md\0D\0A\0M\0tab\there.md\0A\0say "yes".md\0'.encode()
    assert changed(told, "A") == ["Übung.md", 'say "yes".md']
    assert changed(told, "D") == ["A"]
    assert changed(b"", "A") == []


def test_what_is_in_the_way(tmp_path: Path) -> None:
    """A file of the same name, a link that leads nowhere, and a file or link where the repository has a folder; not the
    folders that new files go into, nor a file that the repository itself has replaced by a folder."""
    for folder in ("lessons", "elsewhere"):
        (tmp_path / folder).mkdir()
    for file in ("Übung.md", "week", "swap"):
        (tmp_path / file).touch()
    (tmp_path / "nowhere").symlink_to("gone")
    (tmp_path / "linked").symlink_to("elsewhere")
    added = ["Übung.md", "lessons/new.md", "week/a/b.md", "week/c.md", "nowhere", "linked/x", "swap/y", "new"]
    found = [path.name for path in in_the_way(tmp_path, added, committed={"swap"})]
    assert found == ["linked", "nowhere", "week", "Übung.md"]
