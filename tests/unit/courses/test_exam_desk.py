"""The hand-in desk in an exam: what its lab finds there, and how a home is handed in at the end."""

from __future__ import annotations

import contextlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from homeroom.contract.by_socket import BySocket
from homeroom.courses import to_desk
from homeroom.courses.exams import send_home
from homeroom.courses.exams.send_home import REST, choose, send
from homeroom_lab import hand_in
from homeroom_lab.desk import NotTaken

from tests.unit.courses.desk import HOUR, Desk, folder, tar, told, wait

BELOW = "labs/lab-2"
SITS = {"course": "biology", "exam": "final", "person": "a.b@x.org"}
SITTING = {"lab-2": SITS}


def exam(**changes: Any) -> dict[str, Any]:
    """An exam that goes on for an hour."""
    now = int(time.time())
    return {"name": "final", "title": "Final", "opens": now - HOUR, "seconds": 2 * HOUR, "extra_seconds": {}, **changes}


def in_exam(desk: Desk, ends_at: int = 0, **changes: Any) -> None:
    """Have the hub tell that a.b@x.org sits it, and that their home is just handed in."""
    ending = {"lab-6": {**SITS, "ends_at": ends_at}}
    (desk.root / "labs/lab-6").mkdir(exist_ok=True)
    values = told()
    values["courses"][0]["exams"] = [exam(**changes)]
    del (labs := dict(values["labs"]))["lab-2"]
    desk.tell({**values, "labs": labs, "exams": SITTING, "ending": ending})
    desk.tell({**values, "labs": {**labs, "lab-2": "", "lab-6": ""}, "exams": SITTING, "ending": ending})


def test_it_takes_this_exam_alone(desk: Desk, tmp_path: Path) -> None:
    """In an exam one hands in that exam, as often as one likes; another assignment, and what was released or handed in
    before, is not there."""
    own = folder(tmp_path)
    hand_in.hand_in("biology", "week-1", own, desk.socket("lab-2"))
    in_exam(desk)
    receipt = hand_in.hand_in("biology", "final", own, desk.socket("lab-2"))
    with pytest.raises(NotTaken, match="only final of biology"):
        hand_in.hand_in("biology", "week-1", own, desk.socket("lab-2"))
    assert [each["code"] for each in desk.listed("lab-2", "/hand-ins")] == [receipt["code"]]
    (course,) = desk.listed("lab-2", "/courses")
    assert [each["name"] for each in course["assignments"]] == ["final"]
    for path in ("/released", "/released/biology/week-1", f"/feedback/{receipt['code']}"):
        assert desk.asked("lab-2", "GET", path)[0] == 404, path
    left = json.loads(desk.asked("lab-2", "GET", "/exam")[1])
    assert HOUR - 60 < left["left_seconds"] <= HOUR


def test_its_lab_hands_nothing_in_as_its_end(desk: Desk, tmp_path: Path) -> None:
    """What is handed in at the end comes from the guard's container, by its own socket: not from the lab."""
    in_exam(desk)
    assert desk.sent("lab-2", tar(("a", b"b")), "/seal")[0] == 404
    assert desk.sent("lab-6", tar(("a", b"b")))[0] == 404


def test_it_is_over_for_each_at_their_end(desk: Desk, tmp_path: Path) -> None:
    """After the end nothing is taken from the lab; who has extra time hands in until theirs."""
    in_exam(desk, seconds=HOUR - 60)
    with pytest.raises(NotTaken, match="final is closed"):
        hand_in.hand_in("biology", "final", folder(tmp_path), desk.socket("lab-2"))
    in_exam(desk, seconds=HOUR - 60, extra_seconds={"a.b@x.org": 600})
    assert hand_in.hand_in("biology", "final", folder(tmp_path), desk.socket("lab-2"))["late"] is False


def home(root: Path) -> Path:
    """A home at the end of an exam, with all that the desk would not take."""
    made = root / "exam-home"
    for name in ("final/task.ipynb", "final/.ipynb_checkpoints/old.ipynb", "notes.txt", ".bash_history", "final/bin"):
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (made / "final/link").symlink_to("/etc/passwd")
    (made / "elsewhere").symlink_to("/")
    os.mkfifo(made / "final/pipe")
    (made / "final/odd\nname").write_text("odd")
    return made


