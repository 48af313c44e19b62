"""Handouts where labs see them: not before their time, whole, to their groups alone."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from homeroom_lab.handouts import deliver

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.topics.handouts import handouts, places
from generator.topics.handouts.publish import Publisher
from generator.topics.handouts.state import State
from tests.sample_settings import settings

NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)
FILE = """\
handouts:
  - {name: week1, from: week1, to: algo/week1, groups: [biology, algo]}
  - {name: solutions, from: week1-solutions, to: algo/solutions, groups: [algo], visible_from: 2026-10-12 08:00}
  - {name: rules, from: rules, to: rules}
"""


class Desk:
    """A directory with sources, a site file, and what is published of it."""

    def __init__(self, directory: Path) -> None:
        self.sources, self.site, self.place = (directory / name for name in ("sources", "site", "handouts"))
        self.site.mkdir()
        for name in ("week1", "week1-solutions", "rules"):
            (self.sources / name).mkdir(parents=True)
            (self.sources / name / f"{name}.txt").write_text(name)
        self.write(FILE)

    def write(self, text: str) -> None:
        """Change the site file."""
        (self.site / "handouts.yaml").write_text(text)

    def publish(self, now: datetime = NOW, **values: str) -> State:
        """Publish what is due."""
        known = handouts.load(settings(**values), self.site)
        publisher = Publisher(
            settings=settings(**values), known=known, sources=self.sources, site=self.site, place=self.place
        )
        return publisher.run(now)

    def folder(self, group: str | None) -> Path:
        """What labs of a group's members see."""
        return places.Audience(group=group).folder(self.place)

    def seen(self, *groups: str | None) -> dict[str, list[str]]:
        """The handouts that a lab with these mounts would bring, each with its files."""
        place = self.place / "lab"
        place.mkdir(exist_ok=True)
        for old in place.iterdir():
            old.unlink()
        for group in groups:
            (place / places.Audience(group=group).key).symlink_to(self.folder(group))
        return {one.name: sorted(name for name, _ in deliver.tree(one.folder)) for one in deliver.known(place)}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three handouts, one of them for next week."""
    return Desk(tmp_path)


def everything(folder: Path) -> str:
    """All names and texts below a folder."""
    return "\n".join(f"{path} {path.read_text() if path.is_file() else ''}" for path in sorted(folder.rglob("*")))


def test_each_group_sees_its_own(desk: Desk) -> None:
    """A lab sees what its user's groups are handed out and what all are; one in two groups each thing once."""
    desk.publish()
    assert desk.seen("biology") == {"week1": ["week1.txt"]}
    assert desk.seen("biology", "algo", None) == {"rules": ["rules.txt"], "week1": ["week1.txt"]}
    assert desk.seen("chemistry", None) == {"rules": ["rules.txt"]}


def test_what_is_not_due_is_nowhere_for_a_lab_to_read(desk: Desk) -> None:
    """Before its moment neither text nor name of a handout is in a folder that a lab mounts; after it all of it is."""
    desk.publish(datetime(2026, 10, 12, 7, 59, 59, tzinfo=UTC))
    assert "solutions" not in everything(desk.place / "labs")
    desk.publish(datetime(2026, 10, 12, 8, tzinfo=UTC))
    assert desk.seen("algo")["solutions"] == ["week1-solutions.txt"]
    assert "solutions" not in everything(desk.folder("biology"))


def test_nobody_else_on_the_machine_reads_them(desk: Desk) -> None:
    """The folder on this machine is its owner's alone; what a lab mounts of it, any lab's user can read."""
    desk.publish()
    assert desk.place.stat().st_mode & 0o777 == 0o700
    assert desk.folder("algo").stat().st_mode & 0o777 == 0o755


def test_a_change_appears_whole_and_is_noticed(desk: Desk) -> None:
    """Labs notice a change by the index, which is written when all of it is there; nothing new is nothing to notice."""
    desk.publish()
    seen = deliver.stamp(desk.place / "labs")
    desk.publish()
    assert deliver.stamp(desk.place / "labs") == seen
    (desk.sources / "week1/extra.txt").write_text("more")
    desk.publish()
    assert deliver.stamp(desk.place / "labs") != seen
    assert desk.seen("biology") == {"week1": ["extra.txt", "week1.txt"]}
    assert len([path for path in desk.folder("biology").iterdir() if path.is_dir()]) == 1


def test_what_is_taken_back_is_gone(desk: Desk) -> None:
    """A handout that is removed from the file, or put off, is no longer there for any lab."""
    desk.publish()
    desk.write(FILE.replace("groups: [biology, algo]", "groups: [algo], visible_from: 2026-11-01 08:00"))
    desk.publish()
    assert desk.seen("biology", "algo") == {}
    assert "week1.txt" not in everything(desk.place / "labs")
    desk.write("handouts: []\n")
    desk.publish()
    assert desk.seen(None) == {}


def test_a_fault_is_told_and_takes_nothing_away(desk: Desk) -> None:
    """What cannot be handed out any more stays as it was handed out; others are published; all of it is told."""
    desk.publish()
    (desk.sources / "week1/bad").symlink_to("/etc/passwd")
    (desk.sources / "rules/new.txt").write_text("new")
    found = desk.publish()
    assert "leads out of it" in found.handouts["week1"].fault
    assert desk.seen("biology", None) == {"rules": ["new.txt", "rules.txt"], "week1": ["week1.txt"]}
    (desk.sources / "week1/bad").unlink()
    assert desk.publish().handouts["week1"].fault == ""


def test_one_that_is_missing_or_too_large_is_told(desk: Desk) -> None:
    """Where, and what to do."""
    os.truncate(desk.sources / "rules/rules.txt", 65 << 20)
    desk.write(FILE.replace("from: week1,", "from: week7,"))
    found = desk.publish(HANDOUT_MAX_SIZE="64M")
    assert found.handouts["week1"].fault.startswith(f"{desk.sources}/week7: cannot be read: no such file")
    assert "HANDOUT_MAX_SIZE, 64 MiB" in found.handouts["rules"].fault
    assert desk.seen("algo", None) == {}


def test_a_run_that_was_cut_off_is_made_good(desk: Desk) -> None:
    """Whatever a killed run left, the next one puts right."""
    desk.publish()
    (desk.place / "staging/copy").mkdir(parents=True)
    (desk.place / "state.json").write_text('{"handouts":')
    index = desk.folder("biology") / places.INDEX
    index.write_text(json.dumps({"handouts": []}))
    desk.publish(NOW + timedelta(minutes=1))
    assert desk.seen("biology") == {"week1": ["week1.txt"]}
    assert not (desk.place / "staging").exists()


def test_only_one_publishes_at_a_time(desk: Desk) -> None:
    """The clock's run and the operator's do not get into each other's way."""
    desk.publish()
    with exclusive(desk.place), pytest.raises(HomeroomError, match="being published just now"):
        desk.publish()
