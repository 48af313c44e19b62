"""What waits to be told: in one message a way, until it was taken, and never twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.topics.watching import outbox, state
from generator.topics.watching.channels import Channel
from generator.topics.watching.faults import Changes, Fault
from generator.topics.watching.message import Message, PartlyTaken
from generator.topics.watching.outbox import Outbox
from generator.topics.watching.state import State
from tests.sample_settings import settings

NOW = 1_800_000_000.0


def fault(line: str) -> Fault:
    """A fault that began now."""
    return Fault(line=line, since=NOW, seen=NOW, begun=[NOW])


def changes(*begun: str, over: tuple[str, ...] = ()) -> Changes:
    """What one round found new."""
    return Changes(begun=[fault(line) for line in begun], over=[fault(line) for line in over])


def nothing() -> None:
    """Keep nothing."""


class Way:
    """A way that takes messages, or does not."""

    def __init__(self, name: str, *, takes: bool = True) -> None:
        self.name, self.takes = name, takes
        self.all_take = True
        self.tries = 0
        self.told: list[Message] = []

    def send(self, _: Any, message: Message) -> str:
        """Take it, or say why not."""
        self.tries += 1
        if not self.takes:
            raise HomeroomError(f"{self.name} is closed", remedy="Open it.")
        self.told.append(message)
        if not self.all_take:
            raise PartlyTaken("no mailbox of ada's", remedy="See to the address.")
        return "taken"


def outbox_of(*ways: Way) -> Outbox:
    """An outbox with these ways."""
    channels = tuple(Channel(name=way.name, send=way.send) for way in ways)
    return Outbox(settings=settings(), ways=channels, secrets={})


def test_many_at_once_are_one_message() -> None:
    """With how many there are as its title; one alone is the title itself."""
    way, known = Way("mail"), State()
    box = outbox_of(way)
    box.add(known, changes("hub: is down", "disk: is full", over=("clock: was set",)))
    box.empty(known, NOW, nothing)
    box.add(known, changes("guard: is down"))
    box.empty(known, NOW, nothing)
    box.empty(known, NOW, nothing)
    first, second = way.told
    assert first.title == "[homeroom] 2 things are wrong, 1 is over"
    assert [line for line in first.lines if line.startswith("- ")] == [
        "- hub: is down",
        "- disk: is full",
        "- clock: was set",
    ]
    assert second.title == "[homeroom] guard: is down"


def test_a_way_that_is_closed_holds_up_no_other() -> None:
    """What it did not take is told by it once it is open again, together with what came since; why it did not is
    kept."""
    mail, hook, known = Way("mail", takes=False), Way("webhook"), State()
    box = outbox_of(mail, hook)
    box.add(known, changes("hub: is down"))
    box.empty(known, NOW, nothing)
    assert known.refused == {"mail": "mail is closed"}
    mail.takes = True
    box.add(known, changes("disk: is full"))
    box.empty(known, NOW, nothing)
    assert known.refused == {}
    assert [each.title for each in hook.told] == ["[homeroom] hub: is down", "[homeroom] disk: is full"]
    assert [each.title for each in mail.told] == ["[homeroom] 2 things are wrong"]


def test_what_was_taken_for_some_is_not_sent_again() -> None:
    """One mailbox that is no more fills nobody else's; for whom it was not taken is kept until it is for all."""
    mail, known = Way("mail"), State()
    mail.all_take = False
    box = outbox_of(mail)
    box.add(known, changes("hub: is down"))
    for minutes in range(0, 120, 5):
        box.empty(known, NOW + 60 * minutes, nothing)
    assert len(mail.told) == 1
    assert (known.partly, known.refused) == ({"mail": "no mailbox of ada's"}, {})
    mail.all_take = True
    box.add(known, changes("disk: is full"))
    assert known.partly
    box.empty(known, NOW + 7200, nothing)
    assert known.partly == {}


def test_a_way_that_fails_again_and_again_is_tried_less_often() -> None:
    """What answers too late may have taken each: no more than one an hour in the end, and at once after it did."""
    hook, known = Way("webhook", takes=False), State()
    box = outbox_of(hook)
    box.add(known, changes("hub: is down"))
    for minutes in range(0, 24 * 60, 5):
        box.empty(known, NOW + 60 * minutes, nothing)
    assert 24 <= hook.tries <= 30
    hook.takes = True
    box.empty(known, NOW + 86400 + 3600, nothing)
    box.add(known, changes("disk: is full"))
    box.empty(known, NOW + 86400 + 3700, nothing)
    assert len(hook.told) == 2
    assert known.failed == {}


