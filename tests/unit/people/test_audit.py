"""`make audit`: what was done to people is shown and checked; the log is a real one."""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.guard import audit_log
from homeroom.guard import records as guard

from generator.core.errors import HomeroomError
from generator.topics.copies import backup, last
from generator.topics.copies.last import Last
from generator.topics.people import audit, records
from tests.sample_settings import settings


class Here:
    """A deployment."""

    project = "homeroom"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Records with some events, in place of the volume's."""

    def ask(_: Any, *arguments: str) -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = guard.main(list(arguments), tmp_path)
        assert code == 0, said.getvalue()
        return said.getvalue()

    monkeypatch.setattr(records, "ask", ask)
    monkeypatch.setattr(last, "read", Last)
    for whom, why in (("ada", "finished"), ("bela", ""), ("[red]chen[/red]", "")):
        records.note(HERE, "user-remove", whom, why=why)
    return tmp_path


HERE: Any = Here()


def test_it_shows_what_was_done_and_to_whom(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who, what, whom and why; about one person where one is named; what is written is no markup."""
    audit.audit(HERE, "", everything=False)
    shown = capsys.readouterr()
    assert all(word in shown.out for word in ("user-remove", "ada", "finished", "shell:", "[red]chen[/red]"))
    assert "3 lines, none changed" in shown.out + shown.err
    audit.audit(HERE, "bela", everything=False)
    shown = capsys.readouterr()
    assert "bela" in shown.out
    assert "finished" not in shown.out


def test_what_was_changed_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line in the middle, and an end that the last copy has seen."""
    log = folder / "audit.jsonl"
    head = audit_log.head(log)
    whole = log.read_bytes()
    log.write_bytes(whole.replace(b"bela", b"emil"))
    with pytest.raises(HomeroomError, match="does not follow"):
        audit.verify(HERE)
    log.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    audit.verify(HERE)
    monkeypatch.setattr(last, "read", lambda: Last(audit_number=head.number, audit_digest=head.digest))
    with pytest.raises(HomeroomError, match="end is missing"):
        audit.verify(HERE)
    log.write_bytes(whole)
    audit.verify(HERE)


@pytest.mark.parametrize("line", ["no JSON at all", "[]", "17", '{"n": "x", "at": 3}', "\x00\x1b[2J"])
def test_a_line_that_is_none_is_shown_and_told(folder: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    """And ends nothing: what is done later is noted behind it."""
    with (folder / "audit.jsonl").open("a") as log:
        log.write(f"{line}\n")
    records.note(HERE, "user-remove", "dora")
    with pytest.raises(HomeroomError, match="line 4"):
        audit.audit(HERE, "", everything=False)
    shown = capsys.readouterr().out
    assert "dora" in shown
    assert "\x1b" not in shown


def test_copies_carry_the_last_line() -> None:
    """So that what is cut off later is found by any copy."""
    client = SimpleNamespace(volumes=SimpleNamespace(list=list))
    engine = SimpleNamespace(title="Docker")
    here: Any = SimpleNamespace(project="homeroom", settings=settings(), engine=engine, client=client)
    found = backup.manifest(here, datetime(2026, 10, 5, tzinfo=UTC), [], {"number": 7, "digest": "x"})
    assert found["audit"] == {"number": 7, "digest": "x"}
