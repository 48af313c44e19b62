"""What the watchdog says of certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.engine.watched import Watched
from generator.topics.edge import edge, watch
from generator.topics.edge.edge import Certificate, State
from tests.sample_settings import settings

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def served(*days: float | None) -> State:
    """An edge whose certificates are good for so many days more."""
    until = [None if left is None else NOW + timedelta(days=left, hours=1) for left in days]
    found = tuple(Certificate(host=f"h{number}.example", until=at) for number, at in enumerate(until))
    return State(certificates=found, faults=())


@pytest.mark.parametrize(
    ("tls", "days", "words"),
    [
        ("files", 20, ""),
        ("files", 13, "good for 13 days more"),
        ("files", -3, "ended"),
        ("files", None, "there is no certificate"),
        ("acme", 20, ""),
        ("acme", 9, "good for 9 days more"),
        ("internal", 0, ""),
    ],
)
def test_certificates_are_watched(tls: str, days: float | None, words: str) -> None:
    """Those that somebody must renew, and those that should have renewed themselves; of our own authority they are of
    hours."""
    wanted = settings(TLS=tls, HUB_HOST="h0.example.edu")
    found = [each.cause for each in watch._faults(wanted, served(days), NOW)]
    assert len(found) == bool(words)
    assert all(words in cause for cause in found)


def test_a_change_that_was_refused_is_told() -> None:
    """With its place."""
    refused = State(certificates=(), faults=(HomeroomError("is no key", location="site/tls/privkey.pem", remedy="x"),))
    (found,) = watch._faults(settings(TLS="files", HUB_HOST="h0.example.edu"), refused, NOW)
    assert (found.location, found.cause) == ("site/tls/privkey.pem", "is no key")


def test_the_letter_tells_of_the_first_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, where there is an edge that runs and whose certificates somebody gave."""
    here: Any = SimpleNamespace(service=lambda _: SimpleNamespace(status="running"))
    monkeypatch.setattr(edge, "state", lambda _: served(80, 12))
    for tls, count in (("files", 1), ("internal", 0), ("off", 0)):
        watched = Watched(settings=settings(TLS=tls, HUB_HOST="h0.example.edu"), now=NOW, deployment=here)
        lines = list(watch.letter(watched))
        assert len(lines) == count
        assert all("h1.example: the certificate is good for 12 days more" in line for line in lines)
