"""What a drill begins with, under which name it works, how it is closed off, and what is said of it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.engine.watched import Watched
from generator.schema import env_file
from generator.topics.copies import drilled, last, secrets, sheet
from generator.topics.copies.drilled import Drilled
from generator.topics.copies.last import Last
from generator.topics.drill import beside, drill, fitted, paper, watch
from generator.topics.drill.outcome import Outcome
from generator.topics.drill.timers import timers
from tests.sample_settings import settings

PLACE = "rest:https://copies.example.edu/hub/"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SHARES = """\
shares:
  - {name: ours, path: /srv/ours, target: /srv/ours, read_only: false, groups: [a]}
  - {name: again, path: /srv/ours, target: /srv/again, read_only: false}
  - {name: theirs, path: /srv/theirs, target: /srv/theirs}
  - {name: exchange, volume: exchange, target: /srv/exchange, read_only: false}
"""


def a_sheet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recovery sheet as it is printed, of a clone."""
    said = subprocess.CompletedProcess((), 0, f"{'0123456789' * 4}\n", "")
    monkeypatch.setattr(sheet, "run", lambda _: said)
    secrets.ensure(folder)
    return sheet.text(settings(BACKUP_TO=PLACE), NOW, folder)


def test_the_sheet_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drill begins with what stands on the recovery sheet, and a sheet on which something is missing is a fault."""
    text = a_sheet(tmp_path, monkeypatch)
    known = paper.read(text)
    assert known == paper.Paper(
        project="homeroom", address=PLACE, password=secrets.password(tmp_path), commit="0123456789" * 4
    )
    for without, what in (
        (known.password, "the password"),
        ("make init", "the commands that begin"),
        (known.commit, "the version"),
        ("make restore ALL", "the command that brings all back"),
    ):
        with pytest.raises(HomeroomError, match=what):
            paper.read(text.replace(without, ""))


def test_a_copy_comes_back_closed_off(tmp_path: Path) -> None:
    """Its labs are on no network, nothing starts by a schedule, no directory of the machine is written into, and all
    has the drill's name; the rest is as in the copy."""
    text = "COMPOSE_PROJECT_NAME=homeroom\nHOMES=/srv/homes\nHOME_HARD_LIMIT=10G\nLAB_MEMORY='512M'\n"
    fitted_text = fitted.fit_env(text, "homeroom-drill-0a1b2c")
    assert {line.key: line.value for line in env_file.parse(fitted_text)} == {
        "LAB_MEMORY": "512M",
        "COMPOSE_PROJECT_NAME": "homeroom-drill-0a1b2c",
    }
    (tmp_path / "shares.yaml").write_text(SHARES)
    (tmp_path / "schedule.yaml").write_text("lessons:\n  - {name: a}\n")
    fitted.fit_site(tmp_path)
    shares = {one["name"]: one for one in yaml.safe_load((tmp_path / "shares.yaml").read_text())["shares"]}
    assert (shares["ours"]["volume"], shares["ours"]["groups"]) == ("drill-0", ["a"])
    assert shares["again"]["volume"] == "drill-0"
    assert shares["theirs"]["path"] == "/srv/theirs"
    assert shares["exchange"]["volume"] == "exchange"
    assert "path" not in shares["ours"]
    assert not yaml.safe_load((tmp_path / "schedule.yaml").read_text())
    assert 'c.LabSpawner.network_name = "none"' in (tmp_path / "hub.d/zz-drill.py").read_text()


def test_a_site_without_shares_comes_back_as_it_is(tmp_path: Path) -> None:
    """A list that only has comments, as it is laid at first, is not touched."""
    (tmp_path / "shares.yaml").write_text("# none yet\n")
    fitted.fit_site(tmp_path)
    assert (tmp_path / "shares.yaml").read_text() == "# none yet\n"


def test_homes_that_are_directories_come_into_volumes() -> None:
    """A volume each; homes that are volumes, and the rest, stay as they are."""
    parts = {"/copy/homes": "/srv/homes", "/copy/state/volumes/data": "homeroom_data"}
    made = fitted.fit_manifest({"parts": parts, "databases": {}}, ["ada", "bela"])
    assert list(made["parts"]) == ["/copy/state/volumes/data", "/copy/homes/ada", "/copy/homes/bela"]


def test_its_name_is_nobody_elses() -> None:
    """It is a name that a deployment may have, with a digest of the directory; what is removed begins with it, or is
    labelled with it."""
    name = beside.name_of("a" * 31)
    assert name == settings(COMPOSE_PROJECT_NAME=name).COMPOSE_PROJECT_NAME
    assert name != beside.name_of("a" * 31, Path("/srv/other"))
    assert name == beside.name_of("a" * 31, ROOT)
    assert beside.is_its([f"/{name}-hub-rehearsal"], {}, name)
    assert beside.is_its(["/quiet_bell"], {"homeroom.deployment": name}, name)
    assert not beside.is_its([f"/{'a' * 31}-hub-1"], {"homeroom.deployment": "a" * 31}, name)


