"""`make logs`: since when, and about whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.labels import USER_LABEL
from generator.lifecycle import logs

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [("90s", 90), ("30min", 1800), ("5m", 300), ("2h", 7200), (" 3 d ", 3 * 86400), ("1w", 7 * 86400)],
)
def test_how_long_ago(text: str, ago: int) -> None:
    """As people say it."""
    assert logs.since_when(text, NOW) == NOW - timedelta(seconds=ago)


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20 14:30", "2026-11-20T14:30:05"])
def test_a_day_or_a_moment(text: str) -> None:
    """By this machine's clock."""
    assert logs.since_when(text, NOW) == datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "2", "-2h", "2h30", "2026-02-31", "2027-01-01", "20261120", "; rm -rf /", "٣h"),
        *("999999w", "0001-01-01", "1969-07-20", "1970-01-01"),
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """With what to say instead; also a day that is to come, of which there are no logs."""
    with pytest.raises(HomeroomError, match="is no time that has been") as caught:
        logs.since_when(text, NOW)
    assert caught.value.location == "SINCE"


@pytest.mark.parametrize(
    ("person", "line", "named"),
    [
        ("ada", "User ada took 2.1 seconds to start", True),
        ("ada", "302 GET /user/ada/lab (Ada@10.0.0.1)", True),
        ("ada", "Spawning ada.", True),
        ("ada", "200 GET /user/ada-lovelace/lab", False),
        ("ada", "200 GET /user/nevada/lab", False),
        ("ada", "mail to ada@uni.example", False),
        ("b+ob", "200 GET /hub/user/b%2Bob/lab", True),
        ("b+ob", "the lab of b+ob ended", True),
        ("b+ob", "the lab of ob ended", False),
        ("ob", "the lab of b+ob ended", False),
        ("ob", "200 GET /hub/user/b%2Bob/lab", False),
        ("b", "the lab of b+ob ended", False),
        ("uni", "mail to x@uni", False),
        ("x@uni.example", "x@uni.example is removed", True),
    ],
)
def test_whom_a_line_names(person: str, line: str, named: bool) -> None:
    """As they are called or as addresses have them, and nobody whose name merely begins or ends so."""
    assert logs.naming(person)(line) is named


def test_a_name_of_which_nothing_is_said_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that was misspelt ends in words, not in silence."""
    monkeypatch.setattr(logs, "require", lambda *_: None)
    monkeypatch.setattr("generator.engine.services.names", lambda _: ())
    given: Any = SimpleNamespace(settings=None, labs=lambda: [])
    logs.show(given, [], since="2h", person="adda")
    assert "Nothing names adda since 20" in " ".join(capsys.readouterr().err.split())


def test_a_persons_lines_come_in_the_order_of_time() -> None:
    """Those of all services that name them, and all that their own labs said; long lines come whole."""

    def container(*pieces: bytes, **labels: str) -> Any:
        return SimpleNamespace(labels=labels, logs=lambda **_: iter(pieces))

    hub = container(b"2026-11-27T10:00:03Z lab of ada ", b"ended\n2026-11-27T10:00:04Z lab of bela ended\n")
    proxy = container(b"2026-11-27T10:00:01Z GET /user/ada/lab\n")
    labs = [
        container(b"2026-11-27T10:00:02Z kernel started", **{USER_LABEL: "ada"}),
        container(b"2026-11-27T10:00:02Z of somebody else\n", **{USER_LABEL: "bela"}),
    ]
    given: Any = SimpleNamespace(service={"hub": hub, "proxy": proxy}.get, labs=lambda: labs)
    found = logs.of_person(given, ["hub", "proxy"], "ada", NOW)
    assert [words for _, _, words in found] == ["GET /user/ada/lab", "lab of ada ended"]
    given.settings = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generator.engine.services.names", lambda _: ("hub", "proxy"))
        found = logs.of_person(given, [], "ada", NOW)
    assert [words for _, _, words in found] == ["GET /user/ada/lab", "kernel started", "lab of ada ended"]
