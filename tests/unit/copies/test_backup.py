"""How a run reads restic's report, lets labs go, and remembers what it came to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.core.process import Completed
from generator.engine import kept
from generator.engine.kept import Kept
from generator.topics.copies import backup, freeze, last
from generator.topics.copies.backup import Pass
from generator.topics.copies.copier import Lines
from generator.topics.copies.freeze import Standing
from generator.topics.copies.last import Last
from generator.topics.copies.target import Target


class Lab:
    """A lab's container that notes what is done with it."""

    def __init__(self, user: str, *, gone: bool = False, failures: int = 0, exam: str = "") -> None:
        self.id, self.user, self.gone, self.failures = f"id-{user}", user, gone, failures
        self.labels = {"homeroom.user": user, "homeroom.deployment": "homeroom"}
        self.attrs = {"Mounts": [{"Type": "bind"}, {"Name": f"homeroom-exam-{exam}"}] if exam else []}
        self.status = "running"

    def pause(self) -> None:
        """Stand still, as often as it takes."""
        if self.failures:
            self.failures -= 1
            raise docker.errors.APIError("OCI runtime pause failed: unable to freeze")
        self._set("paused")

    def unpause(self) -> None:
        """Go on."""
        self._set("running")

    def _set(self, state: str) -> None:
        if self.gone:
            raise docker.errors.NotFound("gone")
        self.status = state


def test_a_lab_goes_on_once_its_home_is_through() -> None:
    """Not before, and not only at the end; a lab that ended meanwhile holds up nobody."""
    ada, bela, gone = Lab("ada"), Lab("bela"), Lab("chen", gone=True)
    labs: Any = [ada, bela, gone]
    standing = Standing(labs)
    found = Pass(on_home=standing.let_go)
    assert (ada.status, bela.status) == ("paused", "paused")
    found.take('{"message_type":"verbose_status","action":"new","item":"/copy/homes/ada/x/"}')
    assert ada.status == "paused"
    found.take('{"message_type":"verbose_status","action":"modified","item":"/copy/homes/ada/"}')
    assert (ada.status, bela.status) == ("running", "paused")
    standing.let_all_go()
    assert bela.status == "running"
    assert found.homes == {"ada"}


def test_the_lab_of_an_exam_goes_on_once_that_home_is_through() -> None:
    """It has a home of its own: that of its person holds it up no longer, and lets it go no sooner."""
    sits: Any = Lab("ada", exam="f00d")
    standing = Standing([sits])
    found = Pass(on_home=standing.let_go)
    found.take('{"message_type":"verbose_status","action":"modified","item":"/copy/homes/ada/"}')
    assert sits.status == "paused"
    found.take('{"message_type":"verbose_status","action":"modified","item":"/copy/exams/f00d/"}')
    assert sits.status == "running"
    assert found.homes == {"ada"}, "a home of an exam is nobody's home"


def test_a_pause_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy kernel freezes a lab at the second or third try; one that it never freezes is told, with its owner."""
    monkeypatch.setattr(freeze, "PAUSE_BETWEEN_SECONDS", 0)
    ada, bela = Lab("ada", failures=2), Lab("bela", failures=999)
    labs: Any = [ada, bela]
    standing = Standing(labs)
    assert (ada.status, bela.status) == ("paused", "running")
    assert standing.moving == {"bela"}


def test_labs_that_were_forgotten_go_on(tmp_path: Path) -> None:
    """Those that a killed run noted, if they still stand; a lab that somebody else paused is left alone."""
    ada, bela, chen = Lab("ada"), Lab("bela"), Lab("chen")
    ada.pause()
    chen.pause()
    (tmp_path / freeze.NOTE).write_text(json.dumps([ada.id, bela.id]))
    here: Any = SimpleNamespace(labs=lambda: [ada, bela, chen])
    assert freeze.let_forgotten_go(here, tmp_path) == 1
    assert (ada.status, chen.status) == ("running", "paused")
    assert freeze.let_forgotten_go(here, tmp_path) == 0


def test_what_looks_after_labs_lets_forgotten_ones_go(tmp_path: Path) -> None:
    """`make up` and the watchdog do, unless a copy is being made, which does it itself."""
    ada = Lab("ada")
    ada.pause()
    here: Any = SimpleNamespace(labs=lambda: [ada])
    freeze.free_forgotten(here, tmp_path / "none")
    (tmp_path / freeze.NOTE).write_text(json.dumps([ada.id]))
    with exclusive(tmp_path):
        freeze.free_forgotten(here, tmp_path)
        assert ada.status == "paused"
    freeze.free_forgotten(here, tmp_path)
    assert ada.status == "running"


def test_a_copy_is_made_without_what_it_can_do_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A history that is not there, or damaged, is told; accounts that cannot be copied end the run."""
    rows = (
        Kept(volume="data", owner="990:100", databases=("jupyterhub.sqlite",)),
        Kept(volume="history", owner="990:100", databases=("history.sqlite",), dispensable=True),
    )
    monkeypatch.setattr(kept, "there", lambda _: rows)
    broken = "history.sqlite"

    def run(*command: str, user: str = "") -> Completed:
        code = 1 if "homeroom_copies.database" in command and broken in command[-1] else 0
        return Completed(command, code, "", "malformed" if code else "")

    here: Any = SimpleNamespace(run=run)
    deployment: Any = SimpleNamespace(settings=None)
    backup._prepare(deployment, here, {})
    assert "The copy is without history.sqlite: malformed" in " ".join(capsys.readouterr().err.split())
    broken = "jupyterhub.sqlite"
    with pytest.raises(HomeroomError, match=r"copying the database jupyterhub\.sqlite failed: malformed"):
        backup._prepare(deployment, here, {})


def test_a_report_comes_in_pieces() -> None:
    """Lines are put together again wherever the engine cuts them."""
    seen: list[str] = []
    lines = Lines(seen.append)
    for piece in (b'{"a":', b'1}\n{"b":2', b"}"):
        lines.take(piece)
    lines.end()
    assert seen == ['{"a":1}', '{"b":2}']


def test_what_a_run_came_to_is_kept(tmp_path: Path) -> None:
    """It is read as it was written; a file that is not ours is as none."""
    known = Last(address="/srv/copies", made_at="2026-10-05T04:00:00+00:00", files=7)
    last.write(known, tmp_path)
    assert last.read(tmp_path) == known
    last.tell_hub(known, tmp_path)
    assert json.loads((tmp_path / "last-copy.json").read_text()) == {"made_at": known.made_at}, "nothing else"
    (tmp_path / "last.json").write_text('{"what": 1}')
    assert last.read(tmp_path) == Last()


def test_what_a_copy_took_is_of_all_its_passes() -> None:
    """Most is new to the first pass, and little to the one for which labs stand still: both are in the copy."""
    summary = {"snapshot_id": "a", "total_files_processed": 9, "total_bytes_processed": 900, "data_added": 1000}
    passes = [
        Pass(summary={**summary, "data_added_packed": 700}),
        Pass(summary={**summary, "data_added_packed": 20}, homes={"ada", "bela-40uni"}),
    ]
    place = Target(address="/srv/copies")
    made = backup.noted(place, datetime(2026, 11, 27, tzinfo=UTC), passes, seconds=1, longest_pause_seconds=0)
    assert (made.added_bytes, made.files, made.people) == (720, 9, ["ada", "bela@uni"])
