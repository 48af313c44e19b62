"""The records of people: the log, who was removed, and that nothing of it is changed unnoticed."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from homeroom.contract import records as contract
from homeroom.guard import audit_log, records
from homeroom.guard.audit_log import Head
from homeroom.guard.engine_gateway import EngineGateway
from homeroom.guard.records import Records
from homeroom.guard.values import Refused
from homeroom.records import events, outbox

from tests.hub_database import new_database
from tests.unit.guard.test_guard import BODY, CREATE, Ask, Engine, run


def event(what: str, whom: str, **more: str) -> dict[str, str]:
    """Something that somebody did."""
    return records.checked({"who": "head", "what": what, "whom": whom, "result": "done", **more})


def filled(folder: Path, count: int = 5) -> Records:
    """Records with some events."""
    kept = Records(folder)
    for number in range(count):
        kept.take(event("approve", f"student-{number}"))
    return kept


def test_each_line_has_the_digest_of_the_one_before(tmp_path: Path) -> None:
    """A log that nobody touched is whole, and its head is its last line."""
    kept = filled(tmp_path)
    lines = list(audit_log.lines(kept.log))
    assert audit_log.faults(lines) == []
    assert audit_log.head(kept.log) == Head(5, audit_log.digest(lines[-1]))
    first = json.loads(lines[0])
    assert (first["n"], first["who"], first["what"], first["whom"]) == (1, "head", "approve", "student-0")
    assert kept.log.stat().st_mode & 0o007 == 0


@pytest.mark.parametrize("place", range(4))
def test_a_line_that_was_changed_is_found(tmp_path: Path, place: int) -> None:
    """Whichever it is: another word in it, the line left out, or two of them the other way round."""
    lines = list(audit_log.lines(filled(tmp_path).log))
    changed = [*lines]
    changed[place] = lines[place].replace(b"student", b"teacher")
    assert audit_log.faults(changed)
    assert audit_log.faults([*lines[:place], *lines[place + 1 :]]) or place == 0
    assert audit_log.faults([*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]])


def test_a_beginning_that_is_missing_is_found(tmp_path: Path) -> None:
    """Only what expired may be missing, and that is in the log."""
    lines = list(audit_log.lines(filled(tmp_path).log))
    (fault,) = audit_log.faults(lines[1:])
    assert "did not expire" in fault


def test_an_end_that_is_missing_is_found_by_a_copy(tmp_path: Path) -> None:
    """The chain alone does not show it; what the last copy saw does, and also a log that was written anew."""
    kept = filled(tmp_path)
    lines = list(audit_log.lines(kept.log))
    anchor = audit_log.head(kept.log)
    assert audit_log.faults(lines, anchor) == []
    assert audit_log.faults(lines[:3]) == []
    assert "its end is missing" in audit_log.faults(lines[:3], anchor)[0]
    assert "written anew" in audit_log.faults(lines, Head(anchor.number, "f" * 64))[0]


def test_what_is_old_expires_and_the_rest_is_whole(tmp_path: Path) -> None:
    """Old lines go, and up to which is in the log; cut off before they went, the log is whole too."""
    log = tmp_path / "audit.jsonl"
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(6):
        audit_log.append(log, {"who": "head", "what": "approve", "whom": f"s{number}"}, start + timedelta(days=number))
    anchor = audit_log.head(log)
    now = start + timedelta(days=33)
    assert audit_log.expire(log, 30, now) == 3
    lines = list(audit_log.lines(log))
    assert [json.loads(line)["n"] for line in lines] == [4, 5, 6, 7]
    assert audit_log.faults(lines, anchor) == []
    assert audit_log.expire(log, 30, now) == 0
    assert audit_log.faults(lines[1:], anchor)


def test_a_clock_that_was_ahead_keeps_nothing_from_expiring(tmp_path: Path) -> None:
    """A line of the year 2099 is as old as the one after it, and so is one that is none of the log's; while nothing
    older follows it, it stays."""
    log = tmp_path / "audit.jsonl"
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for at in (start, start.replace(year=2099), start + timedelta(days=1), start + timedelta(days=90)):
        audit_log.append(log, {"who": "head", "what": "approve", "whom": "x"}, at)
    with log.open("ab") as file:
        file.write(b'torn\n{"at": "2020-01-01"}\n')
    audit_log.append(log, {"who": "head", "what": "approve", "whom": "x"}, start + timedelta(days=91))
    assert audit_log.expire(log, 30, start + timedelta(days=20)) == 0
    assert audit_log.expire(log, 30, start + timedelta(days=60)) == 3
    assert audit_log.expire(log, 30, start + timedelta(days=150)) == 5
    lines = list(audit_log.lines(log))
    assert [json.loads(line)["what"] for line in lines] == [audit_log.EXPIRY]
    assert audit_log.faults(lines) == []


def test_a_half_written_line_is_none(tmp_path: Path) -> None:
    """After a power cut in the middle of a line the log goes on with the next."""
    kept = filled(tmp_path, 2)
    with kept.log.open("ab") as file:
        file.write(b'{"n": 3, "who": "he')
    kept.take(event("approve", "student-2"))
    lines = list(audit_log.lines(kept.log))
    assert len(lines) == 3
    assert audit_log.faults(lines) == []


def test_an_event_that_comes_twice_is_kept_once(tmp_path: Path) -> None:
    """The hub tells an event again whose answer it did not hear."""
    kept = Records(tmp_path)
    first = kept.take(event("approve", "ada", id="17"))
    assert kept.take(event("approve", "ada", id="17")) == first
    assert len(list(audit_log.lines(kept.log))) == 1


def test_why_nothing_is_kept_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, where a command from the server's shell looks for it."""
    assert records.main(["take", '{"what": "no event"}'], tmp_path) == 1
    said = capsys.readouterr()
    assert (said.out, "who did what" in said.err) == ("", True)


