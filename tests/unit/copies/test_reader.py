"""The service that reads copies for people: what is asked of it, and by whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from homeroom.contract.by_socket import BySocket
from homeroom_copies import health, reader
from homeroom_copies.repository import CannotRead, Repository, place, seconds_of

from tests.unit.copies.listening import listening

COPY = "a" * 64
LIST = [{"id": COPY, "time": "2026-11-26T02:30:00.123456789Z"}, {"id": "b" * 64, "time": "2026-11-27T02:30:00+01:00"}]
HOME = "/copy/homes/ada"
NODES: list[dict[str, Any]] = [
    {"path": HOME, "type": "dir"},
    {"path": f"{HOME}/notes", "type": "dir"},
    {"path": f"{HOME}/notes/essay.ipynb", "type": "file", "size": 5, "mode": 0o644},
    {"path": f"{HOME}/new\nline", "type": "file", "size": 1, "mode": 0o644},
    {"path": f"{HOME}/to-others", "type": "symlink"},
    {"path": "/copy/homes/adam/secret", "type": "file", "size": 1},
]
RESTIC = """\
#!/bin/sh
printf '%s\\n' "$RESTIC_PASSWORD" "$*" > {here}/call
[ ! -e {here}/hangs ] || exec sleep 300
if [ -e {here}/gone ]; then
  for try in 1 2 3; do echo "Stat(<config/>) returned error, retrying after 2s: connection refused" >&2; done
  exec sleep 300
fi
[ ! -e {here}/fails ] || exit $(cat {here}/fails)
case " $* " in
  *" snapshots "*) cat {here}/list ;;
  *" ls "*) cat {here}/nodes ;;
  *" dump "*) printf bytes ;;
esac
"""
"""In restic's place, since tests of units run without it: it tells what it is asked, and answers from files."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Copies of a deployment."""
    program = tmp_path / "restic"
    program.write_text(RESTIC.format(here=str(tmp_path)))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "list").write_text(json.dumps(LIST))
    (tmp_path / "nodes").write_text("\n".join(json.dumps({"message_type": "node", **node}) for node in NODES))
    (tmp_path / "secrets.env").write_text("RESTIC_PASSWORD=four-words-of-it\n")
    return Repository(deployment="hub", options=["--repo", "/repository"], secrets=tmp_path / "secrets.env")


def asked(socket: Path, where: str, **question: Any) -> tuple[int, Any]:
    """Status and answer."""
    connection = BySocket(str(socket), "reader", timeout=10)
    connection.request("POST", where, json.dumps(question))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if answer.headers["Content-Type"] == "application/json" else body


@pytest.mark.parametrize(
    ("home", "path"),
    [
        ("ada", "../adam/secret"),
        ("ada", "notes/../../adam"),
        ("ada", "/etc/passwd"),
        ("ada", "notes//x"),
        ("ada", "./notes"),
        ("ada", "x\0y"),
        ("ada", "x" * 5000),
        ("../adam", ""),
        ("ada/../adam", ""),
        ("", ""),
        ("*", ""),
    ],
)
def test_no_path_leads_out_of_a_home(home: str, path: str) -> None:
    """Whatever stands in a path or a home's name: it is one below that home, or refused."""
    with pytest.raises(CannotRead):
        place(home, path)


def test_strange_names_are_names() -> None:
    """A newline, a pattern and an option are letters like others."""
    assert str(place("ada", "new\nline/*[a]/--x:y")) == f"{HOME}/new\nline/*[a]/--x:y"


def test_a_folder_has_its_own_entries_alone(repository: Repository, tmp_path: Path) -> None:
    """Folders first; nobody whose name begins the same is mixed in, and restic is given the password by no word."""
    found = repository.folder(COPY, "ada", "")["entries"]
    assert [(one["path"], one["kind"]) for one in found] == [
        ("notes", "folder"),
        ("new\nline", "file"),
        ("to-others", "link"),
    ]
    password, words = (tmp_path / "call").read_text().splitlines()
    assert password == "four-words-of-it"
    assert words == f"--repo /repository --no-lock ls --json {COPY} {HOME}"


