"""What teachers hand out on their course's page: kept by the desk, fetched by members' labs, made by teachers alone."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeroom.contract import handouts as contract
from homeroom.contract.grader_labs import grader_name
from homeroom.contract.handouts import FOLDERS
from homeroom.courses import coming, desk_client, to_desk
from homeroom.courses.course import NAME
from homeroom.courses.desk import sealed, service
from homeroom.courses.desk.handouts import MOST_ENTRIES, NOW, Handout, Handouts
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.store import INCOMING
from homeroom.courses.desk.told import Bringing
from homeroom.courses.desk.unpack import plain_parts
from homeroom.courses.handouts import bring, form, pack
from homeroom.guard import handouts as guard
from homeroom.records import events
from homeroom_lab import desk as lab_desk
from homeroom_lab.handouts import bring_repository, watch
from homeroom_lab.handouts import of_desk as of_lab
from homeroom_lab.handouts.watch import HandoutWatch

from generator.topics.handouts import site
from generator.topics.terms import lab_home
from tests.git_server import PRIVATE, SILENT, GitServer, git
from tests.hub_app import HubApp
from tests.unit.courses.desk import HOUR, Desk, begun, connects, tar, told, wait
from tests.unit.courses.hub import say_courses
from tests.unit.courses.test_course_pages import PASSWORD, app, course
from tests.unit.courses.test_desk import entry

__all__ = ["app"]
PAGE = "homeroom/courses/biology/handouts"
MOST = 1 << 20
OWN = "lab-9"
"""The directory of whatever brings a handout: a short name, since a socket's path holds 107 bytes at most."""
ZONE = ZoneInfo("Europe/Vienna")


def lay(home: Path, name: str = "week1", **files: str) -> Path:
    """A folder in the grader lab's course."""
    folder = home / FOLDERS / name
    for file, text in (files or {"sheet.ipynb": "{}", "data/a b.csv": "1,2"}).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return folder


def brought(desk: Desk, home: Path, name: str = "week1", *, folder: str = "", **changes: Any) -> dict[str, Any]:
    """Have a folder become a handout, as hub and guard do it; what the container says."""
    own = OWN
    (desk.root / "labs" / own).mkdir(exist_ok=True)
    handout = {"course": "biology", "name": name, "to": f"bio/{name}", "visible_at": None, "most_bytes": MOST}
    values = told(bringing={own: {**handout, "source": {"folder": folder or name}, **changes}})
    asyncio.run(desk_client.tell(values))
    said = pack.give(home, folder or name, int(changes.get("most_bytes", MOST)), desk.socket(own))
    asyncio.run(desk_client.tell(told()))
    return said


def door(root: Path) -> str:
    """The desk's socket in a directory that the guard makes each time, so that the desk opens it anew."""
    own = root / "labs" / OWN
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    wait(lambda: connects(str(own / "desk.sock")), "the desk opens for it")
    return str(own / "desk.sock")


class Lab:
    """A member's lab, with a home."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.home = desk.root / f"home-{name}"
        self.home.mkdir(exist_ok=True)
        self.watch = HandoutWatch(desk.root / "none", self.home, Path(desk.socket(name)))

    def look(self) -> dict[str, str]:
        """What is in the home after the lab looked."""
        asyncio.run(self.watch.look())
        found = {str(path.relative_to(self.home)): path for path in self.home.rglob("*") if path.is_file()}
        return {name: path.read_text() for name, path in found.items() if not name.startswith(".local/")}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[list[dict[str, Any]]]:
    """Labs ask the desk with each look; what they tell the hub is kept."""
    said: list[list[dict[str, Any]]] = []

    async def tell(results: list[Any], _: Any) -> bool:
        said.append([dict(vars(one)) for one in results])
        return True

    monkeypatch.setattr(watch, "tell_hub", tell)
    monkeypatch.setattr(watch, "ASK_SECONDS", -1)
    monkeypatch.setattr(watch, "AGAIN_SECONDS", -1)
    return said


def test_it_comes_into_every_members_home(
    desk: Desk, tmp_path: Path, at_once: list[list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of students and of who teaches, as it was at that moment, without checkpoints, and of nobody else; never over a
    file, and what was deleted does not come back. Of a new version what is new comes. Taken back, what came stays. The
    hub is told by which name each home has it."""
    home = tmp_path / "grader"
    folder = lay(home)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints/sheet.ipynb").write_text("older")
    assert brought(desk, home) == {}
    (folder / "later.txt").write_text("not yet")
    bob, ada, olga = (Lab(desk, name) for name in ("lab-1", "lab-3", "lab-4"))
    (bob.home / "bio/week1").mkdir(parents=True)
    (bob.home / "bio/week1/sheet.ipynb").write_text("mine")
    assert bob.look() == {"bio/week1/sheet.ipynb": "mine", "bio/week1/data/a b.csv": "1,2"}
    assert ada.look() == {"bio/week1/sheet.ipynb": "{}", "bio/week1/data/a b.csv": "1,2"}
    assert olga.look() == {}
    ((first,), (second,)) = at_once
    assert (first["name"], first["state"], first["copied"], first["kept"]) == ("biology/week1", "delivered", 1, 1)
    assert second["copied"] == 2
    (ada.home / "bio/week1/sheet.ipynb").unlink()
    assert brought(desk, home) == {}
    assert ada.look() == {"bio/week1/data/a b.csv": "1,2", "bio/week1/later.txt": "not yet"}
    fresh = asyncio.run(ada.watch.fresh("biology/week1"))
    assert (ada.home / fresh / "sheet.ipynb").read_text() == "{}"
    assert not list(ada.home.glob(f"{deliver_folder()}*")), "nothing that was fetched is left"
    asyncio.run(desk_client.take_handout_back("biology", "week1"))
    assert "bio/week1/later.txt" in ada.look()
    assert ada.watch.results == []
    assert [path for path in desk.kept if not path.startswith(".")] == []