def test_events_are_told_in_their_order(tmp_path: Path) -> None:
    """Those of one second too: of a removal and a return the last one counts."""
    db = new_database()
    for _ in range(10):
        events.note(db, "head", contract.REMOVE, "ada")
        events.note(db, "head", contract.RESTORE, "ada")
        db.flush()
    told = [json.loads(one.event)["what"] for one in events.waiting(db)]
    assert told == [contract.REMOVE, contract.RESTORE] * 10


def test_who_was_removed_is_noted_until_they_are_back(tmp_path: Path) -> None:
    """A removal leaves a tombstone, a return takes it away; after a purge the name may be given to somebody else, and
    what failed changes nothing."""
    kept = Records(tmp_path)
    kept.take(event(contract.REMOVE, "ada"))
    assert kept.keeps_home("ada")
    assert not kept.keeps_home("bela")
    kept.take(event(contract.RESTORE, "ada", result="refused"))
    assert kept.keeps_home("ada")
    kept.take(event(contract.RESTORE, "ada"))
    assert not kept.keeps_home("ada")
    assert contract.tombstones(tmp_path) == {}
    kept.take(event(contract.REMOVE, "ada"))
    kept.take(event(contract.ACCOUNT, "ada"))
    assert contract.tombstones(tmp_path)["ada"].is_in_force  # the home is still there
    kept.take(event(contract.PURGE, "ada"))
    stone = contract.tombstones(tmp_path)["ada"]
    assert stone.is_in_force
    assert not stone.keeps_home
    kept.take(event(contract.ACCOUNT, "ada"))
    assert not contract.tombstones(tmp_path)["ada"].is_in_force
    kept.take(event(contract.REMOVE, "ada"))
    assert kept.keeps_home("ada")


