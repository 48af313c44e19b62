"""What hub, guard and reader are told where people see their own files in the copies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.engine import services
from generator.lifecycle import render
from tests.sample_settings import settings


@pytest.mark.parametrize(
    ("address", "name", "repository"),
    [
        ("/srv/copies", "reader", "/repository"),
        ("rest:https://copies.example.edu/hub/", "reader-remote", "rest:https://copies.example.edu/hub/"),
        ("sftp:hub@copies.example.edu:/srv/hub", "reader-remote", "sftp:hub@copies.example.edu:/srv/hub"),
    ],
)
def test_one_service_reads_copies(tmp_path: Path, address: str, name: str, repository: str) -> None:
    """One that has a network only where copies are elsewhere; it is told of the place, and of no password."""
    wanted = settings(BACKUP_TO=address)
    assert [one for one in services.names(wanted) if one.startswith("reader")] == [name]
    files = render.rendered_files(wanted, tmp_path)
    told = json.loads(files[f"{name}.json"])
    assert (told["deployment"], told["options"][:2]) == ("homeroom", ["--repo", repository])
    assert json.loads(files["guard.json"])["reader_socket_volume"] == "homeroom_reader-socket"


@pytest.mark.parametrize("values", [{}, {"BACKUP_TO": "/srv/copies", "OWN_COPIES": "off"}])
def test_without_copies_nobody_reads_them(tmp_path: Path, values: dict[str, str]) -> None:
    """Where there are none, or it is switched off: no service, no page, and a guard that lets nothing come back."""
    wanted = settings(**values)
    assert not [one for one in services.names(wanted) if one.startswith("reader")]
    files = render.rendered_files(wanted, tmp_path)
    assert not [name for name in files if name.startswith("reader")]
    assert "reader_socket_volume" not in json.loads(files["guard.json"])
    assert "homeroom/copies" not in files["jupyterhub_config.py"]
