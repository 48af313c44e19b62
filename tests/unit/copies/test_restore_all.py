"""Where each part of a copy comes to, and when nothing is touched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
from homeroom_copies import bring_all

from generator.core.errors import HomeroomError
from generator.preflight.disk import Filesystem
from generator.topics.copies import restore_all, room
from generator.topics.copies.restore import Copy
from generator.topics.storage import homes
from tests.sample_settings import TOKEN, settings


class Volumes:
    """The volumes of an engine."""

    def __init__(self, *names: str) -> None:
        self.labels: dict[str, dict[str, str]] = {name: {} for name in names}

    def get(self, name: str) -> None:
        """Say whether one is there, as the engine does."""
        if name not in self.labels:
            raise docker.errors.NotFound(name)

    def create(self, name: str, labels: dict[str, str]) -> None:
        """Make one."""
        self.labels[name] = labels


def deployment(volumes: Volumes, **values: str) -> Any:
    """A deployment on an engine with these volumes."""
    return SimpleNamespace(project="homeroom", client=SimpleNamespace(volumes=volumes), settings=settings(**values))


def test_a_deployment_that_holds_something_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One home, or the volume of the accounts, is enough; all that is there is named."""
    monkeypatch.setattr(homes, "owners", lambda client, known: [])
    restore_all.require_empty(deployment(Volumes()))
    with pytest.raises(HomeroomError, match="the volume homeroom_data"):
        restore_all.require_empty(deployment(Volumes("homeroom_data")))
    monkeypatch.setattr(homes, "owners", lambda client, known: ["ada"])
    with pytest.raises(HomeroomError, match="the home of ada"):
        restore_all.require_empty(deployment(Volumes()))


def test_each_part_has_its_place(tmp_path: Path) -> None:
    """A home is its owner's volume again, a share is what `site/` of the copy says, and a service's volume is one that
    Compose takes for its own; what is there already is not made again."""
    (tmp_path / "shares.yaml").write_text("shares:\n  - {name: exchange, volume: common, target: /srv/exchange}\n")
    volumes = Volumes("homeroom-user-ada")
    parts = [
        "/copy/homes/ada",
        "/copy/homes/bela-40uni",
        "/copy/shares/exchange",
        "/copy/exams/f00d",
        "/copy/state/volumes/data",
        "/copy/state/env",
        "/copy/state/site",
    ]
    exam = {"homeroom.user": "ada", "homeroom.server": "exam-final-0123456789ab"}
    manifest = {"parts": parts, "exams": {"/copy/exams/f00d": exam}}
    found = list(restore_all.sources_of(deployment(volumes), manifest, tmp_path))
    assert [(one.inside, one.host) for one in found] == [
        ("/copy/homes/ada", "homeroom-user-ada"),
        ("/copy/homes/bela-40uni", "homeroom-user-bela-40uni"),
        ("/copy/shares/exchange", "homeroom-share-common"),
        ("/copy/exams/f00d", "homeroom-exam-f00d"),
        ("/copy/state/volumes/data", "homeroom_data"),
    ]
    assert volumes.labels["homeroom-user-ada"] == {}
    assert volumes.labels["homeroom-user-bela-40uni"]["homeroom.user"] == "bela@uni"
    assert volumes.labels["homeroom-exam-f00d"] == {"homeroom.deployment": "homeroom", **exam}
    assert volumes.labels["homeroom_data"]["com.docker.compose.volume"] == "data"


def test_what_was_there_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` and `site/` that a new machine had are kept under other names, also when a run was cut off in between."""
    for name in ("ENV_FILE", "SITE", "NEW_ENV", "NEW_SITE"):
        monkeypatch.setattr(restore_all, name, tmp_path / name)
    moment = datetime(2026, 11, 27, tzinfo=UTC)
    for attempt in range(2):
        if attempt == 0:
            (tmp_path / "ENV_FILE").write_text("the machine's")
            (tmp_path / "SITE").mkdir()
        (tmp_path / "NEW_ENV").write_text("the copy's")
        (tmp_path / "NEW_SITE").mkdir()
        restore_all.put_in_place(moment)
        assert (tmp_path / "ENV_FILE").read_text() == "the copy's"
        assert (tmp_path / "ENV_FILE.before-restore-20261127000000").read_text() == "the machine's"
        assert (tmp_path / "SITE.before-restore-20261127000000").is_dir()


def test_settings_that_come_back_name_this_machines_engine(tmp_path: Path) -> None:
    """An engine of another kind listens elsewhere; all else is as it was, and so is the file where it is the same."""
    file = tmp_path / "env"
    text = f"CONFIGPROXY_AUTH_TOKEN={TOKEN}\nHUB_PORT=8100\n"
    file.write_text(text)
    restore_all.keep_engine(file, "/var/run/docker.sock")
    assert file.read_text() == text
    restore_all.keep_engine(file, "/run/podman/podman.sock")
    assert file.read_text() == f"{text}ENGINE_SOCKET=/run/podman/podman.sock\n"
    assert file.stat().st_mode & 0o077 == 0


def test_copies_are_not_mixed() -> None:
    """A run that was cut off goes on with its own copy, and refuses another."""
    copy = Copy(name="a", made_at=datetime(2026, 11, 27, tzinfo=UTC), files=1, size_bytes=1)
    restore_all.require_same(copy, "")
    restore_all.require_same(copy, "a")
    with pytest.raises(HomeroomError, match="the copy b has come back in part"):
        restore_all.require_same(copy, "b")


def test_each_file_of_a_copy_is_looked_for_in_its_place(tmp_path: Path) -> None:
    """Databases come into their volumes, and the folders above the parts are nobody's."""
    listed: list[dict[str, Any]] = [
        {"path": "/copy/homes", "type": "dir"},
        {"path": "/copy/homes/ada", "type": "dir"},
        {"path": "/copy/exams", "type": "dir"},
        {"path": "/copy/exams/f00d/answer.txt", "type": "file"},
        {"path": "/copy/state/env", "type": "file"},
        {"path": "/copy/state/volumes/data/cookie_secret", "type": "file"},
        {"path": "/copy/scratch/made/databases/data", "type": "dir"},
        {"path": "/copy/scratch/made/databases/data/jupyterhub.sqlite", "type": "file"},
        {"path": "/copy/homes/ada/socket", "type": "socket"},
    ]
    assert [str(path) for _, path in bring_all.places(iter(listed))] == [
        "/copy/homes/ada",
        "/copy/exams/f00d/answer.txt",
        "/copy/state/volumes/data/cookie_secret",
        "/copy/state/volumes/data/jupyterhub.sqlite",
    ]


def test_too_small_a_disk_is_told_before(tmp_path: Path) -> None:
    """How much a copy needs and how much there is, of bytes and of inodes, and that nothing was changed."""
    copy = Copy(name="a", made_at=datetime(2026, 11, 27, tzinfo=UTC), files=1000, size_bytes=10 << 30)
    disk = Filesystem(
        path=tmp_path, kind="ext4", device=1, free_bytes=20 << 30, total_bytes=1 << 40, free_inodes=0, total_inodes=0
    )
    room.check(copy, disk)
    with pytest.raises(HomeroomError, match=r"needs 10\.0 GiB, and 8\.0 GiB may be used"):
        room.check(copy, replace(disk, free_bytes=9 << 30))
    with pytest.raises(HomeroomError, match="1000 files, and 999 inodes"):
        room.check(copy, replace(disk, free_inodes=999, total_inodes=5000))
