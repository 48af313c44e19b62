"""`make user-remove` and `make purge-removed`, as the operator sees them; what the hub answers is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docker.errors
import pytest

from generator.core import json_file
from generator.core.errors import HomeroomError
from generator.timers import steady
from generator.timers.steady import Known, Moment
from generator.topics.people import records, removal, status, timers
from generator.topics.storage import home_use, homes
from tests.sample_settings import settings

DAY = 86400


class Volume:
    """A volume of the engine's."""

    def __init__(self, engine: Engine, name: str, labels: dict[str, str]) -> None:
        self.engine, self.name = engine, name
        self.attrs = {"Labels": labels}

    def has(self, label: str) -> bool:
        """Whether it has a label, `name` or `name=value`."""
        name, is_valued, value = label.partition("=")
        labels = self.attrs["Labels"]
        return labels.get(name) == value if is_valued else name in labels

    def remove(self) -> None:
        """Remove it, if no container has it."""
        if self.engine.containers.known:
            raise docker.errors.APIError("volume is in use")
        del self.engine.known[self.name]


class Container:
    """One that a verb has left."""

    def __init__(self, engine: Containers) -> None:
        self.engine = engine

    def remove(self, *, force: bool) -> None:
        """Remove it."""
        assert force
        self.engine.known.remove(self)


class Containers:
    """An engine's containers that use a volume, each of which has ended."""

    def __init__(self) -> None:
        self.known: list[Container] = []
        self.asked: list[dict[str, Any]] = []

    def list(self, *, filters: dict[str, Any], **_: bool) -> list[Container]:
        """All of them."""
        self.asked.append(filters)
        return [*self.known]


class Engine:
    """An engine with volumes."""

    def __init__(self) -> None:
        self.known: dict[str, Volume] = {}
        self.volumes = self
        self.containers = Containers()

    def add(self, name: str, user: str, deployment: str = "homeroom", **labels: str) -> None:
        """Have a volume."""
        self.known[name] = Volume(self, name, {"homeroom.deployment": deployment, "homeroom.user": user, **labels})

    def list(self, filters: dict[str, list[str]]) -> list[Volume]:
        """Those that have all these labels."""
        return [each for each in self.known.values() if all(map(each.has, filters["label"]))]

    def get(self, name: str) -> Volume:
        """One of its volumes."""
        if name not in self.known:
            raise docker.errors.NotFound("no such volume")
        return self.known[name]


class Here:
    """A deployment whose hub gives the answers that it is told."""

    project = "homeroom"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, back: tuple[str, ...] = (), **answers: Any) -> None:
        self.client = Engine()
        self.settings = settings()
        self.asked: list[tuple[str, Any]] = []

        def ask(_: Any, verb: str, **given: Any) -> Any:
            self.asked.append((verb, given))
            if verb == "begin-purge":
                return {"going": [name for name in given["names"] if name not in back]}
            return answers[verb]

        monkeypatch.setattr(removal, "ask", ask)
        monkeypatch.setattr(records, "ask", lambda *_: "0")


ANSWER = {"unknown": [], "admins": [], "shared": [], "before": [], "known": [], "waiting": [], "untold": 0}


