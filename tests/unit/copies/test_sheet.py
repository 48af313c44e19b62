"""The page that brings everything back when the machine is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.copies import secrets, sheet, status
from generator.topics.copies.last import Last
from generator.topics.copies.upkeep_record import Upkeep
from tests.sample_settings import settings

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_the_sheet_has_what_it_takes(tmp_path: Path) -> None:
    """Address, password, name, version and commands, also of a disk that is not mounted now. Before there is a
    password, it says how there will be one."""
    known = settings(BACKUP_TO="rest:https://copies.example.edu/hub/", COMPOSE_PROJECT_NAME="biology")
    with pytest.raises(HomeroomError, match="no password of the copies yet"):
        sheet.text(known, NOW, tmp_path)
    secrets.ensure(tmp_path)
    shown = sheet.text(known, NOW, tmp_path)
    word = secrets.password(tmp_path)
    for part in (word, "rest:https://copies.example.edu/hub/", "make restore ALL=biology", "RESTIC_PASSWORD=", "0.18"):
        assert part in shown
    assert "/mnt/not-mounted" in sheet.text(settings(BACKUP_TO="/mnt/not-mounted"), NOW, tmp_path)
    with pytest.raises(HomeroomError, match="no place for copies"):
        sheet.text(settings(), NOW, tmp_path)
    assert max(map(len, shown.splitlines())) <= 110


def test_it_is_asked_for_until_it_lies_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is asked for again with another password or address; what notes that does not hold the password."""
    known = settings(BACKUP_TO="rest:https://copies.example.edu/hub/")
    secrets.ensure(tmp_path)
    assert not sheet.is_kept(known, tmp_path)
    sheet.confirm(known, tmp_path)
    assert sheet.is_kept(known, tmp_path)
    assert secrets.password(tmp_path) not in (tmp_path / sheet.CONFIRMED).read_text()
    assert not sheet.is_kept(settings(BACKUP_TO="rest:https://elsewhere.example.edu/"), tmp_path)
    (tmp_path / "secrets.env").write_text("RESTIC_PASSWORD=another\n")
    assert not sheet.is_kept(known, tmp_path)
    made = Last(address="/srv/copies", made_at=NOW.isoformat())
    for kept, words in ((False, True), (True, False)):
        status._show(settings(BACKUP_TO="/srv/copies"), made, Upkeep(), NOW, sheet_is_kept=kept)
        shown = capsys.readouterr()
        assert ("recovery sheet" in shown.out + shown.err) is words
