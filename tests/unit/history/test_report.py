"""Who used how much, from the history's file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from homeroom.history.pseudonyms import Pseudonyms
from homeroom.history.report import asked
from homeroom.history.store import HistoryStore

from tests.hub_deployment import ROOT
from tests.unit.history.samples import DAY, DISK, FAILED, NOW, READY, sample, use


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history of two people: an hour each, ada's with a GPU and in two groups, bela's a month earlier too."""
    store = HistoryStore(tmp_path / "history.sqlite", 90)
    store.add(sample(use("bela", groups=(), lab_seconds=3600.0, cpu_seconds=1800.0), at=NOW - 40 * DAY), DISK)
    ada = use("ada", groups=("biology", "physics"), lab_seconds=3600.0, cpu_seconds=7200.0, gpus=2)
    store.add(sample(ada, use("bela", groups=("biology",), lab_seconds=3600.0, cpu_seconds=0.0)), DISK)
    store.add(sample(at=NOW + 60, outcomes=(READY, FAILED)), DISK)
    store.close()
    return tmp_path / "history.sqlite"


def rows(path: Path, by: str, **values: Any) -> Any:
    """What is answered."""
    return asked(path, **{"by": by, "days": 30, "named": True, "now": NOW + 90, **values})["rows"]


def test_by_group(path: Path) -> None:
    """Who is in several is in each; homes are of those who used something there."""
    found = rows(path, "group", homes={"ada": 2**30, "bela": 2**31, "chen": 2**40})
    assert found == [["biology", 2, 2.0, 2.0, 2.0, 2.0, 3.0], ["physics", 1, 1.0, 2.0, 2.0, 1.0, 1.0]]
    assert rows(path, "group", days=60)[2][:3] == ["physics", 1, 1.0]
    assert ["", 1, 1.0, 0.5, 0.0, 1.0, 0.0] in rows(path, "group", days=60)


def test_by_person_with_homes_of_who_used_nothing(path: Path) -> None:
    """A home takes the disk whether its owner works or not."""
    found = rows(path, "person", homes={"chen": 2**30})
    assert found == [
        ["ada", 1, 1.0, 2.0, 2.0, 1.0, 0.0],
        ["bela", 1, 1.0, 0.0, 0.0, 1.0, 0.0],
        ["chen", 1, 0.0, 0.0, 0.0, 0.0, 1.0],
    ]


def test_by_image_and_profile(path: Path) -> None:
    """All labs of one image are one row."""
    assert rows(path, "image") == [["lab", 2, 2.0, 2.0, 2.0, 2.0, 0.0]]
    assert rows(path, "profile", days=60)[0][:3] == ["standard", 2, 3.0]


def test_by_room(path: Path) -> None:
    """How often each was opened, and how long it ran and was used; rooms alone."""
    store = HistoryStore(path, 90)
    study = {"room": "study", "lab_seconds": 1800.0, "is_used": True}
    for values in ({**study, "is_opened": True}, study, {**study, "is_used": False}):
        store.add(sample(use("", groups=(), **values), use("ada")), DISK)
    store.add(sample(use("", room="old", lab_seconds=3600.0, is_opened=True), at=NOW - 40 * DAY), DISK)
    store.close()
    assert asked(path, by="room", days=30, named=False, now=NOW) == {
        "columns": ("room", "times_opened", "lab_hours", "used_hours"),
        "rows": [["study", 1, 1.5, 1.0]],
    }
    assert rows(path, "room", days=60)[1] == ["old", 1, 1.0, 0.0]


def test_people_have_pseudonyms_unless_names_are_asked_for(path: Path) -> None:
    """The same person has one row and one pseudonym; the next export has others."""
    first, second = (rows(path, "person", named=False, days=60) for _ in range(2))
    assert [row[1:] for row in first] == [row[1:] for row in rows(path, "person", days=60)]
    assert not {"ada", "bela"} & {row[0] for row in first}
    assert not {row[0] for row in first} & {row[0] for row in second}


def test_use_whose_name_is_gone_stays_without_one(path: Path) -> None:
    """Under nobody's name or pseudonym, and as much as before."""
    store = HistoryStore(path, 5)
    store.forget(NOW + 30)
    store.close()
    assert ["", 0, 1.0, 0.5, 0.0, 1.0, 0.0] in rows(path, "person", named=False, days=60)


def test_how_it_went(path: Path) -> None:
    """Hours in their order, with means, mosts and what happened."""
    answer = asked(path, by="hour", days=1, named=False, now=NOW + 90)
    (hour,) = [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
    assert (hour["labs"], hour["labs_most"], hour["starts"], hour["failed_starts"]) == (1, 2, 1, 1)
    assert hour["longest_wait_seconds"] == 20
    assert len(rows(path, "minute", days=1)) == 2
    assert len(rows(path, "day", days=60)) == 2


def test_a_pseudonym_is_the_same_in_one_export_and_cannot_be_guessed() -> None:
    """It depends on a key that is made for the export; no two people have the same."""
    one, other = Pseudonyms(), Pseudonyms()
    people = [f"person{n}" for n in range(2000)]
    given = [one.of(name) for name in people]
    assert given == [one.of(name) for name in people]
    assert len(set(given)) == len(people)
    assert not set(given) & {other.of(name) for name in people}


def test_two_names_with_the_same_beginning_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the short form is taken, a longer one is given."""
    monkeypatch.setattr("homeroom.history.pseudonyms.DIGITS", 1)
    one = Pseudonyms()
    assert len({one.of(f"person{n}") for n in range(100)}) == 100


def module(path: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run it as the host does."""
    command = [sys.executable, "-m", "homeroom.history.report", "--", *words, str(path)]
    environment = {"PYTHONPATH": str(ROOT / "jupyterhub")}
    return subprocess.run(command, input=f"{given}\n", capture_output=True, text=True, env=environment, check=False)


def test_it_answers_in_one_line(path: Path) -> None:
    """As the host asks, with sizes of homes on its standard input; without a history it says why."""
    done = module(path, "person", "3660", "names", given='{"ada": 1073741824}')
    assert done.returncode == 0, done.stderr
    (ada,) = [row for row in json.loads(done.stdout)["rows"] if row[0] == "ada"]
    assert ada[6] == 1.0
    done = module(path.with_name("none"), "group", "30", "pseudonyms")
    assert (done.returncode, done.stderr.startswith("the history cannot be read: ")) == (1, True)
    assert not path.with_name("none").exists()
