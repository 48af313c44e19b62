"""The hand-in desk, with real sockets and the lab's own command: what it takes, from whom, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import logging
import os
import pickle
import socket
import sqlite3
import stat
import subprocess
import sys
import tarfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from homeroom.contract.by_socket import BySocket
from homeroom.contract.plain_text import log_plainly, tell_in_a_line
from homeroom.courses import desk_client, person
from homeroom.courses.course import Assignment, Course
from homeroom.courses.desk import counter, doors, store, unpack
from homeroom.courses.desk.doors import END_SECONDS
from homeroom_lab import desk as lab_desk
from homeroom_lab import hand_in as lab

from generator.core.paths import ROOT
from tests.unit.courses.desk import HOUR, MEMBERS, PEOPLE, Desk, assignment, begun, connects, folder, tar, told, wait


def entry(name: str, kind: bytes, **fields: Any) -> tarfile.TarInfo:
    """An entry that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def test_who_hands_in_has_a_receipt(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Code, time and number of files; what was handed in is kept as it was, sealed: nothing of it can be written any
    more. Both people with odd names have a folder of their own, and each sees their own receipts alone."""
    text = '{"cells": ["1"]}'
    own = folder(desk.root, **{"week.ipynb": text, "data/a b.csv": "1,2"})
    (own / ".ipynb_checkpoints").mkdir()
    (own / ".ipynb_checkpoints/week.ipynb").write_text("older")
    assert lab.main(["hand-in", "week-1", str(own)], desk.socket("lab-1")) == 0
    said = capsys.readouterr().out
    (code,) = [word for word in said.split() if len(word) == 11 and "-" in word and word.isupper()]
    assert "2 files" in said
    assert "Europe/Vienna" in said
    lab.hand_in("biology", "week-1", own, desk.socket("lab-2"))
    (receipt,) = lab_desk.ask("/hand-ins", desk.socket("lab-1"))["hand_ins"]
    assert (receipt["code"], receipt["person"], receipt["late"]) == (code, "b+ob", False)
    assert abs(receipt["at"] - time.time()) < 60
    (place,) = (desk.root / "store").glob(f"biology/hand-ins/week-1/b-2bob/*-{code}")
    assert (place / "files/week.ipynb").read_text() == text
    assert sorted(path.name for path in place.rglob("*") if path.is_file()) == ["a b.csv", "receipt.json", "week.ipynb"]
    assert {stat.S_IMODE(path.lstat().st_mode) & 0o222 for path in (place, *place.rglob("*"))} == {0}
    (kept,) = desk_client.of_person("b+ob")["hand_ins"]
    digests = {file["path"]: file["sha256"] for file in kept["files"]}
    assert digests["week.ipynb"] == hashlib.sha256(text.encode()).hexdigest()
    assert (desk.root / "store/biology/hand-ins/week-1/a-2eb-40x-2eorg").is_dir()


def test_the_socket_says_who_asks(desk: Desk) -> None:
    """Nothing in a request makes somebody else of who sends it, and no path of it leads to another's hand-ins. Who does
    not take the course, its teacher too, is told what they are told of one that is not there."""
    forged = {"X-Forwarded-User": "a.b@x.org", "Authorization": "token x", "Cookie": "user=a.b@x.org"}
    status, receipt = desk.sent("lab-1", tar(("a.b@x.org+week-1.ipynb", b"x")), **forged)
    assert (status, receipt["person"]) == (201, "b+ob")
    lab.hand_in("biology", "week-1", folder(desk.root), desk.socket("lab-2"))
    own = lab_desk.ask("/hand-ins?person=a.b@x.org", desk.socket("lab-1"))["hand_ins"]
    assert [each["person"] for each in own] == ["b+ob"]
    for path in ("/receipts?person=a.b@x.org", "/people/a.b@x.org", "/told", "/hand-ins/biology/week-1/a-2eb", "/../"):
        with pytest.raises(lab_desk.NotTaken, match="and nothing else"):
            lab_desk.ask(path, desk.socket("lab-1"))
    for name in ("lab-3", "lab-4"):
        status, said = desk.sent(name, tar(("x", b"x")))
        assert (status, said["error"]) == (404, "There is no such course, or you do not take it.")
        assert desk.sent(name, tar(("x", b"x")), "/hand-ins/physics/week-1") == (status, said)
    for odd in ("..%2f..%2fetc", "%2e%2e", "week-1%00", "week-2"):
        assert desk.sent("lab-1", tar(("x", b"x")), f"/hand-ins/biology/{odd}")[0] == 404
    assert len(desk.kept) == 4, "two hand-ins of a file each"


HOSTILE = {
    "a link": tar(entry("a.ipynb", tarfile.SYMTYPE, linkname="/srv/courses/biology/gradebook.db")),
    "a hard link": tar(("b", b"x"), entry("a.ipynb", tarfile.LNKTYPE, linkname="b")),
    "a file through a link": tar(entry("d", tarfile.SYMTYPE, linkname="/etc"), ("d/passwd", b"x")),
    "a device": tar(entry("null", tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "a block device": tar(entry("sda", tarfile.BLKTYPE, devmajor=8)),
    "a pipe": tar(entry("pipe", tarfile.FIFOTYPE)),
    "an absolute name": tar(("/etc/cron.d/x", b"x")),
    "a name that leads up": tar(("../../other/files/x", b"x")),
    "a name that leads up inside": tar(("a/../../x", b"x")),
    "the folder itself": tar((".", b"x")),
    "a control character": tar(("a\nb", b"x")),
    "a long name": tar(("a" * 300, b"x")),
    "too deep": tar(("/".join("a" * 30), b"x")),
    "twice": tar(("a", b"x"), ("a", b"y")),
    "a file that is a folder": tar(("a", b"x"), ("a/b", b"y")),
    "a folder that is a file": tar(("a/b", b"x"), ("a", b"y")),
    "no tar": b"PK\x03\x04" + b"x" * 4000,
    "compressed": __import__("gzip").compress(tar(("a", b"x"))),
    "half of one": tar(("a", b"x" * 4000))[:2048],
    "the end is missing": tar(("a", b"x"), ("b", b"y"))[:1024],
    "something else in the middle": tar(("a", b"x"))[:1024] + b"x" * 512 + tar(("b", b"y")),
    "nothing": b"",
    "no file": tar(entry("a", tarfile.DIRTYPE)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_plain_file_is_refused(desk: Desk, kind: str) -> None:
    """It is told why, nothing of it is kept, and the desk goes on."""
    status, said = desk.sent("lab-1", HOSTILE[kind])
    assert status == 422, said
    assert said["error"]
    assert desk.kept == []
    assert [path.name for path in (desk.root / "store").rglob("*")] == [".incoming"]
    assert desk.sent("lab-1", tar(("x", b"x")))[0] == 201


def test_two_gigabytes_are_not_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what it says of itself, a hand-in that is too large is refused before it is read; one that does not say, when
    it is too much; one whose entries say more than came, as broken or too large. Nothing of it stays."""
    status, said = desk.sent("lab-1", b"x" * 4096, **{"Content-Length": str(2 << 30)})
    assert (status, said["error"]) == (413, "It is larger than 100 MiB.")
    assert desk.sent("lab-1", tar(entry("a", tarfile.REGTYPE, size=2 << 30)))[0] == 413
    described = tar(entry("a", tarfile.XHDTYPE, size=1 << 30)) + b"x" * 1024
    status, said = desk.sent("lab-1", described)
    assert (status, said["error"]) == (413, "An entry of it has a name or description that is too long.")
    monkeypatch.setattr(counter, "LARGEST_BYTES", 1 << 20)
    own = folder(desk.root, big="x" * (8 << 20))
    with pytest.raises(lab_desk.NotTaken, match="larger than 1 MiB"):
        lab.hand_in("biology", "week-1", own, desk.socket("lab-1"))
    monkeypatch.setattr(unpack, "MOST_ENTRIES", 5)
    assert desk.sent("lab-1", tar(*((str(number), b"x") for number in range(6))))[0] == 413
    assert desk.sent("lab-1", tar(("a/b/c/d/e/f", b"x")))[0] == 413
    assert desk.sent("lab-1", tar(entry("a/b/c/d/e", tarfile.DIRTYPE), ("x", b"x")))[0] == 413
    assert desk.kept == []
    assert desk.sent("lab-1", tar(("a/b/c/d", b"x"), ("a/b/c/e", b"x")))[0] == 201


def test_nobody_hands_in_without_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a number, and a size, after which no more is taken of one person; others are not affected."""
    monkeypatch.setattr(store, "MOST_HAND_INS", 2)
    assert [desk.sent("lab-1", tar(("x", b"x")))[0] for _ in range(3)] == [201, 201, 429]
    monkeypatch.setattr(store, "MOST_BYTES", 5)
    assert [desk.sent("lab-2", tar(("x", b"12345")))[0] for _ in range(2)] == [201, 429]


def test_who_sends_slowly_keeps_nobody_waiting(desk: Desk) -> None:
    """However many begin a hand-in and do not go on; and each sends one at a time."""
    slow = {f"slow-{number}": f"person-{number}" for number in range(3 * counter.AT_ONCE)}
    for name in slow:
        (desk.root / "labs" / name).mkdir()
    members = {**MEMBERS["biology"], **dict.fromkeys(slow.values(), "students")}
    desk.tell(told(labs={**PEOPLE, **slow}, members={"biology": members}))
    with contextlib.ExitStack() as held:
        for name in slow:
            one = held.enter_context(contextlib.closing(BySocket(desk.socket(name), "desk", timeout=30)))
            one.putrequest("POST", "/hand-ins/biology/week-1")
            one.putheader("Content-Length", "5000")
            one.endheaders(b"x")
        wait(lambda: len(list((desk.root / "store/.incoming").iterdir())) == len(slow), "all have begun")
        assert desk.sent("lab-1", tar(("x", b"x")))[0] == 201
        assert desk.sent("slow-0", tar(("x", b"x")))[0] == 409


def test_one_lab_does_not_keep_the_desk_from_others(desk: Desk) -> None:
    """One that opens more connections than it may loses those, has the others, and takes nobody else's."""
    with contextlib.ExitStack() as held:
        ours: list[socket.socket] = []
        for _ in range(3 * doors.MOST_CALLERS):
            one = held.enter_context(socket.socket(socket.AF_UNIX))
            one.settimeout(30)
            wait(partial(_is_connected, one, desk.socket("lab-1")), "it is connected")
            ours.append(one)
        wait(lambda: sum(map(_is_hung_up, ours)) >= 2 * doors.MOST_CALLERS, "those beyond are hung up on")
        assert not _is_hung_up(ours[1])
        assert desk.sent("lab-2", tar(("x", b"x")))[0] == 201
    wait(partial(_is_answered, desk, "lab-1"), "the lab is answered again")


def _is_connected(one: socket.socket, path: str) -> bool:
    return one.connect_ex(path) == 0


def _is_answered(desk: Desk, name: str) -> bool:
    try:
        return desk.asked(name, "GET", "/hand-ins")[0] == 200
    except ConnectionError:
        return False


def _is_hung_up(one: socket.socket) -> bool:
    one.settimeout(0)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_a_desk_opens_on_a_full_disk(tmp_path: Path) -> None:
    """What had come in half is removed, and nothing is made that is there."""
    incoming = tmp_path / store.INCOMING
    (incoming / "half.d/files").mkdir(parents=True)
    (incoming / "half.d/files").chmod(0o500)
    (incoming / "half").touch()
    before = incoming.stat().st_ino
    store.Store(tmp_path).open()
    assert (incoming.stat().st_ino, list(incoming.iterdir())) == (before, [])


def test_what_is_kept_in_mind_of_a_hand_in_is_small(tmp_path: Path) -> None:
    """However many files it has, and whatever they are called: nobody fills the memory of the desk, which others use,
    and which reads all receipts when it starts. On the disk each receipt has all files."""
    kept = store.Store(tmp_path / "store")
    kept.root.mkdir()
    kept.open()
    archive = tmp_path / "archive.tar"
    archive.write_bytes(tar(*((f"{number:0200}.{'x' * 180}.ipynb"[-200:], b"x") for number in range(1500))))
    work = Assignment(name="week-1", title="")
    course = Course.from_json(told()["courses"][0])
    receipt = kept.seal(archive, course, work, "b+ob", time.time())
    again = store.Store(kept.root)
    again.open()
    for each in (receipt, *kept.receipts(), *again.receipts()):
        assert each.summary()["files"] == 1500
        assert len(pickle.dumps(each)) < 32 << 10
    assert len(again.whole(receipt).files) == 1500


def test_backdating_is_impossible(desk: Desk) -> None:
    """The time is the desk's own when the last byte has come: neither times of files, nor what a file or header says,
    nor a hand-in that was begun in time and goes on after the end."""
    old = entry("timestamp.txt", tarfile.REGTYPE, mtime=0)
    status, receipt = desk.sent("lab-1", tar(old, ("x", b"2020-01-01")), Date="Wed, 01 Jan 2020 00:00:00 GMT")
    assert status == 201
    assert abs(receipt["at"] - time.time()) < 60
    body = tar(("x", b"x"))
    with contextlib.closing(BySocket(desk.socket("lab-1"), "desk", timeout=30)) as slow:
        slow.putrequest("POST", "/hand-ins/biology/week-1")
        slow.putheader("Content-Length", str(len(body)))
        slow.endheaders(body[:512])
        wait(lambda: any((desk.root / "store/.incoming").iterdir()), "the hand-in has begun")
        past = int(time.time()) - 1
        desk.tell(told(assignment(due=past, closes=past)))
        slow.send(body[512:])
        answer = slow.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]) == (403, "week-1 is closed: nothing more is taken.")


