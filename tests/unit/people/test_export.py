"""What is kept of a person is given to them, and to nobody else."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import docker.errors
import pytest
from homeroom.lti import records as lti
from homeroom.people import export as hub
from homeroom.records import parts
from homeroom.sign_in import accounts
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.lab_visits import LabVisit
from homeroom.sign_in.roster import RosterEntry
from jupyterhub.orm import APIToken, Group, User
from nativeauthenticator.orm import UserInfo
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from generator.core.errors import HomeroomError
from generator.engine import hub_module
from generator.topics.courses import desk
from generator.topics.people import export
from tests.hub_database import new_database
from tests.sample_settings import settings

SECRETS = ("hash-of-password", "hash-of-token", "sealed-state")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A hub's database with two people."""
    path = tmp_path / "jupyterhub.sqlite"
    new_database(str(path)).close()
    with Session(create_engine(f"sqlite:///{path}")) as db:
        lti.make_tables(db)
        for name in ("ada", "bela"):
            user = User(name=name, groups=[Group(name=f"{name}s-group")], last_activity=datetime(2026, 10, 1))
            db.add_all([user, UserInfo(username=name, password=b"hash-of-password", email=f"{name}@uni.example")])
            db.add(APIToken(user=user, hashed=f"hash-of-token-{name}", prefix=name, note=f"token of {name}"))
            db.add(RosterEntry(name=name, groups=f'["{name}s-list"]'))
            db.add(LabVisit(owner=name, visitor="head", at=1))
            db.add(KnownIdentity(way="lti:moodle", subject=f"id-of-{name}", name=name, state=b"sealed-state"))
            db.add(
                lti.Membership(way="lti:moodle", subject=f"id-of-{name}", course=f"{name}s-course", role="x", seen=1)
            )
        db.commit()
    return path


def test_all_that_is_kept_of_somebody_is_theirs_alone(path: Path) -> None:
    """Account, groups, lists, sign-ins, tokens, courses, who opened the lab: of this person, and of nobody else; and no
    secret, which would be worth something to who finds the file."""
    found = json.dumps(hub.collected(path, "ada"), default=str)
    for part in ("ada@uni.example", "adas-group", "adas-list", "id-of-ada", "token of ada", "adas-course", "head"):
        assert part in found
    assert "bela" not in found
    assert not [secret for secret in SECRETS if secret in found]
    assert hub.people(path) == ["ada", "bela"]


def test_every_room_forgets_its_part_of_somebody(path: Path) -> None:
    """And of nobody else; by what a source knows them stays, or they would come back by it."""
    before = json.dumps(hub.collected(path, "bela"), default=str)
    with contextlib.closing(accounts.open_database(path)) as database:
        for part in parts.known().values():
            part.forget(database, "ada")
    found = hub.collected(path, "ada")
    assert found["lti"]["courses"] == []
    assert found["sign_in"]["account"] == found["sign_in"]["class_list_groups"] == []
    assert [one["subject"] for one in found["sign_in"]["sign_ins"]] == ["id-of-ada"]
    assert json.dumps(hub.collected(path, "bela"), default=str) == before


def test_tables_that_keep_names_are_given_out() -> None:
    """A table of ours with somebody's name in it is in a room's `person.py`; one that is new must be too, or be named
    here with its reason."""
    path = Path(parts.__file__).parents[1]
    said = "".join(each.read_text() for each in path.glob("*/person.py"))
    columns = {"name", "owner", "username", "user", "subject"}
    database = new_database().connection().connection.dbapi_connection
    assert database is not None
    tables = database.execute(
        "SELECT name FROM sqlite_master WHERE name LIKE 'homeroom\\_%' ESCAPE '\\' AND type = 'table'"
    )
    keeping = {
        table
        for (table,) in tables.fetchall()
        if columns & {row[1] for row in database.execute(f"PRAGMA table_info({table})").fetchall()}
    }
    others = {
        "homeroom_names",  # marks: what `removed` says
        "homeroom_source_names",  # by what name a source called whom first: the same as in sign_ins
        "homeroom_lti_platforms",  # the name of a platform
        "homeroom_lti_invitations",  # the same
    }
    assert {table for table in keeping - others if table not in said} == set()


