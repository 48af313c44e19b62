"""Where copies may go, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.schema.settings import validation_faults
from generator.topics.copies import target
from generator.topics.copies.refusals import keyscan
from generator.topics.copies.target import Target
from tests.sample_settings import TOKEN, settings

GOOD = {
    "/srv/copies": "directory",
    "sftp:hub@copies.example.edu:/srv/hub": "sftp",
    "sftp:hub@copies.example.edu:hub": "sftp",
    "sftp://hub@[2001:db8::7]:2222//srv/hub": "sftp",
    "s3:https://s3.example.edu/bucket/hub": "s3",
    "s3:s3.amazonaws.com/bucket": "s3",
    "rest:https://copies.example.edu:8000/hub/": "rest",
    "rest:http://127.0.0.1:8000/": "rest",
}
BAD = (
    "srv/copies",
    "/srv/my copies",
    "/srv/$HOME",
    "rest:https://me:word@copies.example.edu/",
    "s3:https://key:word@s3.example.edu/bucket",
    "sftp:copies.example.edu:/srv",
    "ftp://copies.example.edu/",
    "-o/srv/copies",
)


@pytest.mark.parametrize(("address", "kind"), GOOD.items())
def test_addresses_are_restics_own(address: str, kind: str) -> None:
    """A directory, SFTP, S3 and rest-server are written as restic writes them."""
    known, faults = validation_faults({"CONFIGPROXY_AUTH_TOKEN": TOKEN, "BACKUP_TO": address})
    assert faults == []
    assert known is not None
    assert Target(address=known.BACKUP_TO).kind == kind


@pytest.mark.parametrize("address", BAD)
def test_other_addresses_are_refused(address: str) -> None:
    """What is no address of restic's, or carries a password, is refused with an example."""
    _, faults = validation_faults({"CONFIGPROXY_AUTH_TOKEN": TOKEN, "BACKUP_TO": address})
    ((name, cause),) = faults
    assert name == "BACKUP_TO"
    assert "sftp:hub@copies.example.edu" in cause


def test_a_place_must_be_named(tmp_path: Path) -> None:
    """Without BACKUP_TO the verb says what to set."""
    with pytest.raises(HomeroomError, match="no place for copies"):
        target.of(settings(), tmp_path)


def faults(path: Path, tree: Path, **values: str) -> str:
    """What is said of a directory for copies."""
    known = settings(BACKUP_TO=str(path), **values)
    return " ".join(map(str, target.directory_faults(Target(address=str(path)), known, tree)))


def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A disk that is not mounted is told: copies never go to the empty place beneath it."""
    assert "mount that first" in faults(tmp_path / "disk", tmp_path / "tree")


def test_copies_do_not_lie_in_what_they_are_made_of(tmp_path: Path) -> None:
    """Neither the deployment's directory nor the homes hold their own copies, also by way of a link."""
    (tmp_path / "tree/copies").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "tree/copies")
    for path in (tmp_path / "tree/copies", tmp_path / "link", tmp_path):
        assert "lies in or around" in faults(path, tmp_path / "tree")
    (tmp_path / "homes").mkdir()
    assert "lies in or around" in faults(tmp_path / "homes", tmp_path / "tree", HOMES=str(tmp_path / "homes"))


def test_other_peoples_files_are_not_mixed_with(tmp_path: Path) -> None:
    """A directory is empty, or holds copies already."""
    place = tmp_path / "copies"
    place.mkdir()
    (place / "lost+found").mkdir()
    assert faults(place, tmp_path / "tree") == ""
    (place / "thesis.tex").touch()
    assert "holds other files than copies (thesis.tex)" in faults(place, tmp_path / "tree")
    (place / "config").touch()
    assert faults(place, tmp_path / "tree") == ""
    assert "is no directory" in faults(place / "config", tmp_path / "tree")


def test_a_server_must_be_known_by_its_key() -> None:
    """SFTP trusts only the keys in backup/ssh/known_hosts, asks for no password, and gives up in time."""
    ((_, option),) = (Target(address="sftp:hub@copies.example.edu:/srv/hub").options,)
    assert "StrictHostKeyChecking=yes" in option
    assert "BatchMode=yes" in option
    assert re.search(r"ConnectTimeout=\d", option)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("sftp:hub@copies.example.edu:/srv/hub", "copies.example.edu"),
        ("sftp:hub@copies.example.edu:hub", "copies.example.edu"),
        ("sftp:hub@[2001:db8::7]:/srv/hub", "2001:db8::7"),
        ("sftp://hub@copies.example.edu:2222//srv/hub", "-p 2222 copies.example.edu"),
        ("sftp://hub@[2001:db8::7]:2222//srv/hub", "-p 2222 2001:db8::7"),
    ],
)
def test_how_a_servers_key_is_asked_for(address: str, words: str) -> None:
    """What to type names host and port as they are in the address."""
    assert keyscan(Target(address=address)) == words