def test_late_is_by_assignment_and_person(desk: Desk) -> None:
    """After the due date it is marked, or counts, or is refused; who has more time is in time; before it opens nothing
    is taken."""
    now = int(time.time())
    past = {"due": now - 100, "extra_seconds": {"a.b@x.org": HOUR}}
    desk.tell(
        told(
            assignment("mark", **past),
            assignment("accept", late="accept", **past),
            assignment("refuse", late="refuse", **past),
            assignment("early", opens=now + HOUR, due=None),
        )
    )
    body = tar(("x", b"x"))
    found = {
        (name, each): desk.sent(name, body, f"/hand-ins/biology/{each}")
        for name in ("lab-1", "lab-2")
        for each in ("mark", "accept", "refuse", "early")
    }
    assert {key: (status, said.get("late")) for key, (status, said) in found.items()} == {
        ("lab-1", "mark"): (201, True),
        ("lab-1", "accept"): (201, False),
        ("lab-1", "refuse"): (403, None),
        ("lab-1", "early"): (403, None),
        ("lab-2", "mark"): (201, False),
        ("lab-2", "accept"): (201, False),
        ("lab-2", "refuse"): (201, False),
        ("lab-2", "early"): (403, None),
    }
    assert found["lab-1", "mark"][1]["late_seconds"] >= 100


