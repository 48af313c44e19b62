"""What is removed of courses, and what is not."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.topics.terms import kept, named, removal
from generator.topics.terms.named import Named
from tests.sample_settings import settings

DAY = 86400


def test_the_name_is_typed_again() -> None:
    """Without it nothing is done; another one is no word for this course."""
    assert not removal.require_named("", "bio")
    assert removal.require_named("bio", "bio")
    with pytest.raises(HomeroomError, match="nothing was removed"):
        removal.require_named("bio-2", "bio")


def test_a_course_of_the_file_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """What site/courses.yaml still has is not deleted, unless its own time is over."""
    deployment: Any = SimpleNamespace(settings=settings())
    read: Any = None

    def with_purge(purge: int | None) -> None:
        monkeypatch.setattr(named, "of_file", lambda _: {"bio": Named(read=read, archive=None, purge=purge)})

    for purge in (None, int(time.time()) + DAY):
        with_purge(purge)
        with pytest.raises(HomeroomError, match="is in site"):
            removal.require_out_of_file(deployment, "bio")
    with_purge(int(time.time()) - DAY)
    removal.require_out_of_file(deployment, "bio")
    removal.require_out_of_file(deployment, "physics")


def test_nothing_is_removed_in_an_exam(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what students did nor the course: what those who sit it write would not be handed in."""
    found = kept.Kept(course="bio", desk=None, home=None, sends=0, sittings=2, sitting=2, made={})
    deployment: Any = SimpleNamespace(settings=settings())
    monkeypatch.setattr(removal, "alone", lambda _: nullcontext())
    monkeypatch.setattr(kept, "look", lambda *_: found)
    monkeypatch.setattr(named, "of_file", lambda _: {})
    for verb in (removal.reset, removal.delete):
        verb(deployment, "bio", "", without_copy=True)
        with pytest.raises(HomeroomError, match="2 persons in an exam of bio, not handed in yet; nothing was"):
            verb(deployment, "bio", "bio", without_copy=True)


def test_archives_are_kept_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They have what people did, and go as the files of people do who were removed."""
    monkeypatch.setattr(removal, "FOLDER", tmp_path)
    for name, days in (("old", 31), ("new", 29)):
        (tmp_path / f"{name}.tar.gz").touch()
        os.utime(tmp_path / f"{name}.tar.gz", (time.time() - days * DAY,) * 2)
    assert removal.forget_copies(30, time.time()) == ["old.tar.gz"]
    assert [path.name for path in tmp_path.iterdir()] == ["new.tar.gz"]


def test_one_command_at_a_time_changes_courses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one that was killed has left is ended before the next begins, and nothing of one that goes on."""
    monkeypatch.setattr(removal, "FOLDER", tmp_path)
    ended: list[object] = []

    class Left:
        def remove(self, *, force: bool) -> None:
            ended.append(force)

    def listed(*, filters: dict[str, list[str]], **_: bool) -> list[Left]:
        assert filters["label"] == ["homeroom.deployment=homeroom", "homeroom.service=material"]
        return [Left()]

    client = SimpleNamespace(containers=SimpleNamespace(list=listed))
    deployment: Any = SimpleNamespace(client=client, project="homeroom")
    with removal.alone(deployment):
        assert ended == [True]
        with pytest.raises(HomeroomError, match="another command changes a course"), removal.alone(deployment):
            pass
    assert ended == [True]
