"""Handouts into a home: never over a file, once, whole, and whatever lies in the way."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from homeroom_lab.handouts import deliver
from homeroom_lab.handouts.deliver import Result


class Desk:
    """What a lab sees, and a home."""

    def __init__(self, directory: Path) -> None:
        self.places, self.home = directory / "places", directory / "home"
        self.home.mkdir()
        self.number = 0

    def hand_out(self, files: Mapping[str, str], *, name: str = "week1", to: str = "algo/week1") -> None:
        """Publish a handout in place of the one before."""
        self.number += 1
        folder = self.places / "g" / f"{name}@{self.number}"
        for file, text in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        row = {"name": name, "to": to, "revision": f"{self.number:032x}", "folder": folder.name}
        (self.places / "g/index.json").write_text(json.dumps({"handouts": [row]}))

    def deliver(self) -> Result:
        """Bring it into the home."""
        (found,) = deliver.deliver(deliver.known(self.places), self.home)
        return found

    def files(self) -> dict[str, str]:
        """What is visible in the home."""
        found = {str(path.relative_to(self.home)): path for path in self.home.rglob("*") if path.is_file()}
        return {name: path.read_text() for name, path in found.items() if not name.startswith(".local/")}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One handout of two files."""
    made = Desk(tmp_path)
    made.hand_out({"sheet.ipynb": "{}", "data/table.csv": "1"})
    return made


def test_a_handout_comes_into_the_home(desk: Desk) -> None:
    """With its folders; once more changes nothing."""
    assert (desk.deliver().state, desk.deliver().copied) == ("delivered", 2)
    assert desk.files() == {"algo/week1/sheet.ipynb": "{}", "algo/week1/data/table.csv": "1"}


def test_never_over_a_file(desk: Desk) -> None:
    """What its owner has by that name stays, as does what they made of an earlier copy; new files come beside it."""
    (desk.home / "algo/week1").mkdir(parents=True)
    (desk.home / "algo/week1/sheet.ipynb").write_text("mine")
    assert (desk.deliver().copied, desk.deliver().kept) == (1, 1)
    (desk.home / "algo/week1/data/table.csv").write_text("my numbers")
    desk.hand_out({"sheet.ipynb": "{2}", "data/table.csv": "2", "hint.txt": "try"})
    assert desk.deliver().copied == 2
    assert desk.files() == {
        "algo/week1/sheet.ipynb": "mine",
        "algo/week1/data/table.csv": "my numbers",
        "algo/week1/hint.txt": "try",
    }


def test_what_was_deleted_does_not_come_back(desk: Desk) -> None:
    """Not with the next look, nor with a new file of the handout, nor a folder of it that was deleted."""
    desk.deliver()
    (desk.home / "algo/week1/data/table.csv").unlink()
    (desk.home / "algo/week1/data").rmdir()
    desk.hand_out({"sheet.ipynb": "{}", "data/table.csv": "1", "hint.txt": "try"})
    desk.deliver()
    assert sorted(desk.files()) == ["algo/week1/hint.txt", "algo/week1/sheet.ipynb"]
    assert not (desk.home / "algo/week1/data").exists()


def test_a_handout_that_moves_comes_to_its_new_folder(desk: Desk) -> None:
    """Where `to` was a slip and is put right, all have it in the right place."""
    desk.deliver()
    desk.hand_out({"sheet.ipynb": "{}"}, to="algorithms/week1")
    desk.deliver()
    assert "algorithms/week1/sheet.ipynb" in desk.files()


def test_a_lost_memory_overwrites_nothing(desk: Desk) -> None:
    """Whatever its owner makes of what is remembered, nothing of theirs is written over, and nothing fails."""
    desk.deliver()
    (desk.home / "algo/week1/sheet.ipynb").write_text("mine")
    memory = desk.home / deliver.MEMORY
    for broken in ("", "[]", '{"week1:algo/week1": 3}', "[" * 100_000):
        memory.write_text(broken)
        assert desk.deliver().state == "delivered"
        assert desk.files()["algo/week1/sheet.ipynb"] == "mine"
    memory.unlink()
    os.mkfifo(memory)
    assert desk.deliver().state == "delivered"