class Api:
    """An engine with what belongs to a drill, and what does not."""

    def __init__(self, name: str) -> None:
        self.rows: list[dict[str, Any]] = [
            {"Id": "1", "Names": [f"/{name}-hub"]},
            {"Id": "2", "Names": ["/homeroom-hub-1"], "Labels": {}},
        ]
        self.named = [f"{name}_data", f"{name}-user-ada", "homeroom_data", "homeroom-user-ada"]
        self.tags = [f"{name}-hub:local", "homeroom-hub:local", f"localhost/{name}-lab:local"]
        self.removed: list[str] = []

    def containers(self, *, all: bool) -> list[dict[str, Any]]:  # noqa: A002  # docker-py's
        """What there is."""
        return self.rows if all else []

    def volumes(self) -> dict[str, Any]:
        """What there is."""
        return {"Volumes": [{"Name": one} for one in self.named]}

    def images(self) -> list[dict[str, Any]]:
        """What there is."""
        return [{"RepoTags": self.tags}, {"RepoTags": None}]

    def remove_container(self, one: str, **_: bool) -> None:
        """Remove it."""
        self.removed.append(one)

    def remove_volume(self, one: str, **_: bool) -> None:
        """Remove it."""
        self.removed.append(one)

    def remove_image(self, one: str) -> None:
        """Remove it."""
        self.removed.append(one)


def test_all_of_it_is_removed_and_nothing_else() -> None:
    """Containers, volumes and names of images of the drill; none of the deployment that runs."""
    name = beside.name_of("homeroom")
    api = Api(name)
    client: Any = type("Client", (), {"api": api})
    assert beside.remove(client, name) == len(api.removed)
    assert api.removed == [
        "1",
        f"{name}_data",
        f"{name}-user-ada",
        f"{name}-hub:local",
        f"localhost/{name}-lab:local",
    ]


def test_what_a_killed_drill_left_is_known(tmp_path: Path) -> None:
    """`make up` removes what is left, and not what a drill that goes on has made."""
    assert not drill.is_left(tmp_path / "none")
    (tmp_path / "tree").mkdir()
    assert drill.is_left(tmp_path)
    with exclusive(tmp_path):
        assert not drill.is_left(tmp_path)


def known(days: float, **values: Any) -> Drilled:
    """A drill that was well so many days ago."""
    at = (NOW - timedelta(days=days)).isoformat()
    return Drilled(address=PLACE, well_at=at, seconds=252, homes=30, same=4711, **values)


@pytest.mark.parametrize(
    ("drill_at", "drill", "level", "words"),
    [
        ("04:00", known(30), "", ""),
        ("04:00", known(63), "error", "the last drill is 63 days old"),
        ("", known(63), "", ""),
        ("", known(181), "warn", "the last drill is 181 days old"),
        ("", Drilled(), "warn", "never tried"),
        ("", Drilled(address="/elsewhere", well_at=NOW.isoformat()), "warn", "never tried"),
        ("", known(1, failed_at=NOW.isoformat(), why="no lab starts"), "error", "the last drill failed: no lab starts"),
        ("", Drilled(address=PLACE, failed_at=NOW.isoformat(), why="no room"), "error", "failed: no room"),
    ],
)
def test_the_age_of_drills_is_watched(
    monkeypatch: pytest.MonkeyPatch, drill_at: str, drill: Drilled, level: str, words: str
) -> None:
    """A drill that failed, none at all, and one that is long ago; by the clock one is expected each month."""
    monkeypatch.setattr(drilled, "read", lambda: drill)
    monkeypatch.setattr(last, "read", lambda: Last(address=PLACE, made_at=NOW.isoformat()))
    watched = Watched(settings=settings(BACKUP_TO=PLACE, DRILL_AT=drill_at), now=NOW)
    found = list(watch.faults(watched))
    assert [each.level for each in found] == ([level] if level else [])
    assert all(words in each.cause for each in found)


def test_without_copies_no_drill_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where none are to be made, nor before the first."""
    monkeypatch.setattr(drilled, "read", Drilled)
    monkeypatch.setattr(last, "read", Last)
    assert list(watch.faults(Watched(settings=settings(), now=NOW))) == []
    assert list(watch.faults(Watched(settings=settings(BACKUP_TO=PLACE), now=NOW))) == []
    assert list(watch.letter(Watched(settings=settings(), now=NOW))) == []


def test_the_letter_and_the_sheet_tell_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The day, the minutes and what came back; and one that failed."""
    made = known(26, failed_at="2026-11-20T04:00", why="no room")
    monkeypatch.setattr(drilled, "read", lambda: made)
    (line,) = watch.letter(Watched(settings=settings(BACKUP_TO=PLACE), now=NOW))
    assert "2026-11-01: 30 homes and all else (4711 files and folders) came back in 4 min" in line
    assert "One on 2026-11-20 FAILED: no room" in line
    monkeypatch.undo()
    assert "The last drill         none yet" in a_sheet(tmp_path, monkeypatch)
    drilled.write(made, tmp_path)
    assert "The last drill         2026-11-01: 30 homes" in a_sheet(tmp_path, monkeypatch)


def test_it_is_made_once_a_month() -> None:
    """On the first day, where there are to be copies and DRILL_AT names a time."""
    (timer,) = timers(settings(BACKUP_TO="/srv/copies", DRILL_AT="04:00"))
    assert (timer.verb, timer.at.cron()) == (("drill",), ("0 4 1 * *",))
    assert list(timers(settings(DRILL_AT="04:00"))) == []
    assert list(timers(settings(BACKUP_TO="/srv/copies"))) == []


def test_it_says_what_was_tried() -> None:
    """Where nobody has a password, nobody can sign in with one."""
    assert "signed in with a password" in Outcome(signed_in=True, whose="ada").words
    assert Outcome(whose="ada").words.startswith("Nobody signs in with a password here")