def deliver_folder() -> str:
    """What folders are called in which something was fetched."""
    from homeroom_lab.handouts import deliver

    return deliver.FETCHED


def test_before_its_time_no_lab_has_any_of_it(desk: Desk, tmp_path: Path) -> None:
    """Neither its name nor its files, by whatever address; the moment can be changed, and with it the folder."""
    lay(tmp_path / "grader")
    at = int(time.time()) + HOUR
    assert brought(desk, tmp_path / "grader", visible_at=at) == {}
    (one,) = desk_client.handouts_of("biology")
    path = f"/handouts/biology/week1/{one['revision']}"
    assert desk.listed("lab-1", "/handouts") == []
    assert desk.asked("lab-1", "GET", path)[0] == 404
    asyncio.run(desk_client.change_handout("biology", "week1", to="other", visible_at=at - 2 * HOUR))
    assert [each["to"] for each in desk.listed("lab-1", "/handouts")] == ["other"]
    assert desk.asked("lab-1", "GET", path)[0] == 200
    assert desk.asked("lab-4", "GET", path)[0] == 404, "olga is not in the course"
    for odd in ("/handouts/biology/..%2f..%2fx/0", "/handouts/../week1/0", "/handouts/biology/week1/0"):
        assert desk.asked("lab-1", "GET", odd)[0] == 404, odd


def test_a_desk_that_is_away_takes_nothing(desk: Desk, tmp_path: Path) -> None:
    """What labs knew counts on, and handouts outlive the desk; what a removal has left goes."""
    lay(tmp_path / "grader")
    brought(desk, tmp_path / "grader")
    lab = Lab(desk, "lab-1")
    before = lab.look()
    desk.end()
    assert lab.look() == before
    assert [one.state for one in lab.watch.results] == ["delivered"]
    place = desk.root / "store/biology/handouts/week1"
    (place / ("0" * 24)).mkdir()
    desk.end = begun(desk.root).end
    assert [each["name"] for each in desk_client.handouts_of("biology")] == ["week1"]
    assert len([path for path in place.iterdir() if path.is_dir()]) == 1


def handouts_in(store: Path) -> Handouts:
    """Those of a desk that is about to begin."""
    (store / INCOMING).mkdir(parents=True, exist_ok=True)
    found = Handouts(store, store / INCOMING)
    found.open()
    return found


def putting(handouts: Handouts, text: bytes) -> Handout:
    """One that is kept, with one file."""
    archive = handouts.root / "archive"
    archive.write_bytes(tar(("sheet.md", text)))
    one = Bringing(course="biology", name="week1", to="w", visible_at=None, source={}, most_bytes=MOST)
    return handouts.put(one, archive, 0.0)


