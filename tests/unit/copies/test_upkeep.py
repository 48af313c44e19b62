"""Old copies are forgotten, all data is read once a week, and nothing is forgotten while something looks wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.process import Completed
from generator.topics.copies import suspicion, upkeep, upkeep_record
from generator.topics.copies.last import Last
from generator.topics.copies.suspicion import Changes
from generator.topics.copies.target import Target
from generator.topics.copies.upkeep import Made
from generator.topics.copies.upkeep_record import Upkeep
from tests.sample_settings import settings

NOW = datetime(2026, 11, 26, 2, 30, tzinfo=UTC)
BEFORE = Last(address="/srv/copies", made_at=(NOW - timedelta(days=1)).isoformat(), files=1000)
RULES = "all:2d,daily:14d"
MADE = Made(project="biology", moment=NOW, before=BEFORE, changes=Changes(before=1000, touched=20))
WELL = '{"message_type":"summary","num_errors":0,"broken_packs":null}\n'
REFUSED = "Remove(<snapshot/1>) failed: 403\nunable to remove snapshot/1 from the repository\n"


class Restic:
    """Copies as restic tells of them; notes what it is asked."""

    def __init__(self, *copies: datetime, answers: dict[str, tuple[int, str, str]] | None = None) -> None:
        self.copies, self.answers, self.asked = copies, answers or {}, list[str]()
        self.target = Target(address="/srv/copies")

    def restic(self, *words: str, on_line: Callable[[str], None] | None = None) -> Completed:
        """Answer."""
        self.asked.append(" ".join(words))
        listed = [{"id": "1", "time": (NOW - timedelta(hours=1)).isoformat(), "tags": ["homeroom-first-pass"]}]
        listed += [{"id": "2", "time": each.isoformat(), "tags": ["homeroom"]} for each in self.copies]
        usual = {"snapshots": json.dumps(listed), "forget": '[{"remove": [{}, {}]}]', "check": WELL}
        code, out, err = self.answers.get(words[0], (0, usual.get(words[0], ""), ""))
        return Completed(words, code, out, err)

    def verbs(self) -> list[str]:
        """Which of restic's commands were asked for."""
        return [each.split()[0] for each in self.asked]


def care(restic: Restic, folder: Path, made: Made = MADE, rules: str = RULES) -> Upkeep:
    """One run's care."""
    here: Any = restic
    return upkeep.care(here, rules, made, folder)


def later(days: float, made: Made = MADE) -> Made:
    """A copy of another day."""
    moment = made.moment + timedelta(days=days)
    return replace(made, moment=moment, before=replace(BEFORE, made_at=(moment - timedelta(days=1)).isoformat()))


def test_old_copies_are_forgotten_by_spans_of_time(tmp_path: Path) -> None:
    """Never by their number, which somebody could fill up; of this deployment and its whole copies alone. What the
    first passes left goes too."""
    restic = Restic(NOW)
    known = care(restic, tmp_path)
    assert "forget --quiet 1" in restic.asked
    assert (
        "forget --json --tag=homeroom --host=biology --group-by=host --keep-within=2d --keep-within-daily=14d"
        in restic.asked
    )
    assert not any("keep-last" in each for each in restic.asked)
    assert known == upkeep_record.read("/srv/copies", tmp_path)
    assert upkeep_record.read("/srv/other", tmp_path) == Upkeep(address="/srv/other")
    assert settings().BACKUP_KEEP.startswith("all:2d,")


def test_nothing_is_forgotten_where_none_is_set(tmp_path: Path) -> None:
    """BACKUP_KEEP= keeps all."""
    restic = Restic(NOW)
    care(restic, tmp_path, rules="")
    assert [each for each in restic.asked if each.startswith("forget")] == ["forget --quiet 1"]
    assert upkeep.rules_of("") == []


@pytest.mark.parametrize(
    ("made", "copies", "words"),
    [
        (replace(MADE, changes=Changes(before=1000, touched=600)), [NOW], "600 of 1000 files were changed or are gone"),
        (replace(MADE, before=replace(BEFORE, made_at="2026-01-01T00:00:00+00:00")), [NOW], "329 days older"),
        (MADE, [NOW, NOW + timedelta(days=400)], "a copy is dated in the future (2027-12-31"),
    ],
    ids=["jump", "gap", "future"],
)
def test_nothing_is_forgotten_while_something_looks_wrong(
    tmp_path: Path, made: Made, copies: list[datetime], words: str
) -> None:
    """Nor by the runs after it, until the operator says that it is as it should be."""
    restic = Restic(*copies)
    assert words in care(restic, tmp_path, made).held
    assert words in care(restic, tmp_path, later(1)).held
    assert not any(each.startswith("forget --json") for each in restic.asked)
    assert "prune" not in restic.verbs()
    known = care(restic, tmp_path, replace(later(2), confirmed=True))
    assert known.held == ""
    assert any(each.startswith("forget --json") for each in restic.asked)


@pytest.mark.parametrize(
    ("before", "touched", "usual", "is_jump"),
    [
        (50_000, 20_000, [100] * 5, True),
        (50_000, 20_000, [3_000] * 5, False),
        (50_000, 5_000, [100] * 5, False),
        (100, 100, [1], False),
        (1_000, 500, [], True),
        (1_000, 500, [1, 1, 900, 1, 1], True),
    ],
    ids=["ransom", "busy-house", "small-share", "few-files", "second-copy", "one-odd-day"],
)
def test_a_jump_is_many_times_the_usual(before: int, touched: int, usual: list[int], is_jump: bool) -> None:
    """And a good share of all files, and more than a few."""
    assert bool(suspicion.jump(Changes(before=before, touched=touched), usual)) == is_jump


