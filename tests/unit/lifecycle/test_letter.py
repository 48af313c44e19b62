"""The Monday letter: once a week, by mail, of some 15 lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.lifecycle import letter
from generator.topics.watching import mail, state
from generator.topics.watching.faults import Fault
from generator.topics.watching.message import Message
from generator.topics.watching.state import State
from tests import smtp_sink
from tests.certificates import Authority
from tests.sample_settings import settings

MONDAY = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
MAIL = {"ALERT_MAIL": "it@uni.example", "MAIL_HOST": "127.0.0.1", "MAIL_TLS": "off"}


def part(*lines: str, fails: bool = False) -> Any:
    """A topic's lines."""

    def tell(_: Any) -> list[str]:
        if fails:
            raise HomeroomError("the hub could not be asked", remedy="Look.")
        return list(lines)

    return SimpleNamespace(letter=tell, ORDER=10, __name__="generator.topics.sign_in.watch")


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Topics say what they are told to."""
    monkeypatch.setattr(letter, "_parts", lambda: [part("People: 42 accounts.", "Disk of homes: 3 GiB free.")])
    monkeypatch.setattr(letter, "_deployment", lambda _: SimpleNamespace(labs=lambda **_: [1, 2]))
    monkeypatch.setattr(letter, "ENV_FILE", tmp_path / ".env")


def test_it_says_how_all_is() -> None:
    """Labs, what topics say, the faults of the week with what was mended, and what to do, in 15 lines at most."""
    known = State()
    at = MONDAY.timestamp()
    known.note("fault", "hub: long ago", at - 9 * 86400)
    for number in range(5):
        known.note("fault", f"disk: fault {number}", at - 86400)
    for name in ("hub", "proxy", "hub"):
        known.note("restart", name, at - 3600)
    known.note("kills", "3", at - 3600)
    known.faults = {str(n): Fault(line=f"to do {n}", since=at - n, seen=at, begun=[at]) for n in range(5)}
    told = letter.write(settings(HUB_HOST="hub.example.edu"), known, MONDAY)
    assert told.title == "[hub.example.edu] the week until 30 November"
    text = told.text
    for words in (
        "Labs: 2 labs running now.",
        "People: 42 accounts.",
        "Faults of the week: 5:",
        "- disk: fault 4",
        "Restarted by the watchdog: hub (2 times), proxy (1 time)",
        "For want of memory 3 programs ended",
        "- to do 4",
        "and 2 more",
    ):
        assert words in text
    assert "long ago" not in text
    assert len(told.lines) <= 15


def test_a_week_with_everything_keeps_what_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty courses that end at once take four lines, a fault that came back all week one, and what to do is never what
    is left out."""
    courses = [f"Course c{number}: all of it is removed." for number in range(40)]
    monkeypatch.setattr(letter, "_parts", lambda: [part(*courses), *[part("x", "y")] * 9])
    known, at = State(), MONDAY.timestamp()
    for number in range(20):
        known.note("fault", "hub: flaps" if number % 2 else f"disk: fault {number}", at - 86400 + number)
    known.faults = {str(n): Fault(line=f"to do {n}", since=at, seen=at, begun=[at]) for n in range(5)}
    lines = letter.write(settings(), known, MONDAY).lines
    assert [line for line in lines if line.startswith("Course")] == courses[:3]
    assert "and 37 more like these" in lines
    assert lines.count("- hub: flaps") == 1
    assert "- disk: fault 18" in lines
    assert lines[-4:] == ("- to do 0", "- to do 1", "- to do 2", "- and 2 more: `make doctor ALL=1`")
    assert len(lines) <= 32


def test_an_engine_that_dies_meanwhile_keeps_nothing_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answered a moment ago, and does not say which labs run."""

    def dies(**_: Any) -> list[int]:
        raise ConnectionError

    monkeypatch.setattr(letter, "_deployment", lambda _: SimpleNamespace(labs=dies))
    text = letter.write(settings(), State(), MONDAY).text
    assert "labs: could not be looked at: ConnectionError" in text
    assert "People: 42 accounts." in text


def test_what_cannot_be_asked_keeps_nothing_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that fails says so in a line, and so does an engine that does not answer."""
    monkeypatch.setattr(letter, "_parts", lambda: [part(fails=True), part("Copies: none yet.")])
    monkeypatch.setattr(letter, "_deployment", lambda _: None)
    text = letter.write(settings(), State(), MONDAY).text
    assert "engine does not answer" in text
    assert "sign_in: could not be looked at: the hub could not be asked" in text
    assert "Copies: none yet." in text
    assert "To do: nothing." in text


def test_it_is_sent_once_a_week(monkeypatch: pytest.MonkeyPatch) -> None:
    """From Monday at seven on, also when the machine was off then; the first one is that of the next Monday."""
    sent: list[Message] = []
    monkeypatch.setattr(mail, "send", lambda _, message: sent.append(message))
    known, wanted = State(), settings(**MAIL)
    hours = [(-60, 0), (-1, 0), (0, 1), (1, 1), (100, 1), (7 * 24 - 1, 1), (7 * 24 + 50, 2), (7 * 24 + 60, 2)]
    for hour, count in hours:
        letter.send_if_due(wanted, known, MONDAY + timedelta(hours=hour))
        assert len(sent) == count, hour


def test_one_that_is_not_taken_is_tried_again(tmp_path: Path) -> None:
    """By a real server of mail, once it takes mail."""
    known = State(letter="2026-W47")
    with smtp_sink.running(tmp_path, Authority.made(tmp_path), tls="off") as sink:
        letter.send_if_due(settings(**MAIL, MAIL_PORT="9"), known, MONDAY)
        assert "refuses the connection" in known.refused["letter"]
        letter.send_if_due(settings(**MAIL, MAIL_PORT=str(sink.port)), known, MONDAY)
    assert known.refused == {}
    (taken,) = sink.mails
    assert taken["Subject"] == "[homeroom] the week until 30 November"
    assert "People: 42 accounts." in taken.get_content()


def test_one_that_is_taken_for_some_is_not_sent_again(tmp_path: Path) -> None:
    """Each five minutes, to those who have it."""
    known = State(letter="2026-W47")
    with smtp_sink.running(tmp_path, Authority.made(tmp_path), tls="off") as sink:
        wanted = settings(**{**MAIL, "ALERT_MAIL": f"it@uni.example,{smtp_sink.NOBODY}"}, MAIL_PORT=str(sink.port))
        for minutes in (0, 5, 10):
            letter.send_if_due(wanted, known, MONDAY + timedelta(minutes=minutes))
    assert len(sink.mails) == 1
    assert smtp_sink.NOBODY in known.partly["letter"]


def test_without_mail_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor an attempt to send it."""
    monkeypatch.setattr(mail, "send", lambda *_: pytest.fail("sent"))
    letter.send_if_due(settings(), State(letter="2026-W01"), MONDAY)


def test_it_can_be_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As it would be sent now; what it holds is no markup."""
    monkeypatch.setattr(letter, "load_settings", settings)
    monkeypatch.setattr(state, "read", State)
    monkeypatch.setattr(letter, "_parts", lambda: [part("Disk: [red]full[/nonsense]")])
    letter.show()
    assert "Disk: [red]full[/nonsense]" in capsys.readouterr().out
