"""A round of the watchdog: what it tells by real servers, once, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator import topics
from generator.core.errors import HomeroomError
from generator.core.finding import Finding, error
from generator.core.lock import exclusive
from generator.engine.watched import Watched
from generator.lifecycle import diagnosis, letter, timers, watch
from generator.lifecycle.diagnosis import Diagnosis
from generator.topics.watching import faults, state
from generator.topics.watching.outbox import Outbox
from generator.topics.watching.state import State
from tests.http_sink import Hook, answering
from tests.sample_settings import settings

HUB_DOWN = error("services", "is not healthy", location="hub", remedy="Look.")
FULL = error("disk", "full on 12 March at this pace", location="disk of homes", remedy="Make room.")


class Rounds:
    """Rounds of the watchdog, each of which sees what it is told."""

    def __init__(self, hook: Hook, folder: Path) -> None:
        self.hook, self.folder, self.root = hook, folder, folder / "root"
        self.findings: list[Finding] = []
        self.values = {"ALERT_WEBHOOK": f"{hook.url}/hook", "WATCH_PING": f"{hook.url}/ping"}

    def go(self, *findings: Finding) -> bool:
        """One round."""
        self.findings = list(findings)
        wanted = settings(**self.values)
        return watch.make_round(wanted, state.read(self.folder), self.folder)

    def seen(self) -> Diagnosis:
        """What a round sees."""
        found = Diagnosis()
        found.take(self.findings)
        return found

    @property
    def told(self) -> list[str]:
        """What was told by the webhook."""
        return [body["text"] for body in self.hook.bodies]

    def later(self, seconds: float) -> None:
        """As if the rounds so far were so long ago."""
        known = state.read(self.folder)
        for fault in known.faults.values():
            fault.seen -= seconds
            fault.since -= seconds
        state.write(known, self.folder)


@pytest.fixture
def rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """Rounds that tell a real server."""
    with answering() as hook:
        made = Rounds(hook, tmp_path)
        monkeypatch.setattr(watch, "see", lambda *_: made.seen())
        made.root.mkdir()
        monkeypatch.setattr(watch, "ROOT", made.root)
        monkeypatch.setattr(watch, "ENV_FILE", tmp_path / ".env")
        yield made


def test_a_fault_is_one_message_and_its_end_another(rounds: Rounds) -> None:
    """And none in the rounds between; each good round asks the address that notices silence."""
    assert rounds.go()
    assert rounds.told == []
    for _ in range(3):
        assert rounds.go(HUB_DOWN)
    assert len(rounds.told) == 1
    assert "hub: is not healthy" in rounds.told[0]
    assert rounds.go()
    assert len(rounds.told) == 1
    rounds.later(faults.QUIET_SECONDS)
    assert rounds.go()
    assert len(rounds.told) == 2
    assert "over: hub: is not healthy" in rounds.told[1]
    assert rounds.hook.paths.count("/ping") == 6


def test_several_at_once_are_one_message(rounds: Rounds) -> None:
    """With a line for each."""
    rounds.go(HUB_DOWN, FULL)
    (text,) = rounds.told
    assert "2 things are wrong" in text
    assert "disk of homes: full on 12 March at this pace" in text


def test_a_round_that_could_not_tell_is_no_good_one(rounds: Rounds) -> None:
    """The address is not asked then, so that somebody elsewhere notices; the next round tells it."""
    good = rounds.values["ALERT_WEBHOOK"]
    rounds.values["ALERT_WEBHOOK"] = "http://127.0.0.1:9/hook"
    assert not rounds.go(HUB_DOWN)
    assert rounds.hook.paths == []
    assert "refuses the connection" in state.read(rounds.folder).refused["webhook"]
    rounds.values["ALERT_WEBHOOK"] = good
    assert rounds.go(HUB_DOWN)
    assert len(rounds.told) == 1


def test_a_ping_that_is_not_answered_is_told(rounds: Rounds, capsys: pytest.CaptureFixture[str]) -> None:
    """And the round counts as none."""
    rounds.values["WATCH_PING"] = "http://127.0.0.1:9/hidden-word"
    assert not rounds.go()
    shown = capsys.readouterr()
    assert "WATCH_PING" in shown.err
    assert "hidden-word" not in shown.out + shown.err


def test_a_round_that_is_killed_loses_nothing(rounds: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before it could tell: the next one does, once."""

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "empty", killed)
        with pytest.raises(KeyboardInterrupt):
            rounds.go(HUB_DOWN)
    rounds.go(HUB_DOWN)
    rounds.go(HUB_DOWN)
    assert len(rounds.told) == 1


