"""A refresh: the steps of an update where the version stays, and its images are built anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.engine.deployment import Deployment
from generator.engine.find import Engine
from generator.schema import env_file
from generator.topics.updates import deployed, record, refreshed, steps
from generator.topics.updates.deployed import Deployed
from generator.topics.updates.record import KEPT, REFRESH, Update
from generator.topics.updates.refreshed import Refreshed, begun, machine_of
from tests.sample_settings import settings
from tests.unit.updates.deployment_in_memory import NAMES, NEW, OLD, InMemory, Killed

ENGINE = Engine("docker", Path("/nonexistent/engine.sock"), "26.1.5", "1.45", rootless=False)
LAST_UPDATE = Update(step="proved", old="c" * 40, new=REFRESH, done_at="2026-11-20T00:00:00+00:00")


@dataclass
class Images(InMemory):
    """A deployment of which only the images change. `sick` names what does not come up: images of that version."""

    def commit(self) -> str:
        """The tree stays."""
        return REFRESH

    def check_out(self, commit: str, branch: str = "") -> None:
        """The tree stays."""

    def up(self, *, within_update: bool = False) -> None:
        """`make up`, with whichever images there are."""
        steps.before_up(self, within_update=within_update)
        self._effect("up")
        (self.services,) = set(self.images.values())
        self._effect("smoke test")
        if self.services in self.sick:
            raise HomeroomError("the hub cannot be used", remedy="Nothing.")
        steps.after_up(self, within_update=within_update)

    def runs(self, version: str) -> bool:
        """Whether services and images are of a version, and the database was never touched."""
        return {self.services, *self.images.values()} == {version} and self.hub_runs and self.database == OLD


def refresh(machine: Images) -> Update:
    """Run one."""
    return steps.run(machine, begun(), within_seconds=60)


def test_a_refresh_changes_the_images_alone(tmp_path: Path) -> None:
    """Services run from the new images; the hub is not stopped before, its database is not copied, and of the old
    images nothing is left. The way back of the last update stays."""
    machine = Images(tmp_path / "refresh")
    record.write(replace(LAST_UPDATE, new=NEW), machine.folder, KEPT)
    machine.kept = {(name, "c" * 40): "c" * 40 for name in NAMES}
    refresh(machine)
    assert machine.runs(NEW)
    assert not {"stop_hub", "copy_database"} & set(machine.done)
    assert set(machine.kept) == {(name, "c" * 40) for name in NAMES}
    assert record.read(machine.folder, KEPT) == replace(LAST_UPDATE, new=NEW)
    assert record.read(machine.folder) is None


def test_a_refresh_that_is_not_well_goes_by_itself(tmp_path: Path) -> None:
    """The images of before run again, the database keeps what was written meanwhile, and the error says so."""
    machine = Images(tmp_path / "refresh", sick=(NEW,))
    with pytest.raises(HomeroomError, match="refreshed version is not well: the hub cannot be used") as raised:
        refresh(machine)
    assert "The images of before run again" in raised.value.remedy
    assert machine.runs(OLD)
    assert machine.left() == []


@pytest.mark.parametrize("verb", ["lay_out", "rehearse", "keep_images"])
def test_what_cannot_be_built_changes_nothing(tmp_path: Path, verb: str) -> None:
    """Images that cannot be built or rehearsed: those that run go on, and the hub is not stopped."""
    machine = Images(tmp_path / "refresh", refuses=verb)
    with pytest.raises(HomeroomError, match=f"the refresh was not made: {verb} failed"):
        refresh(machine)
    assert machine.runs(OLD)
    assert machine.left() == []
    assert not {"take_images", "stop_hub", "up"} & set(machine.done)


@pytest.mark.parametrize("sick", [(), (NEW,)], ids=["well", "sick"])
def test_the_next_up_ends_a_refresh_that_was_killed(tmp_path: Path, sick: tuple[str, ...]) -> None:
    """Killed at whichever step: after the next `make up` all images are of one moment, and nothing is left; the new
    ones only where they had been proved."""
    ends = []
    for number in range(200):
        machine = Images(tmp_path / str(number), sick=sick, dies_at=number)
        try:
            refresh(machine)
        except Killed:
            proved = (found := record.read(machine.folder)) is not None and found.step == "proved"
            machine.typed_up()
            assert not proved or machine.services == NEW
        except HomeroomError:
            pass
        ends.append(machine.services)
        assert machine.runs(ends[-1]), machine
        assert machine.left() == []
        if machine.dies_at == number:
            break
    assert len(ends) > 12
    assert ends[0] == OLD
    assert ends[-1] == (OLD if sick else NEW)


def test_what_is_under_way_says_how_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh that was cut off is ended as one, by any command; an update as one."""
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    here = Deployment(settings(COMPOSE_PROJECT_NAME="room"), ENGINE)
    assert type(machine_of(here)) is Deployed
    record.write(begun(), tmp_path)
    assert type(machine_of(here)) is Refreshed
    assert machine_of(here).commit() == REFRESH
    record.write(Update(step="switching", old=OLD, new=NEW), tmp_path)
    assert type(machine_of(here)) is Deployed


def test_a_rehearsal_has_all_that_images_are_built_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree as it is, with changes of the operator's, is laid out under another name, without what is theirs beside
    it; nobody else reads its secrets, and its images are built of this moment."""
    root = tmp_path / "room"
    files = ("generator/cli.py", "docker-compose.yml", "hub/Dockerfile", "hub/mine.py", "homes/ada/secret", "class.csv")
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / ".env").write_text("COMPOSE_PROJECT_NAME=room\n")
    monkeypatch.setattr(record, "FOLDER", root / ".update")
    monkeypatch.setattr(deployed, "ENV_FILE", root / ".env")
    monkeypatch.setattr(refreshed, "SITE", root / "site")
    monkeypatch.setattr(Deployed, "tidy", lambda _: None)
    (root / ".update").mkdir()
    here = Refreshed(Deployment(settings(COMPOSE_PROJECT_NAME="room"), ENGINE), root=root)
    here.lay_out(REFRESH)
    laid = here.next_root
    found = {str(path.relative_to(laid)) for path in laid.rglob("*") if path.is_file() and not path.is_symlink()}
    assert found == {"generator/cli.py", "docker-compose.yml", "hub/Dockerfile", "hub/mine.py", ".env"}
    assert env_file.parse((laid / ".env").read_text())[-1].value == "room-next"
    assert (laid / ".env").stat().st_mode & 0o777 == 0o600
    assert (laid / "site").readlink() == root / "site"
    assert here._rehearsal_options()[0].startswith("--packages=20")