def test_wrong_names_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody has with the one that may be meant; an administrator; somebody whose lab goes on."""
    for answer, words in (
        ({"unknown": ["adda"], "known": ["ada", "bela"]}, "Did you mean ada"),
        ({"admins": ["head"]}, "nobody was removed"),
        ({"shared": ["grader-botany"]}, "no person, but a lab that several enter"),
        ({"waiting": ["ada"]}, "Run this again"),
    ):
        here: Any = Here(monkeypatch, remove={**ANSWER, **answer})
        with pytest.raises(HomeroomError) as caught:
            removal.remove(here, ["ada"], "")
        assert words in str(caught.value)
    with pytest.raises(HomeroomError, match="WHY"):
        removal.remove(here, ["ada"], "x" * 301)
    for state, words in (("unknown", "was removed"), ("purged", "for good"), ("going", "are being removed")):
        here = Here(monkeypatch, restore={"state": state, "removed": [], "waiting": [], "untold": 0})
        with pytest.raises(HomeroomError, match=words):
            removal.restore(here, "ada")


def test_a_home_is_removed_once_and_no_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Now means the home, too, before the hub forgets who it was; what is labelled as somebody else's is left alone.
    What was measured of homes, by name, is forgotten."""
    monkeypatch.setattr(removal, "RENDERED", tmp_path)
    (tmp_path / home_use.CACHE).touch()
    here: Any = Here(monkeypatch, remove=ANSWER, purge={"untold": 0})
    here.client.add("homeroom-user-ada-40uni", "ada@uni")
    here.client.add("homeroom-user-bela", "bela")
    removal.remove(here, ["ada@uni"], "", now=True)
    assert list(here.client.known) == ["homeroom-user-bela"]
    assert [verb for verb, _ in here.asked] == ["remove", "begin-purge", "purge"]
    assert not (tmp_path / home_use.CACHE).exists()
    removal.purge(here, ["ada@uni"])  # cut off, and typed again
    here.client.add("homeroom-user-chen", "chen", deployment="other")
    with pytest.raises(HomeroomError, match="left alone"):
        removal.purge(here, ["chen"])
    asked = [given["names"] for verb, given in here.asked if verb == "purge"]
    assert asked == [["ada@uni"], ["ada@uni"]]


def test_what_a_killed_command_left_keeps_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container of one of our verbs that has ended and has the home goes first. No other is looked for: neither a
    lab, nor one that runs, nor one of another deployment."""
    here: Any = Here(monkeypatch, purge={"untold": 0})
    here.client.add("homeroom-user-ada", "ada")
    here.client.containers.known.append(Container(here.client.containers))
    removal.purge(here, ["ada"])
    assert list(here.client.known) == []
    (asked,) = here.client.containers.asked
    assert asked == {
        "label": ["homeroom.deployment=homeroom", "homeroom.service"],
        "volume": "homeroom-user-ada",
        "status": ["created", "exited", "dead"],
    }


def test_a_home_goes_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its directory of HOMES, the volume that it was before homes were directories, and the homes of their exams."""
    here: Any = Here(monkeypatch, purge={"untold": 0})
    here.settings = settings(HOMES="/srv/homes")
    here.client.add("homeroom-user-ada-40uni", "ada@uni")
    here.client.add("homeroom-exam-1", "ada@uni", **{"homeroom.server": "exam.biology.final"})
    here.client.add("homeroom-exam-2", "bela", **{"homeroom.server": "exam.biology.final"})
    here.client.add("homeroom-user-bela", "bela")
    directories: list[tuple[Any, ...]] = []
    monkeypatch.setattr(homes, "run_verb", lambda *given: directories.append(given[2:]))
    removal.purge(here, ["ada@uni"])
    assert directories == [("remove", "ada-40uni")]
    assert list(here.client.known) == ["homeroom-exam-2", "homeroom-user-bela"]


def test_who_comes_back_meanwhile_keeps_the_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And is told; nothing of theirs is forgotten."""
    here: Any = Here(monkeypatch, back=("ada",), purge={"untold": 0})
    here.client.add("homeroom-user-ada", "ada")
    removal.purge(here, ["ada"])
    assert list(here.client.known) == ["homeroom-user-ada"]
    assert [verb for verb, _ in here.asked] == ["begin-purge"]
    assert "Left alone" in capsys.readouterr().out


def test_one_home_that_stays_keeps_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose files cannot be removed is told at the end; all others' are gone, and noted so."""
    here: Any = Here(monkeypatch, purge={"untold": 0})
    here.client.add("homeroom-user-ada", "ada")
    here.client.add("homeroom-user-bela", "bela", deployment="other")
    here.client.add("homeroom-user-chen", "chen")
    with pytest.raises(HomeroomError, match="bela"):
        removal.purge(here, ["ada", "bela", "chen"])
    assert list(here.client.known) == ["homeroom-user-bela"]
    assert here.asked[-1][1]["names"] == ["ada", "chen"]


def person(name: str, at: float, *, purged: bool = False, mark: str = "removed", going: bool = False) -> dict[str, Any]:
    """Somebody who was removed."""
    return {"name": name, "at": at, "who": "head", "why": "", "purged": purged, "mark": mark, "going": going}


