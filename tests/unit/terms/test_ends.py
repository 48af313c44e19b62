"""Courses whose time is over: removed by the clock, never without notice, never by a clock that is doubted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from generator.core.errors import HomeroomError
from generator.engine.watched import Watched
from generator.timers import steady
from generator.topics.terms import ends, kept, named, removal, timers, watch
from generator.topics.terms.ends import Ending, Noticed
from generator.topics.terms.named import Named
from tests.sample_settings import settings

DAY = 86400
NOW = 1_800_000_000


def test_nothing_goes_without_notice() -> None:
    """A day that is set late, or by a slip in the past, is seen for as long as every other one; one that was moved is
    seen anew."""
    over = [Ending(name="bio", purge=NOW - 100 * DAY)]
    known = ends.look(Noticed(), over, NOW)
    assert ends.due(known, over, NOW) == []
    known = ends.look(known, over, NOW + 13 * DAY)
    assert ends.due(known, over, NOW + 13 * DAY) == []
    assert ends.due(known, over, NOW + 14 * DAY) == over
    moved = [Ending(name="bio", purge=NOW - 99 * DAY)]
    assert ends.due(ends.look(known, moved, NOW + 14 * DAY), moved, NOW + 14 * DAY) == []
    coming = [Ending(name="bio", purge=NOW + 20 * DAY)]
    assert ends.due(ends.look(Noticed(), coming, NOW), coming, NOW + 19 * DAY) == []


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """A look by the clock at a course whose time is over, as it was seen long ago; what it removes."""
    monkeypatch.setattr(removal, "FOLDER", tmp_path)
    over = int(time.time()) - DAY
    read: Any = None
    monkeypatch.setattr(named, "of_file", lambda _: {"bio": Named(read=read, archive=over - DAY, purge=over)})
    monkeypatch.setattr(
        kept, "ask", lambda *_, **__: {"ends": {"made": {"purge": over}, "bio": {"purge": over + 900 * DAY}}}
    )
    ends._write(Noticed(since=dict.fromkeys(("bio", "made"), f"{over} {over - 30 * DAY}")))
    gone: list[str] = []
    desk = {"hand_ins": 1}

    def look(_: Any, name: str) -> kept.Kept:
        return kept.Kept(course=name, desk=desk, home=None, sends=0, sittings=0, made=None)

    def remove(_: Any, found: kept.Kept, why: str, *, without_copy: bool) -> None:
        assert not without_copy
        gone.append(found.course)
        if found.course == "bio":
            raise HomeroomError("the grader lab of bio is running", remedy="Stop it.")

    monkeypatch.setattr(kept, "look", look)
    monkeypatch.setattr(removal, "remove", remove)
    containers = SimpleNamespace(list=lambda **_: [])
    client = SimpleNamespace(containers=containers)
    deployment: Any = SimpleNamespace(settings=settings(RETENTION_DAYS="30"), client=client, project="homeroom")

    def by_the_clock(doubt: str) -> list[str]:
        monkeypatch.setattr(steady, "why_wait", lambda _: doubt)
        ends.by_the_clock(deployment)
        return gone

    return by_the_clock


def test_what_is_over_is_removed(run: Callable[[str], list[str]]) -> None:
    """Each of them, also where another one cannot be removed, which is told."""
    with pytest.raises(HomeroomError, match="grader lab of bio is running"):
        run("")
    with pytest.raises(HomeroomError):
        assert run("") == ["bio", "made", "bio", "made"]


def test_a_clock_that_is_doubted_removes_nothing(
    run: Callable[[str], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, and how to say that the clock is right."""
    assert run("the clock was set forward by 400 days") == []
    assert "TODAY=" in capsys.readouterr().err


def test_operators_are_warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two weeks before by watchdog and doctor, two months before in the letter; what stays though its time is over is
    told, too."""
    monkeypatch.setattr(removal, "FOLDER", tmp_path)
    read: Any = None

    def told(days: int) -> tuple[list[str], list[str]]:
        purge = int(watched.now.timestamp()) + days * DAY
        monkeypatch.setattr(named, "of_file", lambda _: {"bio": Named(read=read, archive=None, purge=purge)})
        return [each.cause for each in watch.faults(watched)], list(watch.letter(watched))

    watched = Watched(settings=settings(PURGE_AT="04:30"), now=datetime.fromtimestamp(NOW, UTC))
    assert told(90) == ([], [])
    (line,) = told(30)[1]
    assert line.startswith("Course bio: all of it is removed on 2027-02-")
    assert "all of bio is removed" in told(10)[0][0]
    assert told(-1)[0] == []
    ends._write(Noticed(since={"bio": f"{NOW - 30 * DAY} {NOW - 60 * DAY}"}))
    assert "was over" in told(-30)[0][0]
    watched = Watched(settings=settings(), now=watched.now)
    assert "PURGE_AT is not set" in told(-1)[0][0], "nothing removes it by itself"


def test_it_is_looked_once_a_day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there are courses, or an archive is kept."""
    monkeypatch.setattr(removal, "FOLDER", tmp_path)
    monkeypatch.setattr(timers, "has_courses", lambda _: False)
    known = settings(PURGE_AT="04:30")
    assert list(timers.timers(known)) == []
    (tmp_path / "bio.tar.gz").touch()
    (timer,) = timers.timers(known)
    assert timer.verb == ("course-ends", "--clock=1")


def test_days_are_those_of_the_deployments_clocks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever this machine's own are: a day that the file says is shown as it stands there."""
    zone = ZoneInfo("Pacific/Kiritimati")
    archive, purge = (int(datetime(2027, month, 1, tzinfo=zone).timestamp()) for month in (4, 5))
    read: Any = None
    monkeypatch.setattr(named, "of_file", lambda _: {"bio": Named(read=read, archive=archive, purge=purge)})
    monkeypatch.setattr(kept, "ask", lambda *_, **__: {"ends": {}})
    deployment: Any = SimpleNamespace(settings=settings(TIMEZONE=zone.key))
    ends.show(deployment)
    assert capsys.readouterr().out.split()[-3:] == ["bio", "2027-04-01", "2027-05-01"]


def test_courses_of_pages_are_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With those of the file, which says it of its own; where the hub does not answer, those of the file are shown, and
    that they are not all."""
    read: Any = None
    monkeypatch.setattr(named, "of_file", lambda _: {"bio": Named(read=read, archive=NOW, purge=None)})
    on_pages = {"bio": {"archive": NOW + 9 * DAY}, "made": {"archive": NOW + DAY}, "open": {}}
    monkeypatch.setattr(kept, "ask", lambda *_, **__: {"ends": on_pages})
    deployment: Any = SimpleNamespace(settings=settings(TIMEZONE="UTC"))
    ends.show(deployment)
    assert capsys.readouterr().out.split()[-6:] == ["bio", "2027-01-15", "-", "made", "2027-01-16", "-"]

    def away(*_: Any, **__: Any) -> Any:
        raise HomeroomError("the hub is away", remedy="`make up` brings it up.")

    monkeypatch.setattr(kept, "ask", away)
    ends.show(deployment)
    said = capsys.readouterr()
    assert said.out.split()[-3:] == ["bio", "2027-01-15", "-"]
    assert "made on pages are not shown: the hub is away. `make up` brings it up." in " ".join(said.err.split())


def test_who_names_no_course_reads_which_there_are() -> None:
    """A name that is like one is asked about; otherwise all of them are named."""
    assert named.unknown("botani", ["botany", "zoo"]).remedy == "Did you mean botany?"
    assert named.unknown("history", ["botany", "zoo"]).remedy == "Known: botany, zoo."