def test_odd_names_are_delivered(desk: Desk) -> None:
    """A name with a line break, or one that is no text, is a name."""
    names = ["two\nlines.txt", b"\xff.bin".decode(errors="surrogateescape"), "-rf", "ünï.txt", "x" * 250]
    desk.hand_out(dict.fromkeys(names, "x"))
    assert desk.deliver().copied == len(names)
    assert desk.deliver().state == "delivered"
    assert sorted(path.name for path in (desk.home / "algo/week1").iterdir()) == sorted(names)


def test_links_and_empty_folders_come_along(desk: Desk) -> None:
    """As links and folders, which is not what they lead to."""
    desk.hand_out({"sheet.ipynb": "{}"})
    folder = desk.places / "g/week1@2"
    (folder / "again").symlink_to("sheet.ipynb")
    (folder / "empty").mkdir()
    desk.deliver()
    assert str((desk.home / "algo/week1/again").readlink()) == "sheet.ipynb"
    assert (desk.home / "algo/week1/empty").is_dir()


def test_a_file_in_the_place_of_a_folder_is_told(desk: Desk) -> None:
    """Nothing of the owner's is moved: it is said, and other handouts are delivered."""
    (desk.home / "algo").write_text("mine")
    found = desk.deliver()
    assert (found.state, found.copied) == ("failed", 0)
    assert found.why == "week1: Not a directory"
    assert desk.files() == {"algo": "mine"}


def test_a_full_home_is_told_and_made_good_later(desk: Desk, tmp_path: Path) -> None:
    """No half of a file is left, nothing is taken for delivered that is not, and once there is room it comes."""
    desk.hand_out({"a.txt": "small", "b.bin": "x" * 200_000, "c.txt": "small"})
    command = [sys.executable, "-I", deliver.__file__, str(desk.places), str(desk.home)]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # noqa: E731
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=True)
    (found,) = json.loads(done.stdout)
    assert (found["state"], found["copied"]) == ("full", 1)
    assert desk.files() == {"algo/week1/a.txt": "small"}
    assert [path.name for path in (desk.home / "algo/week1").iterdir()] == ["a.txt"]
    assert desk.deliver().copied == 3
    assert len(desk.files()) == 3


def test_without_hard_links_files_come_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems of homes have none."""

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    (desk.home / "algo/week1").mkdir(parents=True)
    (desk.home / "algo/week1/sheet.ipynb").write_text("mine")
    assert desk.deliver().state == "delivered"
    assert desk.files() == {"algo/week1/sheet.ipynb": "mine", "algo/week1/data/table.csv": "1"}


def test_a_fresh_copy_stands_beside_what_is_there(desk: Desk) -> None:
    """Each in a folder of its own; what was edited or deleted stays so."""
    desk.deliver()
    (desk.home / "algo/week1/sheet.ipynb").write_text("mine")
    (handout,) = deliver.known(desk.places)
    names = [deliver.fresh(handout, desk.home) for _ in range(2)]
    assert names[0].startswith("algo/week1-fresh-20")
    assert names[1] == f"{names[0]}-2"
    files = desk.files()
    assert files["algo/week1/sheet.ipynb"] == "mine"
    assert files[f"{names[1]}/sheet.ipynb"] == "{}"
    assert files[f"{names[1]}/data/table.csv"] == "1"
    desk.deliver()
    assert desk.files() == files


def test_an_index_that_cannot_be_read_is_passed_over(desk: Desk) -> None:
    """A lab goes on, and takes what it can read."""
    for text in ("", "[]", '{"handouts": [{}]}', '{"handouts": 3}'):
        (desk.places / "h").mkdir(exist_ok=True)
        (desk.places / "h/index.json").write_text(text)
        assert desk.deliver().copied == 2
