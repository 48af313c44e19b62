"""What may be handed out, and what is refused, whoever lays it there."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import pytest

from generator.topics.handouts import tree
from generator.topics.handouts.tree import Tree, Unfit, stays_within

MB = 1 << 20


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of a lecturer's."""
    made = tmp_path / "sources/week1"
    (made / "data").mkdir(parents=True)
    (made / "sheet.ipynb").write_text("{}")
    (made / "data/table.csv").write_text("1,2")
    return made


def of(source: Path, max_bytes: int = MB) -> Tree:
    """It, as it would be handed out."""
    return Tree(root=source.parent, inner=source.name, shown="week1", max_bytes=max_bytes)


def refusal(source: Path, max_bytes: int = MB) -> str:
    """Why it cannot be handed out: also where it is copied without a look before."""
    with pytest.raises(Unfit) as looked:
        of(source, max_bytes).revision()
    with pytest.raises(Unfit) as copied:
        of(source, max_bytes).copy(source.parent.parent / token_hex(4))
    assert str(looked.value) == str(copied.value)
    return str(looked.value)


def test_a_folder_is_copied_as_it_is(source: Path, tmp_path: Path) -> None:
    """Files, empty folders, links within and odd names come along, readable for all; what notebooks and git keep for
    themselves does not."""
    for name in ("two\nlines.txt", "naïve.py", b"\xff.bin".decode(errors="surrogateescape"), "-rf", "a'b\"c"):
        (source / name).write_text("x")
    (source / "empty").mkdir()
    (source / "data/up.ipynb").symlink_to("../sheet.ipynb")
    (source / "run.sh").write_text("true")
    (source / "run.sh").chmod(0o700)
    for name in (".ipynb_checkpoints", "data/.ipynb_checkpoints", ".git", "__pycache__"):
        (source / name).mkdir()
        (source / name / "x").write_text("x")
    mask = os.umask(0o077)
    try:
        size = of(source).copy(tmp_path / "copy")
    finally:
        os.umask(mask)
    names = sorted(str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*"))
    odd = ["-rf", "a'b\"c", "naïve.py", "two\nlines.txt", "\udcff.bin"]
    assert names == sorted(["data", "data/table.csv", "data/up.ipynb", "empty", "run.sh", "sheet.ipynb", *odd])
    assert size.files == 8
    assert str((tmp_path / "copy/data/up.ipynb").readlink()) == "../sheet.ipynb"
    modes = {name: (tmp_path / "copy" / name).stat().st_mode & 0o777 for name in ("", "data", "sheet.ipynb", "run.sh")}
    assert modes == {"": 0o755, "data": 0o755, "sheet.ipynb": 0o644, "run.sh": 0o755}


@pytest.mark.parametrize(
    ("name", "target", "stays"),
    [
        ("a", "b", True),
        ("d/a", "../b/c", True),
        ("d/a", "..", True),
        ("a", "/etc/passwd", False),
        ("a", "../b", False),
        ("d/a", "../../b", False),
        ("a", "d/..", False),
        ("a", "d/../../etc", False),
        ("a", "./d/./e", True),
        ("a", "", False),
    ],
)
def test_which_links_stay_within(name: str, target: str, stays: bool) -> None:
    """Up once and down, never up again: through another link that could be anywhere."""
    assert stays_within(name, target) is stays


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "data/../../x", "../week2/solution.ipynb"])
def test_a_link_out_of_it_is_refused(source: Path, target: str) -> None:
    """Who writes into the folder of handouts cannot hand out this machine's files, nor next week's."""
    (source / "nice.txt").symlink_to(target)
    assert "holds a link that leads out of it: nice.txt" in refusal(source)


def test_a_link_in_the_place_of_the_folder_is_refused(source: Path, tmp_path: Path) -> None:
    """Neither the folder nor one that it is in may be a link."""
    (tmp_path / "sources/week2").symlink_to("/etc")
    assert "is no folder, or a link" in refusal(tmp_path / "sources/week2")
    (tmp_path / "sources/all").symlink_to(source.parent)
    inner = Tree(root=source.parent, inner="all/week1", shown="", max_bytes=MB)
    with pytest.raises(Unfit, match="is no folder, or a link"):
        inner.revision()


def test_what_is_no_file_is_refused(source: Path) -> None:
    """A pipe would keep the command waiting for ever."""
    os.mkfifo(source / "pipe")
    assert "neither file, folder nor link: pipe" in refusal(source)
    (source / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
        assert "neither file, folder nor link: socket" in refusal(source)


def test_size_number_and_depth_have_a_bound(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is laid there, no home is flooded, and the command ends."""
    with (source / "large.bin").open("wb") as file:
        file.truncate(MB)
    assert "is larger than HANDOUT_MAX_SIZE" in refusal(source)
    (source / "large.bin").unlink()
    monkeypatch.setattr(tree, "MOST_ENTRIES", 5)
    for number in range(4):
        (source / str(number)).touch()
    assert "has more than 5 files and folders" in refusal(source)
    monkeypatch.setattr(tree, "MOST_ENTRIES", 20_000)
    (source / "/".join("d" * 45)).mkdir(parents=True)
    assert "has folders in folders" in refusal(source)


@pytest.mark.parametrize("swap", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo, lambda _: None])
def test_a_file_that_is_swapped_while_it_is_read_is_not_followed(
    source: Path, tmp_path: Path, swap: Callable[[Path], None]
) -> None:
    """Between look and copy a lecturer could put a link to another file in its place, or a pipe: nothing is read."""
    looked = of(source)._entries()
    entry = next(one for one in looked if one.name == "data/table.csv")
    (source / "data/table.csv").unlink()
    swap(source / "data/table.csv")
    with pytest.raises(Unfit, match="changes while it is read"):
        of(source)._copy_file(entry, tmp_path / "got", MB)
    assert not (tmp_path / "got").exists()


def test_a_change_is_another_revision(source: Path) -> None:
    """A new file, a new text, another mode: each is published anew; a mere look is not."""
    seen = [of(source).revision()]
    assert of(source).revision() == seen[0]
    (source / "new.txt").write_text("x")
    seen.append(of(source).revision())
    (source / "new.txt").write_text("yy")
    seen.append(of(source).revision())
    (source / "new.txt").chmod(0o755)
    seen.append(of(source).revision())
    assert len(set(seen)) == 4