def test_nothing_is_told_while_another_command_works(rounds: Rounds) -> None:
    """A service that `make up` replaces is no fault."""
    with exclusive(rounds.root):
        assert rounds.go(HUB_DOWN)
    assert rounds.told == []
    assert state.read(rounds.folder).faults == {}


def test_one_round_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one says so; one during another command does nothing."""
    monkeypatch.setattr(state, "ensure_folder", lambda: tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    monkeypatch.setattr(watch, "ROOT", root)
    with exclusive(tmp_path), pytest.raises(HomeroomError, match="another round"):
        watch.watch()
    with exclusive(root):
        assert watch.watch()


def test_what_cannot_be_told_is_a_fault_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that does not answer, and a mail server that takes nothing, are told by the other ways."""
    monkeypatch.setattr(diagnosis, "look_at_what_is_watched", lambda *_: None)
    monkeypatch.setattr(timers, "failures", lambda _: [])
    known = State(refused={"mail": "it is closed"}, partly={"letter": "not for ada"})
    wanted = settings(ENGINE_SOCKET=str(tmp_path / "no.sock"))
    found = watch.see(wanted, known, tmp_path, datetime.now().astimezone(), lambda: None)
    assert [each.name for each in found.wrong] == ["engine", "messages", "messages"]
    assert {each.cause for each in found.wrong[1:]} == {"it is closed", "not for ada"}
    assert found.is_blind


def test_the_hub_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """One busy moment is no fault; a hub that cannot be used a moment later is."""
    monkeypatch.setattr(watch, "AGAIN_SECONDS", 0)
    answers = [
        HomeroomError("slow", remedy="x"),
        None,
        HomeroomError("slow", remedy="x"),
        HomeroomError("off", remedy="x"),
    ]

    def ask(_: Any) -> None:
        if (answer := answers.pop(0)) is not None:
            raise answer

    monkeypatch.setattr(diagnosis, "require_usable", ask)
    watch._use(settings())
    with pytest.raises(HomeroomError, match="off"):
        watch._use(settings())


def test_the_letter_stays_out_of_the_rounds(rounds: Rounds) -> None:
    """Without mail there is none, and nothing fails of it."""
    rounds.go()
    assert state.read(rounds.folder).letter == letter.week_of(datetime.now().astimezone())


def test_each_topic_is_asked_what_it_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose look hangs or fails is told as that, and keeps no other from being made."""

    def part(name: str, look: Any) -> Any:
        return SimpleNamespace(__name__=f"generator.topics.{name}.watch", faults=look)

    def raises(failure: Exception) -> Any:
        def look(_: Any) -> list[Finding]:
            raise failure

        return look

    parts = [
        part("copies", lambda _: [FULL]),
        part("edge", raises(TimeoutError())),
        part("sign_in", raises(KeyError("x"))),
        part("watching", lambda _: [HUB_DOWN]),
    ]
    wanted = settings()  # before topics are others
    monkeypatch.setattr(topics, "each", lambda _: parts)
    found = Diagnosis()
    diagnosis.look_at_what_is_watched(Watched(settings=wanted, now=datetime.now(UTC)), found)
    assert found.is_blind
    assert [(each.name, each.location) for each in found.findings] == [
        ("disk", "disk of homes"),
        ("edge", "edge"),
        ("sign_in", "sign_in"),
        ("services", "hub"),
    ]


def test_what_nobody_could_be_asked_about_is_not_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that does not run, or cannot be asked, knows of approvals that wait all the same."""

    def asks(watched: Watched) -> list[Finding]:
        assert not watched.runs("hub")
        return []

    def cannot(_: Watched) -> list[Finding]:
        raise HomeroomError("the hub could not be asked", remedy="Look.")

    def is_blind(look: Any) -> bool:
        monkeypatch.setattr(
            topics, "each", lambda _: [SimpleNamespace(__name__="generator.topics.x.watch", faults=look)]
        )
        found = Diagnosis()
        here: Any = SimpleNamespace(service=lambda _: None)
        diagnosis.look_at_what_is_watched(Watched(settings=wanted, now=datetime.now(UTC), deployment=here), found)
        return found.is_blind

    wanted = settings()
    assert is_blind(asks)
    assert is_blind(cannot)
    assert not is_blind(lambda _: [FULL])


def test_what_services_said_goes_in_time(rounds: Rounds) -> None:
    """Also where none was restarted since: it holds names."""
    words = rounds.folder / "words"
    words.mkdir()
    for name, days in (("old.log", 31), ("new.log", 29)):
        (words / name).write_text("ada signed in")
        at = datetime.now().timestamp() - days * 86400
        os.utime(words / name, (at, at))
    rounds.go()
    assert [path.name for path in words.iterdir()] == ["new.log"]
