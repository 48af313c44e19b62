"""What the watchdog says of copies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from generator.engine.watched import Watched
from generator.topics.copies import last, sheet, upkeep_record, watch
from generator.topics.copies.last import Last
from generator.topics.copies.upkeep_record import Upkeep
from tests.sample_settings import settings

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PLACE = "rest:https://copies.example.edu/hub/"


def made(hours: float, **values: Any) -> Last:
    """A copy that was made so many hours ago."""
    return Last(address=PLACE, made_at=(NOW - timedelta(hours=hours)).isoformat(), files=7, **values)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (made(3), ""),
        (made(49), "2 days old"),
        (made(-2), "2 h in the future"),
        (made(3, failed_at="x", why="it is full"), "the last run made no copy: it is full"),
        (Last(), "there is no copy at"),
        (Last(address="/elsewhere", made_at=NOW.isoformat()), "there is no copy at"),
    ],
)
def test_the_age_of_copies_is_watched(monkeypatch: pytest.MonkeyPatch, known: Last, words: str) -> None:
    """Old ones, those from the future, a run that failed, and none at the place that is set now; where there are to be
    none, nothing."""
    monkeypatch.setattr(last, "read", lambda: known)
    monkeypatch.setattr(upkeep_record, "read", lambda address: Upkeep(address=address))
    found = [each.cause for each in watch.faults(Watched(settings=settings(BACKUP_TO=PLACE), now=NOW))]
    assert len(found) == bool(words)
    assert all(words in cause for cause in found)
    assert list(watch.faults(Watched(settings=settings(), now=NOW))) == []


def test_the_letter_tells_of_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """How old the last one is, that there is none, and that the sheet is not confirmed."""
    monkeypatch.setattr(sheet, "is_kept", lambda _: False)
    for known, place, words in (
        (made(3), PLACE, "the last is 3 h old, of 7 files (0 MiB). The recovery sheet is not confirmed yet."),
        (made(3, failed_at="x"), PLACE, "the last run made none"),
        (Last(), PLACE, "none yet"),
        (Last(), "", "none are made"),
    ):
        monkeypatch.setattr(last, "read", lambda known=known: known)
        (line,) = watch.letter(Watched(settings=settings(BACKUP_TO=place), now=NOW))
        assert words in line
