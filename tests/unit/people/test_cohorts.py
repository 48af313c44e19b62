"""Many people leave at once; what the hub answers is given."""

from __future__ import annotations

from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.topics.people import cohorts, removal
from tests.sample_settings import settings


def person(name: str, *, admin: bool = False, here: bool = False) -> dict[str, Any]:
    """Somebody of the cohort."""
    return {"name": name, "last": 1_700_000_000, "admin": admin, "here": here}


CLASS = [person("ada"), person("bela", here=True), person("chen"), person("head", admin=True), person("admin")]


class Here:
    """A deployment, and who was removed of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = settings()
        self.removed: list[tuple[list[str], str]] = []
        answer = {"people": CLASS, "groups": ["biology-2025"], "of": 40}
        monkeypatch.setattr(removal, "ask", lambda *_, **__: answer)
        monkeypatch.setattr(removal, "remove", lambda _, names, why: self.removed.append((names, why)))


def test_nobody_leaves_whom_one_has_not_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the number it shows whom; with another number nobody is removed; with theirs they are."""
    here: Any = Here(monkeypatch)
    cohorts.remove(here, "biology-2025", 0, "", "")
    shown = capsys.readouterr()
    said = shown.out + shown.err
    assert all(word in said for word in ("ada", "chen", "PEOPLE=2", "bela, who is here now", "head, an administrator"))
    for wrong in ("3", "1", "0", "-2", "two", "9" * 9):
        with pytest.raises(HomeroomError, match=r"PEOPLE|not"):
            cohorts.remove(here, "biology-2025", 0, wrong, "")
    assert here.removed == []
    cohorts.remove(here, "biology-2025", 400, "2", "")
    assert here.removed == [(["ada", "chen"], "group biology-2025, not here for 400 days")]


def test_administrators_and_who_is_here_stay() -> None:
    """Whatever group they are in; also the deployment's own administrator, whom the database may not know as one."""
    going, staying = cohorts.chosen(CLASS, "admin")
    assert [one["name"] for one in going] == ["ada", "chen"]
    assert [one["name"] for one, _ in staying] == ["bela", "head", "admin"]


def test_wrong_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that there is not, and days that are none or so few that it would be everybody."""
    here: Any = Here(monkeypatch)
    with pytest.raises(HomeroomError) as caught:
        cohorts.remove(here, "biology-2024", 0, "", "")
    assert "Did you mean biology-2025" in str(caught.value)
    for wrong in ("0", "6", "-1", "many", "1e9", "4" * 9):
        with pytest.raises(HomeroomError, match="INACTIVE_DAYS"):
            cohorts.days_of(wrong)
    assert cohorts.days_of("") == 0
    assert cohorts.days_of("400") == 400