def test_a_grader_is_known_by_its_socket(desk: Desk) -> None:
    """The lab in which a course is graded hands nothing in. Once a course is gone, its grader lab is told so; a lab
    that becomes another's has another socket."""
    status, said = desk.sent("lab-5", tar(("x", b"x")))
    assert (status, said["error"]) == (404, "The desk knows nothing of this kind for graders.")
    desk.tell(told(courses=[]))
    assert desk.sent("lab-5", tar(("x", b"x"))) == (404, {"error": "There is no course biology any more."})
    desk.tell(told(labs={"lab-5": "b+ob"}, graders={"lab-1": "biology"}))
    assert desk.sent("lab-5", tar(("x", b"x")))[0] == 201
    assert desk.sent("lab-1", tar(("x", b"x")))[0] == 404


def test_who_left_the_course_is_out(desk: Desk) -> None:
    """With the same lab and the same socket, as soon as the hub has said so."""
    desk.tell(told(members={"biology": {}}))
    assert desk.sent("lab-1", tar(("x", b"x")))[0] == 404


def test_a_lab_changes_nothing_but_its_own_socket(desk: Desk) -> None:
    """A new lab has a socket again; a link or file that a lab puts in its place is replaced, and what the link leads to
    is left alone; a lab that is gone has none."""
    path = Path(desk.socket("lab-1"))
    for put in (lambda: path.symlink_to(desk.root / "precious"), lambda: path.write_text("x"), lambda: None):
        (desk.root / "precious").write_text("mine")
        path.unlink()
        put()
        wait(lambda: connects(str(path)), "the lab has its socket")
        assert stat.S_ISSOCK(path.lstat().st_mode)
        assert (desk.root / "precious").read_text() == "mine"
    with contextlib.closing(BySocket(str(path), "desk", timeout=30)) as held:
        held.putrequest("POST", "/hand-ins/biology/week-1")
        held.putheader("Content-Length", "5000")
        held.endheaders(b"x")
        wait(lambda: any((desk.root / "store/.incoming").iterdir()), "a hand-in has begun")
        path.unlink()
        began = time.monotonic()
        (desk.root / "labs/lab-9").mkdir()
        desk.tell(told(labs={**PEOPLE, "lab-9": "b+ob"}))
        assert time.monotonic() - began < END_SECONDS, "a lab that goes on sending holds up no other's socket"
    path.unlink()
    path.mkdir()
    assert desk.sent("lab-2", tar(("x", b"x")))[0] == 201, "another's is there meanwhile"
    path.rmdir()
    wait(lambda: connects(str(path)), "the lab has its socket")
    asyncio.run(desk_client.tell(told(labs={"lab-2": "a.b@x.org"}, graders={})))
    wait(lambda: not connects(str(path)), "the lab has no socket")