def test_who_is_due() -> None:
    """Whoever was removed so many days ago: not a moment earlier, nobody twice, and nobody who is still leaving."""
    people = [
        person("early", 0),
        person("late", 1),
        person("gone", 0, purged=True),
        person("leaving", 0, mark="leaving"),
        person("half", 30 * DAY, going=True),  # removed with NOW, and that was cut off
    ]
    assert removal.due(people, 30 * DAY, 30) == ["early", "half"]
    assert removal.due(people, 30 * DAY + 1, 30) == ["early", "late", "half"]
    assert removal.due(people, 0, 30) == ["half"]  # the clock was set back


def test_nobody_is_purged_before_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make purge-removed` touches nobody who is not due."""
    import time

    now = time.time()
    here: Any = Here(
        monkeypatch,
        removed={"removed": [person("ada", now - 31 * DAY), person("bela", now - 29 * DAY)]},
        purge={"untold": 0},
    )
    here.client.add("homeroom-user-ada", "ada")
    here.client.add("homeroom-user-bela", "bela")
    removal.purge_due(here)
    assert list(here.client.known) == ["homeroom-user-bela"]
    assert here.asked[-1][1]["names"] == ["ada"]


def test_status_tells_whose_files_are_kept() -> None:
    """And until when; nothing where nobody's are."""
    assert status.told([], 30) == ""
    assert status.told([person("gone", 0, purged=True)], 30) == ""
    words = status.told([person(f"s{number}", 1_800_000_000) for number in range(7)], 30)
    assert "7 homes" in words
    assert "s0 2027-02-1" in words
    assert "and 2 more" in words


def test_it_runs_by_the_clock_where_that_is_set() -> None:
    """PURGE_AT, and LOG_END_AT for logs; nothing by itself without them."""
    assert list(timers.timers(settings())) == []
    (timer,) = timers.timers(settings(PURGE_AT="03:40"))
    assert timer.verb == ("purge-removed",)
    (timer,) = timers.timers(settings(LOG_END_AT="04:50"))
    assert (timer.verb, timer.catches_up) == (("expire-logs",), False)
    assert list(timers.timers(settings(LOG_END_AT="04:50", LOG_DAYS="0"))) == []


def test_a_clock_set_far_forward_removes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All would be due, and nobody's files go, nor a line of the log; what was begun is carried on. The next day, or
    with the operator's word, they go."""
    import time

    now = time.time()
    right = steady.moment()
    monkeypatch.setattr(steady, "FILE", tmp_path / "clock.json")
    json_file.write(steady.FILE, Known(**vars(right), since=right.at - 2 * DAY, believed=right.at))
    people = [person("ada", now - DAY), person("bela", now - DAY), person("chen", now, going=True)]
    here: Any = Here(monkeypatch, removed={"removed": people}, purge={"untold": 0})
    for one in people:
        here.client.add(f"homeroom-user-{one['name']}", one["name"])
    monkeypatch.setattr(records, "ask", lambda *_: pytest.fail("the log expires by a clock that is not believed"))
    ahead = 400 * DAY
    monkeypatch.setattr(time, "time", lambda: now + ahead)
    removal.purge_due(here)
    assert list(here.client.known) == ["homeroom-user-ada", "homeroom-user-bela"]
    words = " ".join(capsys.readouterr().err.split())
    assert "set forward by 400 days" in words
    assert "the time of 2 homes would be over" in words
    with pytest.raises(HomeroomError, match="TODAY"):
        removal.purge_due(here, "2026-01-01")
    monkeypatch.setattr(records, "ask", lambda *_: "0")
    later = Moment(at=now + ahead + DAY, boot=right.boot, up=right.up + DAY)
    monkeypatch.setattr(steady, "moment", lambda: later)
    removal.purge_due(here)
    assert list(here.client.known) == []


def test_the_operators_word_removes_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The day that the clock shows, typed: then it goes by the clock."""
    import time
    from datetime import datetime

    monkeypatch.setattr(steady, "FILE", tmp_path / "clock.json")
    here: Any = Here(monkeypatch, removed={"removed": [person("ada", time.time() - 31 * DAY)]}, purge={"untold": 0})
    here.client.add("homeroom-user-ada", "ada")
    removal.purge_due(here)
    assert list(here.client.known) == ["homeroom-user-ada"]
    removal.purge_due(here, f"{datetime.now():%Y-%m-%d}")
    assert list(here.client.known) == []
