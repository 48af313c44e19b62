"""What containers' labels and the hub's database together tell of the labs that run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from homeroom.queue.resources import Resources
from homeroom.spawner.running import Recorded, orphans, running


def container(user: str, server: str = "", *, created: int = 100, id: str = "", **labels: str) -> dict[str, Any]:  # noqa: A002
    """A container as the engine lists it."""
    own = {"homeroom.user": user, "homeroom.server": server} | {
        f"homeroom.{name}": value for name, value in labels.items()
    }
    return {"Id": id or f"id-{user}-{server}", "Created": created, "Labels": own}


def test_labels_tell_what_was_reserved() -> None:
    """Memory, CPUs, timeouts and the start come from the container; the last use from the database, which is UTC."""
    labelled = container("ada", memory="1024", cpus="0.5", idle="60", longest="0")
    record = Recorded(key=("ada", ""), last_activity=datetime(1970, 1, 1, 0, 2))
    found = running([labelled], [record])["ada", ""]
    assert found.resources == Resources(memory_bytes=1024, cpus=0.5)
    assert (found.started, found.last_activity, found.idle_seconds, found.max_age_seconds) == (100.0, 120.0, 60, 0)


def test_a_lab_that_was_given_more_time_ends_later() -> None:
    """Who waits in the queue is not told that an idle lab stops before it does."""
    labelled = container("ada", memory="1024", cpus="0.5", idle="60", longest="0")
    used = datetime(1970, 1, 1, 0, 2)
    plain = running([labelled], [Recorded(key=("ada", ""), last_activity=used)])["ada", ""]
    held = running([labelled], [Recorded(key=("ada", ""), last_activity=used, held_until=7320.0)])["ada", ""]
    assert (plain.likely_end(1000.0), held.likely_end(1000.0)) == (180.0, 7320.0)


def test_a_container_of_an_older_version_counts_for_nothing_and_breaks_nothing() -> None:
    """A container without the labels of today reserves nothing, and is no error."""
    assert running([container("ada")], [])["ada", ""].resources == Resources(memory_bytes=0, cpus=0.0)


def test_named_servers_are_labs_of_their_own() -> None:
    """Two labs of one person count as two."""
    assert len(running([container("ada"), container("ada", "second")], [])) == 2


def test_a_container_of_no_lab_is_an_orphan() -> None:
    """A lab that the hub does not know as running is an orphan, once it is older than half a minute."""
    labs = [container("ada"), container("bela"), container("carl"), container("dora", created=990)]
    assert [each["Id"] for each in orphans(labs, [Recorded(key=("ada", ""))], 1000.0)] == ["id-bela-", "id-carl-"]


def test_a_renamed_person_keeps_their_lab() -> None:
    """The label has the old name; the hub knows the container."""
    record = Recorded(key=("new-name", ""), container_id="abc")
    assert orphans([container("old-name", id="abc")], [record], 1000.0) == []
    assert len(orphans([container("old-name", id="abc")], [], 1000.0)) == 1