def test_files_that_are_gone_count_and_new_ones_do_not() -> None:
    """Half a deletion, and a ransom that writes each file under another name, are jumps; a new environment is none."""
    before = Last(files=1000)
    assert suspicion.changes(before, new=0, changed=0, now=500).touched == 500
    assert suspicion.changes(before, new=1000, changed=0, now=1000).touched == 1000
    assert suspicion.changes(before, new=9000, changed=10, now=10_000).touched == 10


def test_all_data_is_read_once_a_week(tmp_path: Path) -> None:
    """Another seventh a day, once a day however often copies are made; a day that was left out is made up for."""
    restic = Restic(NOW)
    for day in (0, 0.5, 1, 2, 4, 5, 6, 7, 8):
        known = care(restic, tmp_path, later(day))
    read = [each.rpartition("=")[2] for each in restic.asked if each.startswith("check")]
    assert read == [f"{number}/7" for number in (1, 2, 3, 4, 5, 6, 7, 1)]
    assert len(known.read_at) == 7


def test_a_clock_that_was_set_back_keeps_nothing_from_being_done(tmp_path: Path) -> None:
    """What a clock that was far ahead has noted counts no more: each part is read again, and room is made."""
    ahead = Restic(NOW)
    for day in (700, 708):
        care(ahead, tmp_path, later(day))
    assert ahead.verbs().count("prune") == 2
    back = Restic(NOW)
    for day in range(7):
        known = care(back, tmp_path, later(day))
    assert sorted(each.rpartition("=")[2] for each in back.asked if each.startswith("check")) == [
        f"{number}/7" for number in range(1, 8)
    ]
    assert back.verbs().count("prune") == 1
    assert max(known.read_at.values()) <= later(7).moment.isoformat()


def test_damage_is_told_until_that_part_is_read_well(tmp_path: Path) -> None:
    """Another part's being well does not hide it."""
    bad = '{"message_type":"summary","num_errors":1,"broken_packs":["59aea"]}\n'
    broken = Restic(NOW, answers={"check": (1, bad, "")})
    assert care(broken, tmp_path).damaged == {"1": "1 file of data"}
    well = Restic(NOW)
    for day in range(1, 7):
        assert care(well, tmp_path, later(day)).damaged == {"1": "1 file of data"}
    assert care(well, tmp_path, later(7)).damaged == {}


def test_room_is_made_at_most_once_a_week(tmp_path: Path) -> None:
    """And only where something was forgotten."""
    restic = Restic(NOW)
    for day in range(9):
        care(restic, tmp_path, later(day))
    assert restic.verbs().count("prune") == 2
    idle = Restic(NOW, answers={"forget": (0, "[]", ""), "snapshots": (0, "[]", "")})
    care(idle, tmp_path, later(30))
    assert idle.verbs().count("prune") == 1, "of what was forgotten before"
    care(idle, tmp_path, later(60))
    assert idle.verbs().count("prune") == 1


def test_a_place_that_only_lets_add_is_no_fault(tmp_path: Path) -> None:
    """It is noted, nothing is pruned, and each run tries one old pass alone; once it lets us, all goes on."""
    closed = Restic(NOW, answers={"forget": (0, "[]", REFUSED)})
    known = care(closed, tmp_path)
    assert (known.only_adds, known.fault) == (True, "")
    assert closed.verbs() == ["snapshots", "forget", "check"]
    assert not care(Restic(NOW), tmp_path, later(1)).only_adds


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"snapshots": (11, "", "")}, "locked by another machine"),
        ({"forget": (1, "", "dial tcp: connection refused")}, "cannot be reached"),
        ({"check": (1, "", "dial tcp: connection refused")}, "cannot be reached"),
    ],
)
def test_what_fails_is_noted_and_tried_again(
    tmp_path: Path, answers: dict[str, tuple[int, str, str]], words: str
) -> None:
    """The copy that was made is good all the same, and a part that was not read counts as not read."""
    known = care(Restic(NOW, answers=answers), tmp_path)
    assert words in known.fault
    assert known.read_at == {}
    assert care(Restic(NOW), tmp_path, later(0.1)).fault == ""


def test_a_note_that_is_not_ours_is_as_none(tmp_path: Path) -> None:
    """A file of another version, or half of one."""
    for text in ("", "{", '{"what": 1}'):
        (tmp_path / upkeep_record.FILE).write_text(text)
        assert upkeep_record.read("/srv/copies", tmp_path) == Upkeep(address="/srv/copies")


def test_a_lock_of_a_killed_run_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """What restic takes for dead is cleared once, by two processes, and the command tried again; by readers never."""
    from generator.topics.copies.copier import Copier

    asked: list[str] = []

    def run(_: Copier, *words: str, **__: object) -> Completed:
        asked.append(words[-1])
        return Completed(words, 11 if asked.count("prune") == 1 and words[-1] == "prune" else 0, "", "")

    monkeypatch.setattr(Copier, "run", run)
    nothing: Any = SimpleNamespace()
    here = Copier(client=nothing, container=nothing, target=Target(address="/srv/copies"))
    assert here.restic("prune").returncode == 0
    assert asked == ["prune", "--quiet", "--quiet", "prune"]
    asked.clear()
    assert replace(here, reads_only=True).restic("prune").returncode == 11