def test_a_full_disk_keeps_nothing_that_nobody_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room to say that a handout is there, its files go again, and what was there before stays; so
    they do where the desk ended before it had said so."""
    handouts = handouts_in(tmp_path / "store")
    place = tmp_path / "store/biology/handouts/week1"
    write = sealed.write_whole

    def full(path: Path, text: str) -> None:
        if path.name == f".{NOW}":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, text)

    with monkeypatch.context() as without_room:
        without_room.setattr(sealed, "write_whole", full)
        with pytest.raises(OSError, match="No space"):
            putting(handouts, b"first")
        assert list(place.iterdir()) == []
    kept = putting(handouts, b"first")
    with monkeypatch.context() as without_room:
        without_room.setattr(sealed, "write_whole", full)
        with pytest.raises(OSError, match="No space"):
            putting(handouts, b"second")
    assert {path.name for path in place.iterdir()} == {NOW, kept.folder}
    (place / NOW).unlink()
    assert handouts_in(tmp_path / "store").of_course("biology") == []
    assert not place.exists()


def test_a_full_disk_is_told(
    desk: Desk, tmp_path: Path, git_server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own word: to try it again would not help."""

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Handouts, "put", full)
    lay(tmp_path / "grader")
    assert brought(desk, tmp_path / "grader")["fault"] == "full"
    assert fetched(desk, f"{git_server.url}/right.git")["fault"] == "full"
    assert "full" in bring.FAULTS


def test_a_time_is_changed_of_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it was handed out anew while the change waited: the newer files stay."""
    handouts = handouts_in(tmp_path)
    putting(handouts, b"first")
    waiting, go_on = threading.Event(), threading.Event()
    to_disk = sealed.to_disk

    def slow(folder: Path) -> None:
        if folder.name == "week1" and not waiting.is_set():
            waiting.set()
            assert go_on.wait(60)
        to_disk(folder)

    with monkeypatch.context() as slowly, ThreadPoolExecutor(2) as threads:
        slowly.setattr(sealed, "to_disk", slow)
        anew = threads.submit(putting, handouts, b"second")
        assert waiting.wait(60)
        change = threads.submit(handouts.change, "biology", "week1", to="other", visible_at=1)
        time.sleep(0.1)  # it has looked, where it would look too early
        go_on.set()
        assert (change.result(60), anew.result(60).revision) == (True, handouts.of_course("biology")[0].revision)
    (one,) = handouts_in(tmp_path).of_course("biology")
    folder, files = handouts.content(one)
    assert (one.to, one.visible_at, (folder / files[0].path).read_bytes()) == ("other", 1, b"second")


def _link(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")


def _link_to_folder(folder: Path) -> None:
    (folder / "etc").symlink_to("/etc")


def _is_link(folder: Path) -> None:
    folder.rename(folder.with_name("real"))
    folder.symlink_to("real")


def _above_is_link(folder: Path) -> None:
    folder.parent.rename(folder.parent.with_name("real"))
    folder.parent.symlink_to("real")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def _odd_name(folder: Path) -> None:
    (folder / "a\nb").write_text("x")


def _large(folder: Path) -> None:
    (folder / "large").write_bytes(b"x" * (MOST + 1))


def _empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("change", "fault", "name"),
    [
        (_link, "link", "passwd"),
        (_link_to_folder, "link", "etc"),
        (_is_link, "missing", ""),
        (_above_is_link, "missing", ""),
        (_pipe, "odd", "pipe"),
        (_odd_name, "name", r"a\nb"),
        (_large, "large", ""),
        (_empty, "empty", ""),
    ],
)
def test_what_cannot_be_handed_out_is_said(
    desk: Desk, tmp_path: Path, change: Callable[[Path], None], fault: str, name: str
) -> None:
    """By a word that the page has words for, and by its name; nothing of it is kept, and nothing of elsewhere."""
    change(lay(tmp_path / "grader"))
    said = brought(desk, tmp_path / "grader")
    assert said["fault"] == fault
    assert said["name"].strip("'") == name
    assert fault in bring.FAULTS
    assert desk_client.handouts_of("biology") == []


@pytest.fixture(scope="module")
def git_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A host of repositories: one that is right, one with a link, one that is too large."""
    with GitServer(tmp_path_factory.mktemp("git")).running() as running:
        running.repository("right", {"README.md": "hello"})
        running.repository("large", {"large": "x" * (MOST + 1)})
        running.repository("links", {"a": "x"})
        (running.folder / "work/links/passwd").symlink_to("/etc/passwd")
        running.commit("links")
        running.repository("names", {"a\nb": "x"})
        running.repository("no-text", {os.fsdecode(b"a\xff"): "x"})
        running.repository("deep", {"d/" * bring_repository.DEEPEST + "a": "x"})
        running.repository("pair", {"a/one": "1", "b/two": "2"})
        running.repository("cached", {"a.py": "1", "x/__pycache__/a.pyc": "2", ".ipynb_checkpoints/a.ipynb": "3"})
        endless(running)
        yield running


def endless(server: GitServer) -> None:
    """A small repository whose folders hold the same folder ten times, eleven deep."""
    url = server.repository("endless", {"a": "x"})
    bare = server.folder / url.rpartition("/")[2]
    tree = git(bare, "rev-parse", "main^{tree}")
    for _ in range(11):
        rows = "".join(f"040000 tree {tree}\tf{number}\n" for number in range(10))
        made = subprocess.run(["git", "mktree"], cwd=bare, input=rows, capture_output=True, text=True, check=True)
        tree = made.stdout.strip()
    git(bare, "update-ref", "refs/heads/main", git(bare, "commit-tree", "-m", "x", tree))


