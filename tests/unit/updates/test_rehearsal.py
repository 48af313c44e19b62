"""A container of the rehearsal: as the service is, but that it reaches nothing."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from generator.topics.updates import rehearsal

SERVICE: dict[str, Any] = {
    "image": "room-next-hub:local",
    "command": ["python", "-m", "homeroom.guard.service"],
    "user": "0:100",
    "environment": {"TZ": "UTC"},
    "mem_limit": "268435456",
    "networks": {"front": None, "labs": None},
    "ports": [{"published": "8000", "target": 8000}],
    "tmpfs": ["/tmp"],
    "volumes": [
        {"type": "bind", "source": "/srv/room/rendered", "target": "/srv/jupyterhub", "read_only": True, "bind": {}},
        {"type": "volume", "source": "hub-socket", "target": "/run/hub", "volume": {}},
    ],
}


def test_it_is_the_service_without_networks_and_ports() -> None:
    """Image, command, user, limits and mounts are the service's; it is on no network, publishes no port, may do no more
    than the service, and its volumes are the rehearsal's own."""
    made = rehearsal.options("room-next", "guard", SERVICE)
    assert (made["image"], made["command"], made["user"]) == (SERVICE["image"], SERVICE["command"], "0:100")
    assert made["network_mode"] == "none"
    assert "ports" not in made
    assert (made["cap_drop"], made["read_only"], made["mem_limit"]) == (["ALL"], True, 268435456)
    assert [(one["Source"], one["Target"], one["ReadOnly"]) for one in made["mounts"]] == [
        ("/srv/room/rendered", "/srv/jupyterhub", True),
        ("room-next_hub-socket", "/run/hub", False),
    ]
    assert made["tmpfs"] == {"/tmp": ""}
    assert "user" not in rehearsal.options("room-next", "hub", {**SERVICE, "user": None})


def test_the_copy_is_the_hubs_alone(tmp_path: Path) -> None:
    """The copy of the database is laid in as the hub's user's file, which nobody else reads."""
    (tmp_path / "copy").write_bytes(b"SQLite format 3")
    with tarfile.open(fileobj=io.BytesIO(rehearsal._archive(tmp_path / "copy"))) as archive:
        (entry,) = archive.getmembers()
        assert (entry.name, entry.mode, entry.uid, entry.gid) == ("jupyterhub.sqlite", 0o600, 990, 100)
        content = archive.extractfile(entry)
        assert content is not None
        assert content.read() == b"SQLite format 3"
