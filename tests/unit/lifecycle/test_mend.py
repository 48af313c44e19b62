"""Services that are not healthy: restarted at most so often, with their last words kept."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.lifecycle import mend
from generator.topics.updates import record
from generator.topics.watching.state import State
from tests.sample_settings import settings

NOW = datetime(2026, 11, 27, 3, 0).astimezone()


class Service:
    """A service's container as the engine tells of it."""

    def __init__(self, health: str = "healthy", *, status: str = "running", restarts: int = 0) -> None:
        self.status, self.health, self.restarts = status, health, restarts
        self.after: str | None = None

    @property
    def attrs(self) -> dict[str, Any]:
        """What the engine says."""
        state = {
            "Status": self.status,
            "ExitCode": 137,
            "OOMKilled": False,
            "Health": {"Status": self.health} if self.status == "running" else {"Status": self.status},
            "StartedAt": "2026-11-27T00:00:00Z",
        }
        return {"State": state, "RestartCount": self.restarts}

    def reload(self) -> None:
        """Look again."""
        self.health = self.after or self.health

    def logs(self, **_: Any) -> bytes:
        """Its last words."""
        return b"the last words of somebody\n"


class Here:
    """A deployment that notes which services were restarted."""

    def __init__(self, **found: Service | None) -> None:
        self.settings, self.project = settings(), "homeroom"
        self.found = {"guard": Service(), "firewall": Service(), "proxy": Service(), "hub": Service(), **found}
        self.restarted: list[str] = []
        self.refuses = False

    def service(self, name: str) -> Service | None:
        """Its container."""
        return self.found.get(name)

    def containers(self, name: str) -> list[Service]:
        """Its containers."""
        return [one for one in (self.found.get(name),) if one is not None]

    def compose(self, *words: str) -> None:
        """Note it, or fail."""
        if self.refuses:
            raise HomeroomError("docker compose failed:\n  the engine is tired", remedy="Look.")
        self.restarted.append(" ".join(words))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is waited for, and no other command's directory is held."""
    monkeypatch.setattr(mend, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(mend, "ROOT", tmp_path)
    monkeypatch.setattr(record, "FOLDER", tmp_path)


def looked(here: Here, known: State, folder: Path, now: datetime = NOW, keeps: list[int] | None = None) -> list[str]:
    """What is told of the services."""
    deployment: Any = here
    kept = keeps if keeps is not None else []
    return [
        f"{each.location} {each.cause}"
        for each in mend.look(deployment, known, folder, now, lambda: kept.append(len(here.restarted)))
    ]


def test_a_service_that_is_not_healthy_is_restarted(tmp_path: Path) -> None:
    """It alone, and nobody is told; it counts before it is tried, so that a round that is cut off counts too."""
    here, known, keeps = Here(proxy=Service("unhealthy")), State(), list[int]()
    assert looked(here, known, tmp_path, keeps=keeps) == []
    assert here.restarted == ["restart proxy"]
    assert keeps == [0]
    assert [(each.kind, each.words) for each in known.events] == [("restart", "proxy")]


def test_a_service_that_was_half_made_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command was killed while it made it anew, and nothing would start it: it is made, so often at most. While an
    update is not settled it is told alone: another version may be meant."""
    made: list[str] = []
    monkeypatch.setattr(mend, "make_anew", lambda _, name: made.append(name))
    here, known = Here(hub=Service(status="created")), State()
    (tmp_path / record.NOW).touch()
    assert looked(here, known, tmp_path)[0].startswith("hub does not run")
    (tmp_path / record.NOW).unlink()
    for _ in range(3):
        assert looked(here, known, tmp_path) == []
    assert made == ["hub"] * 3
    told = looked(here, known, tmp_path)
    assert told == [
        "hub was not made to the end by a command that was cut off, though it was restarted 3 times within an hour"
    ]


def test_words_that_cannot_be_kept_keep_no_service_from_being_restarted(tmp_path: Path) -> None:
    """As on a full disk, which is told by itself."""
    (tmp_path / mend.WORDS).write_text("in the way")
    here, known = Here(proxy=Service("unhealthy")), State()
    assert looked(here, known, tmp_path) == []
    assert here.restarted == ["restart proxy"]


def test_it_is_restarted_so_often_and_then_told(tmp_path: Path) -> None:
    """Three times within an hour, each of which is an hour of its own for other services and later hours."""
    here, known = Here(hub=Service("unhealthy")), State()
    for number in range(3):
        assert looked(here, known, tmp_path, NOW + timedelta(minutes=5 * number)) == []
    told = looked(here, known, tmp_path, NOW + timedelta(minutes=15))
    assert told == ["hub is not healthy, though it was restarted 3 times within an hour"]
    assert len(here.restarted) == 3
    here.found["guard"] = Service("unhealthy")
    assert looked(here, known, tmp_path, NOW + timedelta(minutes=20)) == told
    assert here.restarted[3:] == ["restart guard"]
    assert looked(here, known, tmp_path, NOW + timedelta(minutes=61)) == []
    assert here.restarted[4:] == ["restart guard", "restart hub"]


def test_last_words_are_kept_for_their_owner(tmp_path: Path) -> None:
    """In a folder of mode 0700, files of 0600; those that are old or too many go."""
    path = mend.keep_words(Service(), "hub", tmp_path, NOW)  # type: ignore[arg-type]
    assert path.read_bytes() == b"the last words of somebody\n"
    assert path.name == "2026-11-27T03-00-00-hub.log"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    old = path.with_name("2026-01-01T03-00-00-hub.log")
    old.write_text("old")
    long_ago = time.time() - 400 * 86400
    os.utime(old, (long_ago, long_ago))
    for number in range(mend.MOST_FILES + 5):
        path.with_name(f"2026-10-01T03-00-{number:02}-hub.log").write_text("x")
    mend.keep_words(Service(), "guard", tmp_path, NOW)  # type: ignore[arg-type]
    left = sorted(each.name for each in path.parent.iterdir())
    assert len(left) == mend.MOST_FILES
    assert old.name not in left
    assert path.name in left


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, ["proxy is not there"]),
        (Service(status="exited"), ["proxy does not run: it ended with 137"]),
        (Service("starting"), []),
        (Service(restarts=5), ["proxy was started again by the engine 5 times"]),
    ],
    ids=["missing", "stopped", "starting", "again and again"],
)
def test_what_a_restart_does_not_mend_is_told(tmp_path: Path, found: Service | None, words: list[str]) -> None:
    """A service that was stopped is left alone: somebody stopped it. One that is starting is no fault yet."""
    here = Here(proxy=found)
    told = looked(here, State(), tmp_path)
    assert [each.partition(", and said last")[0] for each in told] == words
    assert here.restarted == []


def test_a_deployment_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    """Not one for each service."""
    here = Here(guard=None, firewall=None, proxy=None, hub=None)
    assert looked(here, State(), tmp_path) == ["homeroom nothing of this deployment is there"]


def test_a_busy_moment_is_no_fault(tmp_path: Path) -> None:
    """A service that answers a moment later is left alone."""
    proxy = Service("unhealthy")
    proxy.after = "healthy"
    here = Here(proxy=proxy)
    assert looked(here, State(), tmp_path) == []
    assert here.restarted == []


def test_a_restart_that_fails_is_told(tmp_path: Path) -> None:
    """With the reason; also where another command changes the deployment just now."""
    here = Here(hub=Service("unhealthy"))
    here.refuses = True
    assert looked(here, State(), tmp_path) == ["hub is not healthy, and could not be restarted: docker compose failed:"]
    with exclusive(tmp_path):
        (told,) = looked(here, State(), tmp_path / "watching")
    assert "another command is changing" in told


def test_all_are_healthy_or_not() -> None:
    """One that was just started is not yet."""
    for found, well in (({}, True), ({"hub": Service("starting")}, False), ({"proxy": None}, False)):
        here: Any = Here(**found)
        assert mend.all_healthy(here) is well