def fetched(desk: Desk, url: str, branch: str = "", inner: str = "", most_bytes: int = MOST) -> dict[str, str]:
    """Have a repository become a handout, as hub and guard do it; what the container says."""
    (desk.root / "labs" / OWN).mkdir(exist_ok=True)
    source = {"url": url, "branch": branch, "inner": inner}
    handout = {"course": "biology", "name": "repo", "to": "bio/repo", "visible_at": None, "source": source}
    asyncio.run(desk_client.tell(told(bringing={OWN: {**handout, "most_bytes": most_bytes}})))
    wait(lambda: connects(desk.socket(OWN)), "the desk opens for it")
    with tempfile.TemporaryDirectory(dir=desk.root) as place:
        said = bring_repository.bring({**source, "most_bytes": str(most_bytes)}, Path(place), desk.socket(OWN))
    asyncio.run(desk_client.tell(told()))
    return said


def test_a_repository_comes_into_every_members_home(desk: Desk, git_server: GitServer) -> None:
    """Its files, or those of one folder, of its first branch or the one that is named, without its history; and what
    was pushed since, when it is handed out anew."""
    url = git_server.repository("algo", {"README.md": "hello", "week1/sheet.ipynb": "{}", "week1/data/a b.csv": "1"})
    assert fetched(desk, url) == {}
    lab = Lab(desk, "lab-1")
    assert lab.look() == {
        "bio/repo/README.md": "hello",
        "bio/repo/week1/sheet.ipynb": "{}",
        "bio/repo/week1/data/a b.csv": "1",
    }
    git_server.repository("algo", {"week1/later.txt": "new"})
    assert fetched(desk, url, "main", "week1") == {}
    assert {"bio/repo/later.txt", "bio/repo/data/a b.csv"} < lab.look().keys()
    assert not list(lab.home.rglob(".git"))


@pytest.mark.parametrize(
    ("name", "branch", "inner", "fault"),
    [
        ("none", "", "", "repository"),
        (f"{PRIVATE}/x", "", "", "private"),
        ("right", "none", "", "branch"),
        ("right", "", "none", "inner"),
        ("right", "", "README.md", "inner"),
        ("links", "", "", "link"),
        ("large", "", "", "large"),
        ("names", "", "", "name"),
        ("no-text", "", "", "name"),
        ("deep", "", "", "name"),
        ("endless", "", "", "many"),
    ],
)
def test_what_is_wrong_with_a_repository_is_said(
    desk: Desk, git_server: GitServer, name: str, branch: str, inner: str, fault: str
) -> None:
    """By a word that the page has words for; nothing of it is kept, and what was handed out before stays."""
    said = fetched(desk, f"{git_server.url}/{name}.git", branch, inner)
    assert said["fault"] == fault
    assert fault in bring.FAULTS
    assert desk_client.handouts_of("biology") == []


def test_what_is_no_work_of_anybodys_stays_out(desk: Desk, git_server: GitServer) -> None:
    """Checkpoints and what Python keeps, as of a folder."""
    assert fetched(desk, f"{git_server.url}/cached.git") == {}
    assert Lab(desk, "lab-1").look() == {"bio/repo/a.py": "1"}