def test_an_event_is_added_by_the_end_of_a_long_log(tmp_path: Path) -> None:
    """Of a log that is longer than what is looked through only the end is read; half a line there is replaced, and one
    that no log of ours has is found all the same."""
    kept = Records(tmp_path)
    heads = [kept.take({**event("approve", "ada"), "why": "x" * 300}) for _ in range(audit_log.REMEMBERED_BYTES // 300)]
    assert kept.log.stat().st_size > audit_log.REMEMBERED_BYTES
    whole = kept.log.stat().st_size
    with kept.log.open("ab") as file:
        file.write(b'{"n": 99')
    with mock.patch.object(audit_log, "lines", side_effect=AssertionError):
        added = kept.take(event("approve", "bela"))
    assert added.number == heads[-1].number + 1
    assert kept.verify(added)["faults"] == []
    assert kept.log.read_bytes()[whole : whole + 8] != b'{"n": 99'
    with kept.log.open("ab") as file:
        file.write(b"x" * 2 * audit_log.REMEMBERED_BYTES)
    assert kept.take(event("approve", "chen")).number == added.number + 1
    assert kept.verify(added)["faults"] == []


@pytest.mark.parametrize(
    "given",
    [
        [],
        {"who": "head"},
        {"who": "", "what": "approve"},
        {"who": "head", "what": "Approve it"},
        {"who": "head", "what": "approve", "whom": 7},
        {"who": "head", "what": "approve", "whom": "x" * 301},
        {"who": "head", "what": "approve", "at": "2020-01-01"},
        {"who": "head", "what": "approve", "n": 1},
    ],
)
def test_what_is_no_event_is_refused(given: Any) -> None:
    """The hub says who did what; number, time and chain are the guard's."""
    with pytest.raises(Refused):
        records.checked(given)


def test_no_lab_gets_the_home_of_somebody_who_was_removed(tmp_path: Path) -> None:
    """Whatever the hub's database says: the guard mounts it for nobody until they are back, and nobody's lab starts
    while it cannot tell."""

    async def story(engine: Engine, between: EngineGateway, ask: Ask) -> None:
        between.records = Records(tmp_path)
        assert (await ask("POST", CREATE, json=BODY))[0] == 200
        for what, status in ((contract.REMOVE, 403), (contract.RESTORE, 200)):
            told = {"who": "head", "what": what, "whom": "ada", "result": "done"}
            assert (await ask("POST", contract.ADDRESS, json=told))[0] == 201
            assert (await ask("POST", CREATE, json=BODY))[0] == status
        (tmp_path / contract.TOMBSTONES).write_text("[1]")
        assert (await ask("POST", CREATE, json=BODY))[0] == 403

    run(tmp_path, story)


def test_the_hub_can_only_add(tmp_path: Path) -> None:
    """Nothing that it may ask changes or reads the log; what is no event is refused, and what cannot be written is
    told, so that it is told again."""

    async def story(engine: Engine, between: EngineGateway, ask: Ask) -> None:
        between.records = Records(tmp_path)
        for method in ("GET", "DELETE", "PUT"):
            assert (await ask(method, contract.ADDRESS))[0] == 403
        for wrong in (b"", b"[]", b"{", b'{"who": "x"}'):
            assert (await ask("POST", contract.ADDRESS, data=wrong))[0] == 403
        assert list(audit_log.lines(between.records.log)) == []
        between.records = Records(tmp_path / "gone")
        told = {"who": "head", "what": "approve", "result": "done"}
        assert (await ask("POST", contract.ADDRESS, json=told))[0] == 507

    run(tmp_path, story)


def test_events_reach_the_guard(tmp_path: Path) -> None:
    """What the hub notes with a change is in the log, in its order; while the guard is away it waits."""
    db = new_database()
    events.note(db, "head", "approve", "ada", why="x" * 1000)
    events.note(db, "head", "approve", "bela")
    db.commit()

    async def story(engine: Engine, between: EngineGateway, ask: Ask) -> None:
        between.records = Records(tmp_path)
        await outbox.send(db, logging.getLogger("test"), tmp_path / "nobody.sock")
        assert len(events.waiting(db)) == 2
        await outbox.send(db, logging.getLogger("test"), tmp_path / "engine.sock")
        assert events.waiting(db) == []
        found = [json.loads(line) for line in audit_log.lines(between.records.log)]
        assert {one["whom"] for one in found} == {"ada", "bela"}

    run(tmp_path, story)