def test_receipts_outlive_the_desk(desk: Desk) -> None:
    """A desk that is begun again knows them, and what had come in half is gone. The hub tells it anew what it lost."""
    lab.hand_in("biology", "week-1", folder(desk.root), desk.socket("lab-1"))
    desk.end()
    (desk.root / "store/.incoming/half").write_text("x")
    again = begun(desk.root)
    desk.end = again.end
    assert not (desk.root / "store/.incoming/half").exists()
    assert [each["person"] for each in asyncio.run(desk_client.receipts("biology")) or []] == ["b+ob"]
    anew = told()
    assert asyncio.run(desk_client.tell(anew))
    assert not asyncio.run(desk_client.tell(anew)), "it is not told twice"


def test_a_person_is_shown_and_forgotten_whole(desk: Desk) -> None:
    """`make user-export` has the receipts, and removal for good takes the files along; nobody else's. Without a desk
    there is nothing to forget; with one that is silent nothing passes for forgotten."""
    for name in ("lab-1", "lab-2"):
        lab.hand_in("biology", "week-1", folder(desk.root), desk.socket(name))
    database = sqlite3.connect(":memory:")
    (kept,) = person.of_person(database, "b+ob")["hand_ins"]
    assert kept["files"][0]["path"] == "week.ipynb"
    person.forget(database, "b+ob")
    assert person.of_person(database, "b+ob") == {"named_in_courses": {}, **person.NOTHING}
    assert not (desk.root / "store/biology/hand-ins/week-1/b-2bob").exists()
    assert len(person.of_person(database, "a.b@x.org")["hand_ins"]) == 1