def test_folders_of_a_repository_count(desk: Desk, git_server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the desk counts them: two files in two folders are four."""
    monkeypatch.setattr(bring_repository, "MOST_FILES", 3)
    assert fetched(desk, f"{git_server.url}/pair.git")["fault"] == "many"
    monkeypatch.setattr(bring_repository, "MOST_FILES", 4)
    assert fetched(desk, f"{git_server.url}/pair.git") == {}


@pytest.mark.parametrize(
    "said",
    [
        'Protocol "file" disabled (in redirect)',
        "The redirect target URL could not be parsed: Unsupported URL scheme",
        "Maximum (20) redirects followed",
    ],
)
def test_where_a_host_leads_elsewhere_it_is_said(said: str) -> None:
    """To an address that is not fetched, or round and round."""
    assert bring_repository.fault_of(f"fatal: unable to access 'http://x.org/a': {said}") == "address"


def test_a_dead_host_is_given_up(desk: Desk, git_server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while; and one that is no host, or is asked in another way, is told apart."""
    monkeypatch.setattr(bring_repository, "FETCH_SECONDS", 1.0)
    assert fetched(desk, f"{git_server.url}/{SILENT}/x.git")["fault"] == "away"
    monkeypatch.setattr(bring_repository, "FETCH_SECONDS", 30.0)
    assert fetched(desk, "http://127.0.0.1:9/x.git")["fault"] == "away"
    assert fetched(desk, "http://no-such-host.invalid/x.git")["fault"] in ("host", "away")
    for url in ("file:///etc", "ext::sh -c id", "ssh://127.0.0.1/x"):
        assert fetched(desk, url)["fault"] == "address", url


def test_too_many_files_are_said(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any of it is sent."""
    monkeypatch.setattr(pack, "MOST_FILES", 2)
    lay(tmp_path / "grader")
    assert brought(desk, tmp_path / "grader")["fault"] == "many"


def test_a_desk_that_does_not_open_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while."""
    monkeypatch.setattr(to_desk, "WAIT_SECONDS", 0.1)
    lay(tmp_path)
    assert pack.give(tmp_path, "week1", MOST, str(tmp_path / "none"))["fault"] == "desk"


def test_the_desk_believes_nobody(desk: Desk) -> None:
    """Whatever a container sends, the desk itself takes plain files alone, and no more than is allowed."""
    own = OWN
    (desk.root / "labs" / own).mkdir()
    handout: dict[str, Any] = {"course": "biology", "name": "week1", "to": "x", "visible_at": None, "source": {}}
    handout["most_bytes"] = 100
    asyncio.run(desk_client.tell(told(bringing={own: handout})))
    wait(lambda: connects(desk.socket(own)), "the desk opens for it")
    for body in (
        tar(entry("a", tarfile.SYMTYPE, linkname="/etc/passwd")),
        tar(("../../x", b"x")),
        tar(("a", b"x" * 101)),
        b"no tar",
    ):
        assert desk.sent(own, body, "/handout")[0] in (413, 422)
    assert desk.asked(own, "GET", "/handouts")[0] == 404
    assert desk.listed("lab-5", "/handouts") == [], "the grader lab gets none"
    assert desk.sent("lab-1", tar(("a", b"x")), "/handout")[0] == 404, "a lab hands out nothing"
    assert desk.sent("lab-5", tar(("a", b"x")), "/handout")[0] == 404, "nor does the grader lab by itself"
    assert desk_client.handouts_of("biology") == []


def test_the_next_terms_course_has_them_later(desk: Desk, tmp_path: Path) -> None:
    """With their dates moved by the clocks of the zone, and what it has already stays; the first keeps its own. With
    all of a course its handouts go, and with what students did they stay."""
    lay(tmp_path / "grader")
    before = int(datetime(2026, 10, 20, 8, tzinfo=ZONE).timestamp())
    brought(desk, tmp_path / "grader", visible_at=before)
    brought(desk, tmp_path / "grader", "rules", folder="week1")
    assert desk_client.copy_handouts("biology", "biology-2", 7) == 2
    assert desk_client.copy_handouts("biology", "biology-2", 14) == 0
    rules, week1 = desk_client.handouts_of("biology-2")
    assert (rules["visible_at"], week1["visible_at"]) == (None, datetime(2026, 10, 27, 8, tzinfo=ZONE).timestamp())
    assert desk_client.kept("biology")["handouts"] == 2
    desk_client.remove("biology", "shell:root", everything=False)
    assert len(desk_client.handouts_of("biology")) == 2
    desk_client.remove("biology", "shell:root", everything=True)
    assert desk_client.handouts_of("biology") == []
    assert len(desk_client.handouts_of("biology-2")) == 2


@pytest.mark.parametrize(
    "path",
    [
        "week1",
        "bio/week1",
        "bio/week 1",
        "",
        "/x",
        "..",
        "a/../b",
        "a//b",
        "a/",
        ".x",
        "a/.x",
        "a\\b",
        "a\nb",
        "x" * 201,
    ],
)
def test_a_folder_is_one_by_the_rules_of_the_file(path: str) -> None:
    """Whatever page or file says."""
    try:
        site.check_target(path)
    except ValueError:
        assert not form.is_target(path)
    else:
        assert form.is_target(path)


def test_the_same_is_said_everywhere() -> None:
    """The guard's code, the hub's and the lab's have the same names for the same things."""
    assert grader_name("biology") == lab_home.grader("biology")
    assert guard.COURSE.pattern == NAME
    assert guard.NAME.pattern == contract.NAME
    assert guard.FOLDER.pattern == contract.FOLDER
    assert guard.URL.pattern == contract.URL
    assert guard.BRANCH.pattern == f"(?:{contract.BRANCH})?"
    assert str(of_lab.SOCKET) == lab_desk.SOCKET
    assert bring_repository.MOST_FILES == MOST_ENTRIES
    assert bring_repository.LEFT_OUT < pack.LEFT_OUT
    for name in (
        "a",
        "ä b",
        "a\nb",
        "a\udcff",
        "d/" * 19 + "a",
        "d/" * 20 + "a",
        "ä" * 100,
        "ä" * 101,
        "/".join(5 * ["x" * 199]),
    ):
        assert bring_repository.is_plain(name) == takes(name), name
    assert not takes("/".join(6 * ["x" * 199]))
    assert not bring_repository.is_plain("/".join(6 * ["x" * 199]))


def takes(name: str) -> bool:
    """Whether the desk takes a file of this name."""
    try:
        plain_parts(name)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"fault": "unreadable"}, {"fault": "ended", "name": ""}),
        ({"fault": "unreadable", "name": "a"}, {"fault": "unreadable", "name": "a"}),
    ],
)
def test_a_container_that_says_nothing_is_told(
    said: dict[str, str], fault: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that ended for its memory; a file that cannot be read is told with its name."""
    assert asyncio.run(bringing({"folder": "week1"}, lambda _: said, monkeypatch)) == fault


def test_a_folder_waits_for_no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """While as many repositories are fetched as may be at once."""
    answered = threading.Event()

    def ask(asked: dict[str, str]) -> dict[str, str]:
        if "url" in asked:
            assert answered.wait(60)
        return {}

    async def all_at_once() -> list[Any]:
        repositories = [{"url": f"https://x.org/{number}"} for number in range(bring.AT_ONCE)]
        waiting = [asyncio.ensure_future(bringing(each, ask, monkeypatch)) for each in repositories]
        try:
            async with asyncio.timeout(30):
                assert await bringing({"folder": "week1"}, ask, monkeypatch) == {}
            assert not any(each.done() for each in waiting)
        finally:
            answered.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(all_at_once()) == [{}] * bring.AT_ONCE


async def bringing(
    source: dict[str, str], ask: Callable[[dict[str, str]], dict[str, str]], patch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Have something be brought, by a guard that answers so."""

    async def tell(_: Any) -> None:
        """The desk is told."""

    patch.setattr(bring, "_ask", ask)
    patch.setattr(bring, "tell_desk", tell)
    name = "".join(source.values())[-5:]
    hub = SimpleNamespace(log=logging.getLogger("test"))
    return await bring.bring(hub, {"course": "biology", "name": name, "source": source, "most_bytes": MOST})


# --- The page ---


@pytest.fixture
def school(app: HubApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk, and a hub whose guard brings folders of a grader lab's home; bela assists, olga observes."""
    roles = course()["roles"]
    roles["assistants"]["people"], roles["observers"]["people"] = ["bela"], ["olga"]
    say_courses(app, course(roles=roles))
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "desk.sock")
    monkeypatch.setattr(service, "KEEP_SECONDS", 0.02)
    (tmp_path / "labs").mkdir()

    def ask(asked: dict[str, str]) -> dict[str, Any]:
        given = guard.checked(asked)
        return pack.give(tmp_path / "grader", given["folder"], int(given["most_bytes"]), door(tmp_path))

    monkeypatch.setattr(bring, "_ask", ask)
    monkeypatch.setattr(bring, "directory", lambda *_: OWN)
    made = begun(tmp_path)
    yield made
    made.end()


def noted(app: HubApp) -> list[str]:
    """Who did what, as the records are to have it."""
    found: list[str] = app.do(lambda: [json.loads(each.event)["why"] for each in events.waiting(app.hub.db)])
    return found


def test_a_teacher_hands_out(app: HubApp, school: Desk, tmp_path: Path) -> None:
    """By a form: with its name alone it is the folder of that name, into one of the course, at once. The course's page
    shows it to all of its members. It is moved, handed out anew and taken back, each on record; also in German."""
    lay(tmp_path / "grader")
    ada, bob = (app.browser_of(name, PASSWORD) for name in ("ada", "b+ob"))
    assert "Hand out files" in ada.visit("homeroom/courses/biology").text
    assert "Hand out files" not in bob.visit("homeroom/courses/biology").text
    assert ada.fill_in(PAGE, PAGE, do="new", name="week1").status_code == 200
    (one,) = desk_client.handouts_of("biology")
    assert (one["to"], one["visible_at"], one["source"], one["files"]) == (
        "biology/week1",
        None,
        {"folder": "week1"},
        2,
    )
    assert "It comes when you start your lab." in bob.visit("homeroom/courses/biology").text
    page = " ".join(ada.visit("homeroom/courses/biology").text.split())
    assert "Never started a lab" in page
    later = {"do": "change", "target": "week1", "to": "bio/one", "visible_at": "2099-10-05T08:00"}
    assert ada.fill_in(PAGE, PAGE, **later).status_code == 200
    page = bob.visit("homeroom/courses/biology").text
    assert "bio/one" in page
    assert "2099-10-05 08:00" in page
    lay(tmp_path / "grader", more="x")
    assert ada.fill_in(PAGE, PAGE, do="again", target="week1").status_code == 200
    (two,) = desk_client.handouts_of("biology")
    assert (two["files"], two["to"]) == (3, "bio/one")
    assert two["visible_at"] == datetime(2099, 10, 5, 8, tzinfo=ZONE).timestamp()
    assert "Neu austeilen" in ada.visit(PAGE, headers={"Accept-Language": "de"}).text
    assert ada.fill_in(PAGE, PAGE, do="back", target="week1").status_code == 200
    assert desk_client.handouts_of("biology") == []
    assert "bio/one" not in bob.visit("homeroom/courses/biology").text
    assert [each for each in noted(app) if "handout" in each] == [
        "course biology: handout week1 added",
        "course biology: handout week1 into bio/one, 2099-10-05 08:00",
        "course biology: handout week1 brought again",
        "course biology: handout week1 taken back",
    ]


def test_a_teacher_hands_out_a_repository(
    app: HubApp, school: Desk, git_server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its address; what is wrong is told beside it, and handed out anew it is fetched again."""

    def ask(asked: dict[str, str]) -> dict[str, Any]:
        given = guard.checked(asked)
        with tempfile.TemporaryDirectory(dir=school.root) as place:
            return dict(bring_repository.bring(given, Path(place), door(school.root)))

    monkeypatch.setattr(bring, "_ask", ask)
    url = git_server.repository("course", {"week1/sheet.ipynb": "{}"})
    ada = app.browser_of("ada", PASSWORD)
    wrong = ada.fill_in(PAGE, PAGE, do="new", name="week1", url=url, branch="none")
    assert (wrong.status_code, "has no branch or tag none" in wrong.text) == (400, True)
    assert ada.fill_in(PAGE, PAGE, do="new", name="week1", url=url, inner="week1").status_code == 200
    (one,) = desk_client.handouts_of("biology")
    assert (one["source"], one["files"]) == ({"url": url, "branch": "", "inner": "week1"}, 1)
    assert url in ada.visit(PAGE).text
    git_server.repository("course", {"week1/hint.md": "try"})
    assert ada.fill_in(PAGE, PAGE, do="again", target="week1").status_code == 200
    (two,) = desk_client.handouts_of("biology")
    assert two["files"] == 2


def test_what_is_on_its_way_is_not_changed(
    app: HubApp, school: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time, its folder and whether it is there at all would be as before once it has come; and no other comes into
    its folder meanwhile."""
    lay(tmp_path / "grader")
    ada = app.browser_of("ada", PASSWORD)
    assert ada.fill_in(PAGE, PAGE, do="new", name="week1").status_code == 200
    at = int(time.time()) + HOUR
    asyncio.run(desk_client.change_handout("biology", "week1", to="w", visible_at=at))
    one = {"course": "biology", "name": "week1", "to": "w", "visible_at": at, "source": {}, "most_bytes": MOST}
    monkeypatch.setattr(coming, "handouts", {"x": one, "y": {**one, "name": "week2", "to": "v"}})
    for fields in ({"do": "back"}, {"do": "change", "to": "other", "visible_at": ""}):
        answer = ada.fill_in(PAGE, PAGE, target="week1", **fields)
        assert (answer.status_code, "week1 is just being handed out" in answer.text) == (400, True), fields
    same = ada.fill_in(PAGE, PAGE, do="new", name="week3", folder="week1", to="v")
    assert (same.status_code, "The handout week2 comes into this folder" in same.text) == (400, True)
    (kept,) = desk_client.handouts_of("biology")
    assert (kept["to"], kept["visible_at"]) == ("w", at)


@pytest.mark.parametrize(("name", "status"), [("bela", 403), ("b+ob", 403), ("olga", 403), ("admin", 404)])
def test_nobody_else_hands_out(app: HubApp, school: Desk, tmp_path: Path, name: str, status: int) -> None:
    """Neither assistant, student nor observer, nor an administrator who is not in the course; nothing is changed."""
    lay(tmp_path / "grader")
    ada, browser = app.browser_of("ada", PASSWORD), app.browser_of(name, PASSWORD)
    assert ada.fill_in(PAGE, PAGE, do="new", name="week1").status_code == 200
    before = desk_client.handouts_of("biology")
    assert browser.visit(PAGE).status_code == status
    browser.visit("home")
    for do in ("new", "again", "change", "back"):
        data = {"_xsrf": browser.cookies["_xsrf"], "do": do, "target": "week1", "name": "week2", "to": "x"}
        assert browser.post(f"{browser.address}/{PAGE}", data=data).status_code == status
    assert desk_client.handouts_of("biology") == before


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": "Week 1"}, "small letters, digits and -"),
        ({"name": "x" * 25}, "has 24 at most"),
        ({"name": "week1", "folder": "../../etc"}, "no name of a folder"),
        ({"name": "week1", "folder": "none"}, "There is no folder course/handouts/none"),
        ({"name": "week1", "url": "https://me:word@example.org/x"}, "no address of a public repository"),
        ({"name": "week1", "url": "file:///etc"}, "no address of a public repository"),
        ({"name": "week1", "url": "https://example.org/x", "folder": "week1"}, "make two handouts"),
        ({"name": "week1", "url": "https://example.org/x", "branch": "--upload-pack=id"}, "no name of a branch"),
        ({"name": "week1", "url": "https://example.org/x", "inner": "../.."}, "no folder within a repository"),
        ({"name": "week1", "to": "/etc"}, "no folder of a home"),
        ({"name": "week1", "to": ".ssh"}, "no folder of a home"),
        ({"name": "week1", "visible_at": "tomorrow"}, "not a day with a time"),
        ({"name": "week1", "visible_at": "2027-03-28 02:30"}, "put forward"),
    ],
)
def test_a_slip_is_told_at_its_field(
    app: HubApp, school: Desk, tmp_path: Path, typed: dict[str, str], words: str
) -> None:
    """What was typed stays in the form, and nothing is handed out."""
    lay(tmp_path / "grader")
    answer = app.browser_of("ada", PASSWORD).fill_in(PAGE, PAGE, do="new", **typed)
    assert answer.status_code == 400
    assert words in answer.text
    assert f'value="{typed["name"]}"' in answer.text
    assert desk_client.handouts_of("biology") == []