def given(*files: tuple[str, bytes]) -> Iterator[bytes]:
    """A home as the engine hands it out: a tar, in pieces of any size."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in files:
            entry = tarfile.TarInfo(f"home/{name}")
            entry.size, entry.mode, entry.uid = len(data), 0o640, 1000
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("home/latest")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        hard = tarfile.TarInfo("home/same")
        hard.type, hard.linkname = tarfile.LNKTYPE, f"home/{files[0][0]}"
        archive.addfile(hard)
    whole = content.getvalue()
    yield from (whole[start : start + 777] for start in range(0, len(whole), 777))


def test_the_archive_has_files_and_account(tmp_path: Path) -> None:
    """As they were: bytes, modes, links as links. Its owner alone can read it."""
    target = tmp_path / "ada.tar.gz"
    (tmp_path / ".ada.tar.gz.part").write_text("of a run that was killed")
    count = export.write(target, {"hub": {"groups": ["x"]}}, given(("big.bin", b"x" * 100_000), ("notes/a.txt", b"a")))
    assert count == 4
    assert target.stat().st_mode & 0o777 == 0o600
    with tarfile.open(target) as archive:
        assert archive.getnames() == ["account.json", "home/big.bin", "home/notes/a.txt", "home/latest", "home/same"]
        big = archive.extractfile("home/big.bin")
        assert big is not None
        assert big.read() == b"x" * 100_000
        assert archive.getmember("home/notes/a.txt").mode == 0o640
        assert archive.getmember("home/latest").linkname == "/etc/passwd"
        account = archive.extractfile("account.json")
        assert account is not None
        assert json.load(account) == {"hub": {"groups": ["x"]}}
    assert export.write(tmp_path / "none.tar.gz", {}, iter(())) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada.tar.gz", "none.tar.gz"]


def test_an_archive_that_is_cut_off_is_none(tmp_path: Path) -> None:
    """Where the files end in the middle nothing is left, and what is there is never replaced."""
    pieces = list(given(("big.bin", b"x" * 100_000)))
    with pytest.raises(HomeroomError, match="cannot be written"):
        export.write(tmp_path / "ada.tar.gz", {}, iter(pieces[:50]))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "ada.tar.gz").write_text("mine")
    with pytest.raises(HomeroomError):
        export.write(tmp_path / "ada.tar.gz", {}, iter(pieces))
    assert (tmp_path / "ada.tar.gz").read_text() == "mine"
    whole = b"".join(pieces).rstrip(b"\0")
    whole += bytes(-len(whole) % tarfile.BLOCKSIZE)  # between two files, where it might be taken for the end
    with pytest.raises(HomeroomError, match="end in the middle"):
        export.write(tmp_path / "bela.tar.gz", {}, iter([whole]))
    assert [path.name for path in tmp_path.iterdir()] == ["ada.tar.gz"]


def test_two_do_not_write_one_archive(tmp_path: Path) -> None:
    """The second is told; the first ends as if it were alone, and only then has the archive its name."""
    target = tmp_path / "ada.tar.gz"

    def while_another_comes() -> Iterator[bytes]:
        for place, piece in enumerate(given(("big.bin", b"x" * 100_000))):
            if place == 20:
                with pytest.raises(HomeroomError, match="another run"):
                    export.write(target, {}, given(("other.bin", b"y")))
                assert not target.exists()
            yield piece

    assert export.write(target, {}, while_another_comes()) == 3
    with tarfile.open(target) as archive:
        assert "home/big.bin" in archive.getnames()
    assert [path.name for path in tmp_path.iterdir()] == ["ada.tar.gz"]


def test_strange_names_and_files_are_in_it(tmp_path: Path) -> None:
    """Names with ends of lines, of bytes that are no text, and very long ones; pipes; empty folders."""
    content = io.BytesIO()
    names = ["home/two\nlines", "home/latin-\udce9", "home/" + "deep/" * 300 + "x", "home/\u540d\u524d"]
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
        pipe = tarfile.TarInfo("home/pipe")
        pipe.type = tarfile.FIFOTYPE
        archive.addfile(pipe)
    assert export.write(tmp_path / "ada.tar.gz", {}, iter([content.getvalue()])) == 5
    with tarfile.open(tmp_path / "ada.tar.gz") as archive:
        assert archive.getnames() == ["account.json", *names, "home/pipe"]
        assert archive.getmember("home/pipe").isfifo()


def test_many_files_take_no_memory(tmp_path: Path) -> None:
    """Of those that were written nothing is kept: a lab can make millions of empty ones."""
    import tracemalloc

    entry = tarfile.TarInfo("home/x").tobuf()
    tracemalloc.start()
    try:
        export.write(tmp_path / "ada.tar.gz", {}, iter([*[entry * 100] * 15, bytes(tarfile.RECORDSIZE)]))
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most_bytes < 900_000  # where all are kept, 1.4 MB


class Directories:
    """An engine that is asked for homes which are directories."""

    def __init__(self) -> None:
        self.containers = self
        self.mounted: list[str] = []

    def create(self, *_: Any, mounts: list[Any], **__: Any) -> Any:
        """Note what is mounted."""
        self.mounted += [mount["Source"] for mount in mounts]
        raise docker.errors.APIError("noted", explanation="noted")


def test_homes_as_directories_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an operator who is not root may not list HOMES: its mode is 0711."""
    from types import SimpleNamespace

    engine = Directories()
    (tmp_path / "ada-40uni").mkdir()
    (tmp_path / "closed").write_text("")  # nothing in it can be looked at

    def of(homes: Path) -> Any:
        return SimpleNamespace(client=engine, project="homeroom", settings=settings(HOMES=str(homes)))

    def closed(_: Any) -> Any:
        raise PermissionError

    there = of(tmp_path), of(tmp_path / "closed")
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", closed)
        assert list(export.home(there[0], "bela")) == []
        for here in there:
            with pytest.raises(HomeroomError, match="noted"):
                list(export.home(here, "ada@uni"))
    assert engine.mounted == [f"{tmp_path}/ada-40uni", f"{tmp_path}/closed/ada-40uni"]