def test_there_are_so_many_messages_an_hour() -> None:
    """What is too much waits, and goes with the first of the next hour."""
    way, known = Way("mail"), State()
    box = outbox_of(way)
    for number in range(10):
        box.add(known, changes(f"{number}: is down"))
        box.empty(known, NOW + number, nothing)
    assert len(way.told) == outbox.MOST_AN_HOUR
    box.empty(known, NOW + outbox.HOUR_SECONDS + 20, nothing)
    assert way.told[-1].title == "[homeroom] 4 things are wrong"


def test_a_round_that_is_killed_repeats_no_message(tmp_path: Path) -> None:
    """Each message is noted as soon as it was taken; what was not sent is sent by the next round."""
    mail, hook, known = Way("mail"), Way("webhook"), State()
    box = outbox_of(mail, hook)
    box.add(known, changes("hub: is down"))

    def killed_after(keep: Callable[[], None]) -> Callable[[], None]:
        def kept() -> None:
            keep()
            raise KeyboardInterrupt

        return kept

    state.write(known, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        box.empty(known, NOW, killed_after(lambda: state.write(known, tmp_path)))
    after = state.read(tmp_path)
    box.add(after, changes())
    box.empty(after, NOW, nothing)
    assert (len(mail.told), len(hook.told)) == (1, 1)


def test_a_way_that_is_set_no_more_is_forgotten() -> None:
    """Nothing waits for it, and nobody is told that it fails."""
    known = State()
    outbox_of(Way("mail")).add(known, changes("hub: is down"))
    known.refused["mail"] = "closed"
    outbox_of(Way("webhook")).add(known, changes())
    assert (known.waiting, known.refused) == ({}, {})


# --- What is kept from round to round ---


def test_what_is_kept_is_read_as_it_was_written(tmp_path: Path) -> None:
    """For its owner alone; a file that is not ours counts as none."""
    known = State(round_at=1.0, faults={"a": fault("x")}, restarts={"hub": [2.0]}, memory={"disks": {"/": [[1, 2]]}})
    known.faults["a"].since = known.faults["a"].seen = 5.0
    known.faults["a"].begun = [5.0]
    known.note("fault", "x", 6.0)
    state.write(known, state.ensure_folder(tmp_path / "watching"))
    assert (tmp_path / "watching").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "watching/state.json").stat().st_mode & 0o777 == 0o600
    assert state.read(tmp_path / "watching") == known
    for text in ("", "{", "[]", '{"faults": {}}', '{"faults": {"a": {}}, "events": []}'):
        (tmp_path / "watching/state.json").write_text(text)
        assert state.read(tmp_path / "watching") == State()


def test_while_the_disk_is_full_it_is_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a full disk is told, and once; where there is no such place either, that is an error."""
    folder, run = tmp_path / "watching", tmp_path / "run"
    (run / f"user/{os.geteuid()}").mkdir(parents=True)
    monkeypatch.setattr(state, "RUN", run)
    state.write(State(round_at=1.0), folder)
    assert not list(run.rglob("*.json"))
    (folder / state.FILE).unlink()
    (folder / state.FILE / "in the way").mkdir(parents=True)
    state.write(State(round_at=2.0), folder)
    (kept,) = run.rglob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert state.read(folder).round_at == 2.0
    assert state.read(tmp_path / "another").round_at == 0.0
    shutil.rmtree(folder / state.FILE)
    state.write(State(round_at=3.0), folder)
    assert (list(run.rglob("*.json")), state.read(folder).round_at) == ([], 3.0)
    monkeypatch.setattr(state, "RUN", tmp_path / "nowhere")
    shutil.rmtree(folder)
    folder.touch()
    with pytest.raises(HomeroomError, match="cannot be written"):
        state.write(State(), folder)


def test_a_clock_that_was_set_back_keeps_nothing_waiting(tmp_path: Path) -> None:
    """Moments that are still to come count as now: a fault ends, and messages go out, as ever."""
    known = State(faults={"a": fault("x")}, sent={"mail": [9e9] * 6}, restarts={"hub": [9e9] * 3})
    known.failed["mail"] = [9e9]
    known.faults["a"].seen = 9e9
    known.forget_the_future(NOW)
    assert known.faults["a"].seen == NOW
    assert known.sent["mail"] == [NOW] * 6
    assert known.restarts["hub"] == [NOW] * 3
    assert known.failed["mail"] == [NOW]