def test_a_desk_that_is_silent_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's page is shown without it, an export says so, and nobody is half forgotten."""
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "desk.sock")
    database = sqlite3.connect(":memory:")
    assert person.of_person(database, "ada") == {"named_in_courses": {}, **person.NOTHING}
    person.forget(database, "ada")
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(tmp_path / "desk.sock"))
    assert "does not answer" in person.of_person(database, "ada")["fault"]
    assert asyncio.run(desk_client.receipts("biology")) is None
    with pytest.raises(desk_client.DeskAway):
        person.forget(database, "ada")


def test_a_full_disk_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is half kept, and whoever hands in is told that it was not taken."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "unpack", full)
    status, said = desk.sent("lab-1", tar(("x", b"x")))
    assert status == 507
    assert "disk for hand-ins is full" in said["error"]
    assert desk.kept == []


def test_a_full_home_keeps_nobody_from_handing_in(desk: Desk) -> None:
    """The command writes nothing: where no byte can be written any more, there is a receipt all the same."""
    own = folder(desk.root, **{"week.ipynb": "x" * 100_000})
    words = ["hand-in", "week-1", str(own), "--course", "biology"]
    code = (
        "import resource, sys; from pathlib import Path; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try: print(Path('full').write_text('x'))\n"
        "except OSError: print('full', flush=True)\n"
        f"from homeroom_lab import hand_in; sys.exit(hand_in.main({words!r}, {desk.socket('lab-1')!r}))"
    )
    command = [sys.executable, "-B", "-c", code]
    environment = {"PYTHONPATH": str(ROOT / "jupyterlab")}
    said = subprocess.run(command, cwd=own.parent, env=environment, capture_output=True, text=True, check=False)
    assert said.stdout.startswith("full\nHanded in. Receipt: "), said
    assert sorted(Path(name).name for name in desk.kept) == ["receipt.json", "week.ipynb"]