def test_the_place_is_looked_at_first(tmp_path: Path) -> None:
    """A file that is there, a folder that is not, no place at all: told, before anything is read."""
    now = datetime(2026, 10, 5)
    assert export.target_of(str(tmp_path), "ada@uni", now) == tmp_path / "ada-40uni-2026-10-05.tar.gz"
    assert export.target_of(f"{tmp_path}/x.tar.gz", "ada", now) == tmp_path / "x.tar.gz"
    (tmp_path / "there.tgz").write_text("")
    (tmp_path / "link.tgz").symlink_to(tmp_path / "nowhere")
    for wrong, words in (
        ("", "TO is missing"),
        ("/there.tgz", "there already"),
        ("/no/x.tar.gz", "no folder"),
        ("/exports", "ends with .tar.gz"),
        ("/link.tgz", "there"),
    ):
        with pytest.raises(HomeroomError, match=words):
            export.target_of(f"{tmp_path}{wrong}" if wrong else "", "ada", now)


def test_nobody_and_somebody_who_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A name that nobody has is told with the one that may be meant; files that change meanwhile are not taken."""
    from types import SimpleNamespace

    here: Any = SimpleNamespace(
        labs=lambda **_: [SimpleNamespace(labels={"homeroom.user": "ada"})], settings=settings()
    )
    monkeypatch.setattr(desk, "open_for_a_verb", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(hub_module, "ask", lambda *_, **__: {"found": None, "known": ["ada"]})
    with pytest.raises(HomeroomError) as caught:
        export.export(here, "adda", str(tmp_path))
    assert "Did you mean ada" in str(caught.value)
    monkeypatch.setattr(hub_module, "ask", lambda *_, **__: {"found": {"hub": {"groups": []}}, "known": []})
    with pytest.raises(HomeroomError, match="is running"):
        export.export(here, "ada", str(tmp_path))
    assert list(tmp_path.iterdir()) == []
