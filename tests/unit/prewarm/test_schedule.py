"""site/schedule.yaml: slips are told with line and column, and classes that do not fit are told before they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.core.machine import Machine
from generator.site.starters import starters
from generator.topics.labs import labs
from generator.topics.labs.labs import LabsConfig
from generator.topics.prewarm import schedule, site
from tests.sample_settings import settings

GROUPS = """\
groups:
  biology: {members: [ada, bela, chen]}
  physics: {members: [chen, dora], memory: 3G}
  music: {}
"""
PROFILES = """\
profiles:
  - {name: small, memory: 1G}
  - {name: vast, memory: 2G, gpus: 1}
"""
GOOD = "lessons:\n  - name: statistics\n    groups: [biology]\n    days: [mon, thu]\n    at: '10:00'\n"


def known(site: Path, **values: str) -> LabsConfig:
    """The labs of a site of three groups, on a machine of 16 GiB."""
    site.mkdir(exist_ok=True)
    (site / "groups.yaml").write_text(GROUPS)
    (site / "profiles.yaml").write_text(PROFILES)
    return labs.load(settings(**values), site, Machine(memory_bytes=16 * 2**30, cpus=4))


def loaded(directory: Path, text: str) -> list[site.Lesson]:
    """The lessons of a text."""
    site = directory / "site"
    there = known(site)
    (site / "schedule.yaml").write_text(text)
    return schedule.load(site, there)


def test_without_a_file_there_are_no_lessons(tmp_path: Path) -> None:
    """Nobody needs a schedule, and the starter is one of comments only."""
    there = known(tmp_path / "site")
    assert schedule.load(tmp_path / "site", there) == []
    assert loaded(tmp_path, starters()["schedule.yaml"]) == []


def test_the_starter_is_right_once_its_marks_are_taken_away(tmp_path: Path) -> None:
    """What the operator begins with loads as it stands, but for a group of their own."""
    text = starters()["schedule.yaml"].replace("\n#", "\n").replace("[staff]", "[biology]")
    (lesson,) = loaded(tmp_path, text)
    assert (lesson.at, lesson.lead_minutes, lesson.keep_minutes) == (600, 15, 20)


@pytest.mark.parametrize("written", ["10:00", "'10:00'", '"10:00"'])
def test_a_time_is_read_with_and_without_quotes(tmp_path: Path, written: str) -> None:
    """YAML takes 10:00 for a number; it is ten o'clock all the same, and what the hub is told says so."""
    (lesson,) = loaded(tmp_path, GOOD.replace("'10:00'", written))
    assert schedule.as_data(lesson)["at"] == "10:00"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("    at: 10\n", "line 5 column 5: lessons.at is not a time of day such as 09:30"),
        ("    at: '24:00'\n", "lessons.at is not a time of day"),
        ("    at: 25:00\n", "lessons.at is not a time of day"),
        ("    at: 10:00\n    days: [mon]\n", "line 6 column 5: days is there twice"),
        ("    at: 10:00\n    lead: 5\n", "line 6 column 5: there is no field lead\n  Did you mean lead_minutes?"),
        ("    at: 10:00\n    lead_minutes: 0\n", "lead_minutes must be at least 1"),
        ("    at: 10:00\n    profile: smal\n", "line 6 column 5: there is no profile smal\n  Did you mean small?"),
        ("    at: 10:00\n    profile: vast\n", "line 6 column 5: labs of vast hold a GPU"),
        ("    at: 10:00\n    first_day: 2026-13-01\n", "line 6 column 16: month must be in 1..12"),
        (
            "    at: 10:00\n    first_day: 5.10.2026\n",
            "line 6 column 5: lessons.first_day is not a date such as 2026-10-05",
        ),
        ("    at: 10:00\n    first_day: 2026-12-01\n    last_day: 2026-11-01\n", "line 7 column 5: the last day is"),
        (
            "    at: 10:00\n    first_day: 2026-11-24\n    last_day: 2026-11-25\n",
            "line 4 column 5: none of mon, thu lies",
        ),
        ("    at: 10:00\n  - name: statistics\n    groups: [music]\n    days: [tue]\n    at: 9:00\n", "is there twice"),
    ],
)
def test_slips_are_told_with_their_location(tmp_path: Path, line: str, words: str) -> None:
    """Whatever is wrong: file, line, column, and the nearest name where there is one."""
    with pytest.raises(HomeroomError) as caught:
        loaded(tmp_path, GOOD.replace("    at: '10:00'\n", line))
    assert "site/schedule.yaml" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("[biolgy]", "line 3 column 14: there is no group biolgy\n  Did you mean biology?"),
        ("[biology, xyz]", "line 3 column 23: there is no group xyz\n  Known: biology, music, physics."),
        ("[]", "lessons.groups must not be empty"),
    ],
)
def test_a_wrong_group_is_told_with_the_nearest(tmp_path: Path, given: str, words: str) -> None:
    """A group must be in groups.yaml, where it is told how a group of the hub's own gets there."""
    with pytest.raises(HomeroomError) as caught:
        loaded(tmp_path, GOOD.replace("[biology]", given))
    assert words in str(caught.value)


def test_a_wrong_day_names_the_days(tmp_path: Path) -> None:
    """`monday` is told what it is called."""
    with pytest.raises(HomeroomError, match="must be 'mon', 'tue'"):
        loaded(tmp_path, GOOD.replace("mon", "monday"))


OTHER = "  - name: mechanics\n    groups: [physics]\n    days: [DAY]\n    at: 'AT'\n"


@pytest.mark.parametrize(
    ("day", "at", "memory", "told"),
    [
        ("mon", "10:30", "8G", []),
        ("mon", "10:30", "7G", ["mechanics, statistics"]),
        ("mon", "10:36", "7G", []),
        ("tue", "10:30", "7G", []),
        ("tue", "10:30", "5G", ["mechanics"]),
        ("tue", "10:30", "4G", ["statistics", "mechanics"]),
    ],
    ids=["fits", "together too many", "apart by the clock", "apart by the day", "one too large", "each too large"],
)
def test_classes_that_do_not_fit_are_told(tmp_path: Path, day: str, at: str, memory: str, told: list[str]) -> None:
    """Labs of lessons at the same time are counted together, each person once and with their groups' limits: biology
    needs 1 + 1 + 3 GiB, physics 3 + 3, both together 8."""
    site = tmp_path / "site"
    there = known(site, TOTAL_LAB_MEMORY=memory)
    (site / "schedule.yaml").write_text(GOOD + OTHER.replace("DAY", day).replace("AT", at))
    found = list(schedule.findings(schedule.load(site, there), there))
    assert [each.location for each in found] == [f"site/schedule.yaml: {names}" for names in told]
    assert all(each.level == "warn" and "of memory" in each.cause for each in found)


@pytest.mark.parametrize(
    ("late", "early", "meet"),
    [(["mon"], ["tue"], True), (["sun"], ["mon"], True), (["mon"], ["mon"], False), (["tue"], ["mon"], False)],
    ids=["past midnight", "past the week's end", "midnight before", "days apart"],
)
def test_lessons_meet_past_midnight(late: list[str], early: list[str], meet: bool) -> None:
    """Labs that wait from 23:50 for 20 minutes run at the same time as those that start at 00:05 of the next day."""
    before, after = (
        site.Lesson.model_validate({"name": name, "groups": ["any"], "days": days, "at": at, "lead_minutes": 10})
        for name, days, at in (("late", late, "23:50"), ("early", early, "00:15"))
    )
    assert before.meets(after) is meet
    assert after.meets(before) is meet