def test_two_of_one_name_are_refused(app: HubApp, school: Desk, tmp_path: Path) -> None:
    """Or into one folder. So is one that is gone, and whatever is no action."""
    lay(tmp_path / "grader")
    ada = app.browser_of("ada", PASSWORD)
    ada.fill_in(PAGE, PAGE, do="new", name="week1")
    assert "There is a handout week1 already" in ada.fill_in(PAGE, PAGE, do="new", name="week1").text
    same = ada.fill_in(PAGE, PAGE, do="new", name="other", folder="week1", to="biology/week1")
    assert (same.status_code, "The handout week1 comes into this folder" in same.text) == (400, True)
    ada.fill_in(PAGE, PAGE, do="new", name="other", folder="week1")
    moved = ada.fill_in(PAGE, PAGE, do="change", target="other", to="biology/week1", visible_at="")
    assert (moved.status_code, "The handout week1 comes into this folder" in moved.text) == (400, True)
    kept = ada.fill_in(PAGE, PAGE, do="change", target="week1", to="biology/week1", visible_at="")
    assert kept.status_code == 200
    ada.fill_in(PAGE, PAGE, do="back", target="other")
    assert "There is no handout gone any more" in ada.fill_in(PAGE, PAGE, do="again", target="gone").text
    assert ada.fill_in(PAGE, PAGE, do="other").status_code == 400
    assert len(desk_client.handouts_of("biology")) == 1


