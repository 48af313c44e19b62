"""What runs in the copies' containers."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from homeroom_copies import database, prepare, restic, thaw


def test_a_database_is_copied_while_others_write(tmp_path: Path) -> None:
    """What was committed is in the copy, also where it is in the log beside the file yet; what was not is not."""
    with closing(sqlite3.connect(tmp_path / "live.sqlite", isolation_level=None)) as live:
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("CREATE TABLE people (name TEXT)")
        live.execute("INSERT INTO people VALUES ('ada')")
        live.execute("BEGIN")
        live.execute("INSERT INTO people VALUES ('bela')")
        assert database.copy(tmp_path / "live.sqlite", tmp_path / "made.sqlite") == ""
    assert {path.name for path in tmp_path.iterdir()} >= {"made.sqlite"}
    assert not (tmp_path / "made.sqlite-wal").exists()
    with closing(sqlite3.connect(tmp_path / "made.sqlite")) as made:
        assert made.execute("SELECT name FROM people").fetchall() == [("ada",)]


def test_a_damaged_database_is_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and nothing is left that would pass for a copy."""
    (tmp_path / "live.sqlite").write_bytes(b"no database at all, but long enough for one" * 100)
    monkeypatch.setattr("sys.argv", ["database", str(tmp_path / "live.sqlite"), str(tmp_path / "made.sqlite")])
    assert database.main() == 1
    assert not (tmp_path / "made.sqlite").exists()


def test_a_database_that_is_gone_is_not_made(tmp_path: Path) -> None:
    """A path without a file is a fault, not an empty database."""
    assert database.copy(tmp_path / "live.sqlite", tmp_path / "made.sqlite") != ""
    assert not (tmp_path / "live.sqlite").exists()


def test_people_leave_out_what_they_mark(tmp_path: Path) -> None:
    """A folder with a file `.nobackup` is left out, by its name alone; a mark among all homes is none."""
    for name in ("ada/data[1]*", "ada/kept", "bela"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "ada/data[1]*/.nobackup").touch()
    (tmp_path / ".nobackup").touch()
    (found,) = prepare.marked(tmp_path)
    assert found.name == "data[1]*"
    assert prepare.pattern(Path("/copy/homes/ada/data[1]*/$x")) == r"/copy/homes/ada/data\[1\]\*/$$x"


def test_only_what_counts_of_a_report_is_handed_on() -> None:
    """Summaries, faults and homes that are through pass; single files and progress do not."""
    home = b'{"message_type":"verbose_status","action":"unchanged","item":"/copy/homes/ada/","duration":0}\n'
    inner = b'{"message_type":"verbose_status","action":"new","item":"/copy/homes/ada/x/","duration":0}\n'
    file = b'{"message_type":"verbose_status","action":"new","item":"/copy/homes/ada/x.ipynb","duration":0}\n'
    exam = home.replace(b"homes/ada", b"exams/f00d")
    rest = [b'{"message_type":"summary"}\n', b'{"message_type":"error"}\n']
    assert list(restic.told([b'{"message_type":"status"}\n', file, inner, home, exam, *rest])) == [home, exam, *rest]


def test_secrets_are_lines_of_names_and_values() -> None:
    """Remarks and what is no such line are left out; a value may hold anything, also `=`."""
    text = "# RESTIC_X=no\nRESTIC_PASSWORD=a-b=c\n\nexport X=1\n"
    assert restic.read_secrets(text) == {"RESTIC_PASSWORD": "a-b=c"}


def test_a_lab_that_stood_still_for_too_long_goes_on() -> None:
    """Each lab has its own time, which begins anew once it went on."""
    now = [0.0]
    overdue = thaw.Overdue(30, clock=lambda: now[0])
    assert overdue.among(["a"]) == []
    now[0] = 20
    assert overdue.among(["a", "b"]) == []
    now[0] = 31
    assert overdue.among(["a", "b"]) == ["a"]
    assert overdue.among(["b"]) == []
    now[0] = 51
    assert overdue.among(["a", "b"]) == ["b"]


@pytest.mark.parametrize(
    "why",
    [
        "no space left on device",
        "read-only file system",
        "Permission denied",
        "The AWS Access Key Id you provided does not exist in our records.",
        "The specified bucket does not exist",
    ],
)
def test_what_cannot_help_is_not_tried_again(why: str) -> None:
    """restic is ended once it says that it tries again what a full or closed disk, a wrong key or a missing bucket
    refuses; a network is given time."""
    assert restic.IN_VAIN.search(f"Save(<lock/1>) returned error, retrying after 552ms: write x: {why}".encode())
    assert not restic.IN_VAIN.search(b"Save(<lock/1>) returned error, retrying after 552ms: connection refused")


def test_restic_does_not_wait_on_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended once the disk under the copies was full for two looks, and the reason is told in restic's words."""
    assert not restic.is_full(Path("/no/such/place"))
    monkeypatch.setattr(restic, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(restic, "is_full", lambda place: True)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        restic.watch_room(process)
    assert process.returncode == -signal.SIGKILL