def test_a_search_is_of_names_and_has_an_end(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters of a name find it in every folder of one's own home; of more than a page shows, the rest is not."""
    assert [one["path"] for one in repository.search(COPY, "ada", "ESSAY")["entries"]] == ["notes/essay.ipynb"]
    assert repository.search(COPY, "ada", "secret")["entries"] == []
    monkeypatch.setattr("homeroom_copies.repository.MOST_FOUND", 2)
    found = repository.search(COPY, "ada", "")
    assert (len(found["entries"]), found["more"]) == (2, True)


def test_what_is_too_large_or_no_file_is_not_handed_out(repository: Repository) -> None:
    """The sum of all that is in it counts; a link is handed out with its folder alone."""
    assert repository.find(COPY, "ada", "notes/essay.ipynb", 5).size_bytes == 5
    for path, most, why in (("notes", 4, "large"), ("to-others", 9, "missing"), ("gone", 9, "missing")):
        with pytest.raises(CannotRead) as error:
            repository.find(COPY, "ada", path, most)
        assert error.value.why == why


@pytest.mark.parametrize(("code", "why"), [(10, "none"), (12, "unreadable"), (1, "unreadable")])
def test_copies_that_cannot_be_read_are_told(repository: Repository, tmp_path: Path, code: int, why: str) -> None:
    """None there yet is another thing than none that can be read."""
    (tmp_path / "fails").write_text(str(code))
    with listening(reader.Reader(repository), tmp_path) as path:
        assert asked(path, "/copies") == (503, {"why": why})


def test_what_takes_too_long_is_ended(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """restic tries for a quarter of an hour what fails; nobody waits so long."""
    monkeypatch.setattr("homeroom_copies.repository.QUESTION_SECONDS", 0.01)
    (tmp_path / "hangs").touch()
    with pytest.raises(CannotRead) as error:
        repository.copies()
    assert error.value.why == "late"


def test_nobody_waits_for_a_server_that_is_gone(repository: Repository, tmp_path: Path) -> None:
    """restic is ended once it has asked in vain three times, long before its time is over."""
    (tmp_path / "gone").touch()
    with pytest.raises(CannotRead) as error:
        repository.copies()
    assert error.value.why == "unreadable"


def test_it_is_healthy_while_it_answers(repository: Repository, tmp_path: Path) -> None:
    """Also while it has all hands full; not once it is gone."""
    with listening(reader.Reader(repository), tmp_path) as path:
        assert health.answers(str(path))
    assert not health.answers(str(path))


def test_copies_of_others_are_no_ones(repository: Repository, tmp_path: Path) -> None:
    """A copy that is not of this deployment is missing, whatever its name; what is no name is refused."""
    with listening(reader.Reader(repository), tmp_path) as path:
        status, found = asked(path, "/copies")
        assert (status, [one["name"] for one in found["copies"]]) == (200, ["b" * 64, COPY])
        assert asked(path, "/folder", copy="c" * 64, home="ada", path="")[0] == 404
        for copy in ("latest", "--repo=/x", COPY[:4], "", 7):
            assert asked(path, "/folder", copy=copy, home="ada", path="")[0] == 400
        assert asked(path, "/folder", copy=COPY, home="ada", path="../adam")[0] == 400
        assert asked(path, "/content", copy=COPY, home="ada", path="../adam/secret", most_bytes=9)[0] == 400
        assert asked(path, "/anything")[0] == 404


def test_bytes_come_whole_or_without_an_end(repository: Repository, tmp_path: Path) -> None:
    """What is handed out ends only where all of it came, with what its owner's file was."""
    with listening(reader.Reader(repository), tmp_path) as path:
        assert asked(path, "/content", copy=COPY, home="ada", path="notes/essay.ipynb", most_bytes=9) == (200, b"bytes")
        for most in (0, -1, True, "9", 1 << 60):
            assert asked(path, "/content", copy=COPY, home="ada", path="notes", most_bytes=most)[0] == 400


def test_only_so_many_are_answered_at_once(repository: Repository, tmp_path: Path) -> None:
    """Who comes beyond is told so, and waits for nothing."""
    service = reader.Reader(repository)
    for _ in range(reader.AT_ONCE):
        assert service.at_once.acquire(blocking=False)
    with listening(service, tmp_path) as path:
        assert asked(path, "/copies") == (429, {"why": "busy"})


def test_restics_times_are_read() -> None:
    """With nanoseconds and any zone; what is none is no time."""
    assert seconds_of("2026-11-26T02:30:00.123456789Z") == seconds_of("2026-11-26T03:30:00+01:00")
    assert seconds_of("yesterday") == 0