def test_a_home_is_handed_in_whatever_lies_in_it(desk: Desk, tmp_path: Path) -> None:
    """Links, pipes and odd names keep nothing back: they are left out and named. It comes after the end, and is not
    late; a receipt says that it was at the end."""
    in_exam(desk, seconds=HOUR - 60)
    said = send(home(tmp_path), "final", desk.socket("lab-6"))
    assert said["left_out"] == 4
    receipt = said["receipt"]
    assert (receipt["at_end"], receipt["late"], receipt["person"]) == (True, False, "a.b@x.org")
    kept = [path for path in desk.kept if "/final/" in path and "receipt" not in path]
    assert sorted(path.partition("/files/")[2] for path in kept) == [
        "bin",
        "left-out.txt",
        f"{REST}/notes.txt",
        "task.ipynb",
    ]
    named = (desk.root / "store" / next(path for path in kept if path.endswith("left-out.txt"))).read_text()
    for name in ("link", "pipe", "odd\\nname", f"{REST}/elsewhere"):
        assert name in named


def test_what_is_too_much_keeps_nothing_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks come first, then the small before the large, up to what the desk takes; a folder that is a link to
    another place is not followed."""
    monkeypatch.setattr(send_home, "MOST_BYTES", 100)
    own = tmp_path / "home"
    (own / "final").mkdir(parents=True)
    for name, size in (("a.bin", 60), ("b.bin", 90), ("z.ipynb", 50)):
        (own / "final" / name).write_bytes(b"x" * size)
    chosen, left = choose(own, "final")
    assert [each.name for each in chosen] == ["z.ipynb"]
    assert sorted(left) == ["a.bin", "b.bin"]
    monkeypatch.setattr(send_home, "MOST_FILES", 1)
    assert [each.name for each in choose(own, "final")[0]] == ["z.ipynb"]
    (own / "other").symlink_to("/etc")
    assert choose(own, "other")[0]
    assert not any("passwd" in each.name for each in choose(own, "other")[0])


def test_an_empty_home_is_handed_in_too(desk: Desk, tmp_path: Path) -> None:
    """Who wrote nothing has a receipt, too."""
    in_exam(desk)
    (tmp_path / "empty").mkdir()
    assert send(tmp_path / "empty", "final", desk.socket("lab-6"))["receipt"]["files"] == 1


def test_a_desk_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The container says so, and ends."""
    monkeypatch.setattr(to_desk, "WAIT_SECONDS", 0.1)
    (tmp_path / "empty").mkdir()
    assert "does not open" in send(tmp_path / "empty", "final", str(tmp_path / "no.sock"))["fault"]


def test_a_home_is_kept_once(desk: Desk, tmp_path: Path) -> None:
    """A guard that was killed has nobody hear of the receipt, and the home is sent again: also while the first is
    still being kept. Where the exam went on for that person, it is kept anew."""
    in_exam(desk, seconds=HOUR - 60)
    made = home(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda _: send(made, "final", desk.socket("lab-6")), range(2)))
    assert len({each["receipt"]["code"] for each in said}) == 1
    in_exam(desk, ends_at=int(time.time()) + 1)
    time.sleep(1)
    assert send(made, "final", desk.socket("lab-6"))["receipt"]["code"] != said[0]["receipt"]["code"]


def test_half_a_home_is_none(desk: Desk, tmp_path: Path) -> None:
    """What sends it, or the desk, is killed meanwhile: nothing of it is kept, and the next time all of it is."""
    in_exam(desk)
    with contextlib.closing(BySocket(desk.socket("lab-6"), "desk", timeout=30)) as cut:
        cut.putrequest("POST", "/seal")
        cut.putheader("Transfer-Encoding", "chunked")
        cut.endheaders()
        half = tar(("task.ipynb", b"x" * 5000))[:4096]
        cut.send(b"%x\r\n%b\r\n" % (len(half), half))
        wait(lambda: any(path.startswith(".incoming/") for path in desk.kept), "it begins to come")
    wait(lambda: desk.kept == [], "what came in half is gone")
    assert send(home(tmp_path), "final", desk.socket("lab-6"))["receipt"]["files"] == 4