def test_an_archived_course_hands_out_nothing_more(app: HubApp, school: Desk, tmp_path: Path) -> None:
    """What it has handed out is still shown."""
    lay(tmp_path / "grader")
    ada = app.browser_of("ada", PASSWORD)
    ada.fill_in(PAGE, PAGE, do="new", name="week1")
    say_courses(app, course(archive=int(time.time()) - 1))
    page = ada.visit(PAGE).text
    assert "biology/week1" in page
    assert "<form" not in page.split("<main", 1)[1].split("</main", 1)[0]
    ada.visit("home")
    data = {"_xsrf": ada.cookies["_xsrf"], "do": "back", "target": "week1"}
    assert ada.post(f"{ada.address}/{PAGE}", data=data).status_code == 403
    assert len(desk_client.handouts_of("biology")) == 1


def test_without_a_desk_nothing_is_handed_out(app: HubApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words, on the page and for who sends the form all the same."""
    say_courses(app, course())
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "none")
    ada = app.browser_of("ada", PASSWORD)
    assert "nothing can be handed out just now" in ada.visit(PAGE).text
    ada.visit("home")
    data = {"_xsrf": ada.cookies["_xsrf"], "do": "new", "name": "week1"}
    assert ada.post(f"{ada.address}/{PAGE}", data=data).status_code == 503