def test_the_command_says_what_is_wrong(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown assignments, links in the folder, an empty folder, a lab without a desk: in words, with an exit code."""
    own = folder(desk.root)
    monkeypatch.chdir(own.parent)

    def said(*arguments: str, path: str = desk.socket("lab-1")) -> str:
        assert lab.main(list(arguments), path) == 1
        return capsys.readouterr().err

    assert "There is no assignment week-9. There are: week-1 (biology)." in said("hand-in", "week-9", "week-1")
    assert "There is no folder week-9 here" in said("hand-in", "week-9")
    (own / "link").symlink_to("/etc/passwd")
    assert "is a link or no plain file" in said("hand-in", "week-1")
    (own / "link").unlink()
    (own / "week.ipynb").unlink()
    assert "There is no file in week-1" in said("hand-in", "week-1")
    assert "you take no course here" in said("hand-ins", path=os.devnull)
    assert isinstance(lab_desk.Desk("x"), http.client.HTTPConnection)


def test_a_page_waits_for_no_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a lab's server asks, nothing else is answered meanwhile: it is told at once that there is no desk yet."""
    monkeypatch.setattr(lab_desk, "PAGE_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(lab_desk, "WAIT_SECONDS", 60.0)

    async def ask() -> None:
        lab_desk.ask("/courses", str(tmp_path / "none"))

    began = time.monotonic()
    with pytest.raises(lab_desk.NoDesk):
        asyncio.run(ask())
    assert time.monotonic() - began < 30


def test_what_is_no_request_is_a_line_of_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Many from one lab push nothing else out of it: each would be a traceback of thirty lines."""
    log_plainly()
    try:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(desk.socket("lab-1"))
            caller.sendall(b"GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc")
            assert caller.recv(100).startswith(b"HTTP/1.0 400")
    finally:
        logging.getLogger("aiohttp.server").removeFilter(tell_in_a_line)
    (record,) = [each for each in caplog.records if each.name == "aiohttp.server"]
    assert record.getMessage().startswith("a request is no HTTP: ")
    assert "Traceback" not in caplog.text
