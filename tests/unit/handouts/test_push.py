"""`make push`: what is refused before anything is done, and what a push is."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom_lab.handouts import deliver

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.topics.handouts import places, push
from generator.topics.handouts.delivery import Answer
from generator.topics.handouts.push import Push
from generator.topics.storage import homes
from tests.sample_settings import settings

MEMBERS = {"algo": ["bela", "ada"], "course-bio-1-teachers": ["ada"], "course-bio-1-students": ["chen", "bela"]}
MEMBERS |= {"course-new-teachers": [], "course-new-students": []}
KNOWN = Answer(people=["ada", "bela", "chen"], members=MEMBERS, never_started=frozenset(), told={})
MB = 1 << 20


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """An operator's files."""
    made = tmp_path / "files"
    (made / "data").mkdir(parents=True)
    (made / "sheet.ipynb").write_text("{}")
    (made / "data/table.csv").write_text("1")
    return made


def test_what_a_killed_push_left_goes(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the next one: its files and its containers. Two pushes at once are kept apart."""
    removed: list[str] = []
    left = SimpleNamespace(remove=lambda **_: removed.append("container"))
    containers = SimpleNamespace(list=lambda **_: [left])
    here: Any = SimpleNamespace(client=SimpleNamespace(containers=containers), project="hub", settings=settings())
    monkeypatch.setattr(places, "FOLDER", tmp_path / "handouts")
    monkeypatch.setattr(homes, "owners", lambda *_: ["ada"])
    for folder in ("push/0123", "push-0123", "labs"):
        (tmp_path / "handouts" / folder).mkdir(parents=True)
        (tmp_path / "handouts" / folder / "file").touch()
    one = Push(files=[files / "data"], to="week1", people=["ada"])
    push.run(here, one, confirmed=False)
    assert removed == ["container"]
    assert sorted(path.name for path in (tmp_path / "handouts").rglob("*")) == ["file", "labs", "push"]
    with exclusive(tmp_path / "handouts/push"), pytest.raises(HomeroomError, match="another push goes on"):
        push.run(here, one, confirmed=False)


def test_files_go_to_a_group_or_a_person(files: Path) -> None:
    """Each file as it is named, also with a blank; people in order."""
    (files / "two words.txt").touch()
    found = push.asked(f"{files}/sheet.ipynb '{files}/two words.txt'", "algo", "", "week1", KNOWN)
    assert [path.name for path in found.files] == ["sheet.ipynb", "two words.txt"]
    assert (found.people, found.to) == (["ada", "bela"], "week1")
    assert push.asked(f"{files}/data", "", "bela", "", KNOWN).people == ["bela"]


def test_files_go_to_the_members_of_a_course(files: Path) -> None:
    """Whatever they are there; a name of none is told with those that there are, and so are two who are meant."""
    assert push.asked(f"{files}/data", "", "", "", KNOWN, course="bio-1").people == ["ada", "bela", "chen"]
    assert push.asked(f"{files}/data", "", "", "", KNOWN, course="new").people == [], "nobody of it was here yet"
    for course, remedy in (("bio1", "Did you mean bio-1?"), ("xyzzy", "bio-1, new"), ("bio-1-teachers", "bio-1")):
        with pytest.raises(HomeroomError, match="there is no course") as caught:
            push.asked(f"{files}/data", "", "", "", KNOWN, course=course)
        assert remedy in str(caught.value)
    with pytest.raises(HomeroomError, match="to whom"):
        push.asked(f"{files}/data", "algo", "", "", KNOWN, course="bio-1")


@pytest.mark.parametrize(
    ("name", "group", "person", "to", "said", "remedy"),
    [
        ("", "algo", "", "", "which files?", "FILES='sheet.ipynb data'"),
        ("'sheet.ipynb", "algo", "", "", "a quote is not closed", "FILES="),
        ("shet.ipynb", "algo", "", "", "is not there", "Did you mean sheet.ipynb?"),
        ("link", "algo", "", "", "is a link", "Name what it leads to"),
        ("sheet.ipynb", "", "", "", "to whom?", "GROUP=biology"),
        ("sheet.ipynb", "algo", "ada", "", "to whom?", "PERSON=ada"),
        ("sheet.ipynb", "alog", "", "", "there is no group alog", "Did you mean algo?"),
        ("sheet.ipynb", "", "adda", "", "there is nobody called adda", "Did you mean ada?"),
        ("sheet.ipynb", "algo", "", "../x", "without .. in it", "TO=week1"),
        ("sheet.ipynb", "algo", "", ".ssh", "begin with a dot", "TO=week1"),
    ],
)
def test_a_slip_is_told_with_its_remedy(
    files: Path, monkeypatch: pytest.MonkeyPatch, name: str, group: str, person: str, to: str, said: str, remedy: str
) -> None:
    """Before anything is done."""
    (files / "link").symlink_to("sheet.ipynb")
    monkeypatch.chdir(files)
    with pytest.raises(HomeroomError) as caught:
        push.asked(name, group, person, to, KNOWN)
    assert said in str(caught.value)
    assert remedy in str(caught.value)


def laid(directory: Path, *paths: Path, to: str = "") -> Path:
    """What is pushed, where a container sees it."""
    place = directory / "places" / "push"
    place.parent.mkdir(parents=True)
    push.lay(Push(files=paths, to=to, people=["ada"]), place, MB)
    return place.parent


def test_a_push_is_brought_by_the_rules_of_handouts(files: Path, tmp_path: Path) -> None:
    """Into the home itself or a folder of it; never over a file; the same push brings nothing back, a new one does."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "sheet.ipynb").write_text("mine")
    first = laid(tmp_path / "1", files / "sheet.ipynb", files / "data")
    (result,) = deliver.deliver(deliver.known(first), home)
    assert (result.state, result.copied, result.kept) == ("delivered", 1, 1)
    assert (home / "sheet.ipynb").read_text() == "mine"
    (home / "data/table.csv").unlink()
    deliver.deliver(deliver.known(laid(tmp_path / "2", files / "sheet.ipynb", files / "data")), home)
    assert not (home / "data/table.csv").exists()
    (files / "data/table.csv").write_text("2")
    deliver.deliver(deliver.known(laid(tmp_path / "3", files / "data")), home)
    assert (home / "data/table.csv").read_text() == "2"
    deliver.deliver(deliver.known(laid(tmp_path / "4", files / "sheet.ipynb", to="a/b")), home)
    assert (home / "a/b/sheet.ipynb").read_text() == "{}"


def test_what_may_not_be_handed_out_may_not_be_pushed(files: Path, tmp_path: Path) -> None:
    """Links that lead out, and more than HANDOUT_MAX_SIZE."""
    (files / "data/steal").symlink_to("/etc/passwd")
    with pytest.raises(HomeroomError, match="leads out of it"):
        laid(tmp_path / "1", files / "data")
    (files / "large.bin").write_bytes(bytes(MB + 1))
    with pytest.raises(HomeroomError, match="HANDOUT_MAX_SIZE"):
        laid(tmp_path / "2", files / "large.bin")
    (files / "other").mkdir()
    (files / "other/sheet.ipynb").write_text("x")
    with pytest.raises(HomeroomError, match=r"two are called sheet\.ipynb"):
        laid(tmp_path / "3", files / "sheet.ipynb", files / "other/sheet.ipynb")


def test_all_users_may_read_what_is_laid(files: Path, tmp_path: Path) -> None:
    """The container is the labs' user, not the operator."""
    (files / "sheet.ipynb").chmod(0o600)
    place = laid(tmp_path / "1", files / "sheet.ipynb") / "push"
    assert (place / "content/sheet.ipynb").stat().st_mode & 0o777 == 0o644
    assert place.stat().st_mode & 0o777 == 0o755
    assert json.loads((place / "index.json").read_text())["handouts"][0]["to"] == "."
