"""Files in a lab: large ones, oddly named ones, folders, archives, and Git among people who share a directory."""

from __future__ import annotations

import base64
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.faults import until
from tests.hub_deployment import HubDeployment, engine
from tests.person import HOME, Person

MB = 2**20
LARGE_MB = 300
GROWTH_MB = 48
"""What the server may need more while it sends or copies LARGE_MB."""
NAMES = (
    "a:b.txt",
    ":colon first.txt",
    "50% & more + #1?.txt",
    unicodedata.normalize("NFC", "Übung.txt"),
    unicodedata.normalize("NFD", "Übung.txt"),
    "日本 🎓.txt",
    "-rf.txt",
    "back\\slash 'quoted' \"twice\".txt",
    "no end. ",
    "tab\there.txt",
    "line\nbreak.txt",
    "x" * 240 + ".txt",
    ".hidden",
)


@pytest.fixture(params=["deployment", "seminar"])
def person(request: pytest.FixtureRequest) -> Person:
    """Somebody with a running lab: without the feature `files` in the shared deployment, with it in the seminar."""
    deployment: HubDeployment = request.getfixturevalue(request.param)
    name, password = ("admin", deployment.password) if request.param == "deployment" else ("ada", "")
    return with_lab(deployment, name, password)


def with_lab(deployment: HubDeployment, name: str, password: str = "") -> Person:
    """A person whose lab runs."""
    person = Person(deployment, name)
    person.sign_in(password)
    person.start_lab()
    return person


def shell(person: Person, command: str) -> str:
    """What a command in somebody's lab prints, run in their home; it has to succeed."""
    done = person.deployment.lab(person.name).exec_run(["bash", "-c", command], workdir=HOME)
    said: str = done.output.decode(errors="surrogateescape")
    assert done.exit_code == 0, said
    return said


def server_mb(person: Person, kind: str = "RssAnon") -> int:
    """The memory that the lab's server holds, in MB, by its name in proc_pid_status(5); VmHWM is the most so far."""
    told = shell(person, f"awk '/^{kind}/ {{print $2}}' /proc/$(ps -C python -o pid= | xargs -n1 | head -1)/status")
    return int(told) // 1024


def contents(person: Person, method: str, name: str, **options: Any) -> requests.Response:
    """A call to the contents API for a file of this name."""
    return person.lab_api(method, f"contents/{quote(name)}", **options)


def file(person: Person, name: str, **options: Any) -> requests.Response:
    """A file as the page downloads it."""
    return person.get(f"user/{person.name}/files/{quote(name)}", **options)


def save(person: Person, name: str, content: str) -> requests.Response:
    """Save a text file as the page does."""
    return contents(person, "PUT", name, json={"type": "file", "format": "text", "content": content})


def test_a_large_file_passes_piece_by_piece(person: Person) -> None:
    """A file of more than half the lab's memory is downloaded, whole and in part, copied and compared, and the server
    hardly grows; a kernel that runs keeps its variables."""
    shell(person, f"truncate -s {LARGE_MB}M large.bin")
    with person.kernel() as kernel:
        kernel.run("kept = 42")
        before = server_mb(person, "VmHWM")
        with file(person, "large.bin", params={"download": "1"}, stream=True) as sent:
            assert sent.status_code == 200
            assert sum(len(piece) for piece in sent.iter_content(MB)) == LARGE_MB * MB
        part = file(person, "large.bin", headers={"Range": "bytes=5-9"})
        assert (part.status_code, part.content) == (206, bytes(5))
        copied = person.lab_api("POST", "contents/", json={"copy_from": "large.bin"})
        assert (copied.status_code, copied.json()["size"]) == (201, LARGE_MB * MB)
        about = contents(person, "GET", "large.bin", params={"content": "0", "hash": "1"}).json()
        assert about["hash"] == shell(person, "sha256sum large.bin").split()[0]
        assert server_mb(person, "VmHWM") < before + GROWTH_MB
        assert kernel.run("print(kept)") == "42\n"
    shell(person, "rm large*")


def test_what_does_not_fit_is_refused_with_a_sentence(person: Person) -> None:
    """A text of 265 MB that is opened and a notebook of 100 MB that is saved are refused in words, at no memory."""
    shell(person, "truncate -s 265M survey.csv")
    before = server_mb(person, "VmHWM")
    for asked in ({"format": "text", "type": "file"}, {"format": "base64"}, {}):
        opened = contents(person, "GET", "survey.csv", params=asked)
        assert opened.status_code == 413
        assert opened.json()["message"].startswith("survey.csv is too large for the page: 265 MB. A lab with")
    notebook = {"type": "notebook", "format": "json", "content": {"cells": [], "metadata": {"x": "x" * 100 * MB}}}
    saved = contents(person, "PUT", "grown.ipynb", json=notebook)
    assert saved.status_code == 413
    assert "Clear the largest outputs" in saved.json()["message"]
    assert server_mb(person, "VmHWM") < before + GROWTH_MB
    shell(person, "rm survey.csv; test ! -e grown.ipynb")


def make_notebook(person: Person, name: str, size: str) -> None:
    """Lay a notebook of many printed lines in somebody's home; `size` in bytes, as Python reckons it in the lab."""
    make = (
        "import json, os\n"
        "text = ''.join(f'line {number}\\n' for number in range(2000))\n"
        "output = {'output_type': 'stream', 'name': 'stdout', 'text': text}\n"
        "cell = {'cell_type': 'code', 'metadata': {}, 'execution_count': 1, 'source': 'x', 'outputs': [output]}\n"
        f"count = int({size}) // len(json.dumps(cell)) - 10\n"
        "cells = [{**cell, 'id': f'c{number}'} for number in range(count)]\n"
        "whole = {'cells': cells, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}\n"
        f"json.dump(whole, open({name!r}, 'w'))"
    )
    done = person.deployment.lab(person.name).exec_run(["python3", "-c", make], workdir=HOME)
    assert done.exit_code == 0, done.output


def test_the_largest_notebook_is_opened_saved_and_exported(person: Person) -> None:
    """What is not refused fits: the lab lives, and its kernel with it. Afterwards its memory is free for others."""
    person.stop_lab()  # what other kernels hold is not to be had
    person.start_lab()
    with person.kernel() as kernel:
        kernel.run("kept = 42")
        before_mb = server_mb(person)
        make_notebook(person, "largest.ipynb", "int(os.environ['MEM_LIMIT']) // 16 - 500_000")
        opened = contents(person, "GET", "largest.ipynb")
        if opened.status_code == 413:  # with this kernel and the one in waiting the memory of a small lab is half full
            left = re.search(r"With what runs now, files of up to (\d+) MB open", opened.json()["message"])
            assert left, opened.text
            make_notebook(person, "largest.ipynb", f"{left[1]} * 2**20 * 0.85")
            opened = contents(person, "GET", "largest.ipynb")
        assert opened.status_code == 200, opened.text[:300]
        model = {key: opened.json()[key] for key in ("type", "format", "content")}
        saved = contents(person, "PUT", "largest.ipynb", json=model)
        assert saved.status_code == 200, saved.text[:300]
        read = contents(person, "GET", "largest.ipynb")
        assert read.status_code == 200, read.text[:300]
        again = read.json()["content"]["cells"]
        assert [cell["outputs"] for cell in again] == [cell["outputs"] for cell in model["content"]["cells"]]
        exported = person.get(f"user/{person.name}/nbconvert/html/largest.ipynb")
        assert exported.status_code == 200, exported.text[:300]
        assert kernel.run("print(kept)") == "42\n"
        # nbconvert itself and what it imports stay, about 100 MB; what the notebook took (300 MB) does not
        until(lambda: server_mb(person) < before_mb + 128, "the server to give back the memory")
    shell(person, "rm largest.ipynb")


def test_a_file_is_uploaded_in_pieces(person: Person) -> None:
    """What the page sends in pieces is one file afterwards."""
    for number, piece in enumerate(("one ", "two ", "three"), start=1):
        model = {"type": "file", "format": "text", "content": piece, "chunk": -1 if number == 3 else number}
        assert contents(person, "PUT", "pieces.txt", json=model).status_code in (200, 201)
    assert file(person, "pieces.txt").text == "one two three"
    assert contents(person, "DELETE", "pieces.txt").status_code == 204


def test_any_name_is_a_name(person: Person) -> None:
    """Whatever the system takes for a name can be saved, opened, downloaded, copied, renamed and deleted, each name
    for itself."""
    for number, name in enumerate(NAMES):
        assert save(person, name, f"text {number}").status_code == 201, name
    for number, name in enumerate(NAMES):
        assert contents(person, "GET", name).json()["content"] == f"text {number}", name
        assert file(person, name).text == f"text {number}", name
        assert person.lab_api("POST", "contents/", json={"copy_from": name}).status_code == 201, name
        moved = contents(person, "PATCH", name, json={"path": f"{number}:moved"})
        assert (moved.status_code, moved.json()["path"]) == (200, f"{number}:moved"), name
        assert contents(person, "DELETE", f"{number}:moved").status_code == 204, name
        assert contents(person, "GET", name).status_code == 404, name
    shell(person, "find . -maxdepth 1 -type f -newer .profile -size -2 -delete")


def test_a_folder_is_listed_while_files_come_and_go(admin: Person) -> None:
    """A file that is renamed or deleted while its folder is read is no folder that is not there."""
    going = "while [ -e stay ]; do touch $(seq 50); rm -f $(seq 50); done"
    shell(admin, "mkdir busy && touch busy/stay")
    admin.deployment.lab("admin").exec_run(["sh", "-c", going], workdir=f"{HOME}/busy", detach=True)
    for _ in range(20):
        listed = contents(admin, "GET", "busy")
        assert listed.status_code == 200, listed.text
        assert "stay" in [one["name"] for one in listed.json()["content"]]
    shell(admin, "rm busy/stay; until rm -rf busy; do sleep 0.1; done")


def test_folders_and_hidden_files(person: Person) -> None:
    """A folder goes with what is in it, also when it is copied; what begins with a dot can be seen and edited, and the
    page hides it until it is asked for."""
    shell(person, "mkdir -p folder/below && echo text > folder/below/file && ln -s .. folder/up")
    assert person.lab_api("POST", "contents/", json={"copy_from": "folder"}).status_code == 201
    assert shell(person, "readlink folder-Copy1/up; cat folder-Copy1/below/file") == "..\ntext\n"
    for name in ("folder", "folder-Copy1"):
        assert contents(person, "DELETE", name).status_code == 204
    assert shell(person, "ls -d folder* || true").startswith("ls: cannot access")
    assert save(person, ".gitignore", "*.pyc").status_code in (200, 201)
    assert ".gitignore" in {one["name"] for one in contents(person, "GET", "").json()["content"]}
    assert contents(person, "DELETE", ".gitignore").status_code == 204


HOSTILE = """
set -e; cd ~/exchange; rm -rf project; git init -q project; cd project
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
touch file; git add file; git -c user.name=x -c user.email=x@x commit -qm first
run='touch /tmp/ran; false'
for hook in post-checkout pre-commit post-index-change; do
    printf '#!/bin/sh\\ntouch /tmp/ran\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook
done
printf '* filter=x diff=x\\n' > .git/info/attributes; echo changed > file
git config core.fsmonitor "$run"; git config core.pager "$run"; git config core.editor "$run"
git config alias.st "!$run"; git config diff.external "$run"; git config diff.x.textconv "$run"
git config filter.x.clean "$run"; git config filter.x.smudge "$run"; git config credential.helper "!$run"
git config core.sshCommand "$run"; git config remote.origin.url ssh://nowhere/x; git config gpg.program "$run"
git config uploadpack.packObjectsHook "$run"
"""
LOOKS = """
cd ~/exchange/project
for command in status diff 'log -p' st 'add .' 'commit -am x' fetch 'checkout -- .' 'stash'; do git $command; done
git -C ~ clone -q ~/exchange/project cloned
cd ~ && mkdir -p outer && cp -r exchange/project/.git outer/bare && rm -rf outer/.git && cd outer/bare && git status
"""


def ran(person: Person) -> bool:
    """Whether something of the hostile repository ran in somebody's lab."""
    return shell(person, "test -e /tmp/ran && echo ran; rm -f /tmp/ran") == "ran\n"


def git_panel(person: Person, folder: str, what: str) -> dict[str, Any]:
    """What the Git panel is told of a folder."""
    found: dict[str, Any] = person.ask_lab("POST", f"git/{folder}/{what}", json={}).json()
    return found


def pull(person: Person, **parameters: str) -> str:
    """What a link of nbgitpuller's tells while it works."""
    return person.get(f"user/{person.name}/git-pull/api", params=parameters).text


def test_git_runs_nothing_of_another_persons_repository(seminar: HubDeployment) -> None:
    """Whoever looks at a repository in a writable share, in the Git panel, a terminal, a notebook or by a link, runs
    nothing that its settings, hooks or attributes name, and is told why; where they except it themselves, it works, and
    so does their own."""
    grace, ada = with_lab(seminar, "grace"), with_lab(seminar, "ada")
    shell(grace, HOSTILE)
    assert shell(ada, "GIT_TEST_ASSUME_DIFFERENT_OWNER=0 git -C exchange/project status -s; true")
    assert ran(ada), "the trap is one"

    for what in ("status", "show_top_level", "branch"):
        answer = git_panel(ada, "exchange/project", what)
        assert "dubious ownership" in json.dumps(answer), what
    shell(ada, "mkdir -p exchange/plain")
    for folder in ("project", "plain"):  # there is a repository already, or is one by now
        told = git_panel(ada, f"exchange/{folder}", "init")["message"]
        assert "Other people can write" in told
        assert f"safe.directory /srv/shares/exchange/{folder}" in told
    shell(ada, LOOKS + "true")
    run = "import subprocess; print(subprocess.run(['git', 'status'], cwd='exchange/project', capture_output=True))"
    assert "dubious ownership" in ada.run(run)
    assert '"phase": "error"' in pull(ada, repo=f"{HOME}/exchange/project", targetpath="pulled")
    assert not ran(ada)

    shell(ada, "rm -rf mine; git init -q mine")
    assert git_panel(ada, "mine", "status")["code"] == 0
    shell(ada, "git config --global --add safe.directory $(realpath exchange/project)")
    assert git_panel(ada, "exchange/project", "show_top_level")["code"] == 0
    shell(ada, "git config --global --unset-all safe.directory; rm -rf outer cloned mine")


def at_reference(person: Person, name: str, **reference: str) -> requests.Response:
    """A version of a file as the Git panel asks for it."""
    return person.ask_lab("POST", "git/sizes/content", json={"filename": name, "reference": reference})


def test_the_git_panel_shows_what_fits(seminar: HubDeployment) -> None:
    """What git and nbdime read of a large file is refused in a sentence, at no memory, and the panel shows small files
    as ever; a `.gitignore` that is a pipe or has no end is not read."""
    ada = with_lab(seminar, "ada")
    shell(
        ada,
        "rm -rf sizes; git init -q sizes && cd sizes && head -c 300M /dev/zero | tr '\\0' a > large.csv && "
        "cp large.csv large.ipynb && echo text > small.txt && git add . && "
        "git -c user.name=x -c user.email=x@x commit -qm all && echo more >> large.ipynb",
    )
    assert at_reference(ada, "small.txt", git="HEAD").json()["content"] == "text\n"
    before = server_mb(ada, "VmHWM")
    for reference in ({"git": "HEAD"}, {"special": "INDEX"}, {"special": "WORKING"}):
        refused = at_reference(ada, "large.csv", **reference)
        assert refused.status_code >= 400, refused.text[:100]
        assert "large.csv is too large for th" in refused.json()["message"]
    versions = {"ref_local": {"git": "HEAD"}, "ref_remote": {"special": "working"}}
    compared = ada.ask_lab("POST", "nbdime/api/gitdiff", json={"file_path": "sizes/large.ipynb", **versions})
    assert compared.status_code == 413
    assert "large.ipynb is too large to be compared here" in compared.text
    assert server_mb(ada, "VmHWM") < before + LARGE_MB // 2
    for make in ("mkfifo .gitignore", "truncate -s 300M .gitignore"):
        shell(ada, f"cd sizes && rm -f .gitignore && {make}")
        read = ada.get("user/ada/git/sizes/ignore")
        assert "is no file of at most" in read.json()["message"]
    shell(ada, "rm -rf sizes")


def test_git_works_in_read_only_shares(seminar: HubDeployment) -> None:
    """A repository that lies in a read-only share and is root's is shown by the Git panel, and a link pulls from it."""
    make = (
        "cd /course && git init -q . && echo text > file && git add file && "
        "git -c user.name=x -c user.email=x@x commit -qm first"
    )
    volume = {f"{seminar.project}-share-course": {"bind": "/course", "mode": "rw"}}
    engine().containers.run(
        f"{seminar.project}-lab:local",
        ["sh", "-c", f"export GIT_TEST_ASSUME_DIFFERENT_OWNER=0; {make}; chmod -R go+rX ."],
        user="0",
        volumes=volume,
        remove=True,
    )
    ada = with_lab(seminar, "ada")
    assert shell(ada, "stat -c %u /srv/course/.git") == "0\n"
    assert ada.run("import os; print(os.popen('git -C /srv/course log --format=%s').read().split())") == "['first']\n"
    assert '"phase": "finished"' in pull(ada, repo="/srv/course", targetpath="course")
    assert shell(ada, "cat course/file") == "text\n"


def test_a_link_pulls_past_files_of_the_same_name(seminar: HubDeployment) -> None:
    """Where a file that is new in the repository, or has got another name there, is in somebody's home already, theirs
    is renamed, whatever letters the name has, and so is a file where the repository has a folder and a link that leads
    nowhere; the pull goes on, today and the next time."""
    ada = with_lab(seminar, "ada")
    names = ["Übung.md", 'say "yes".md', "tab\there.md", "new name.md"]
    commit = "git add . && git -c user.name=x -c user.email=x@x commit -qm more"
    first = "mkdir plain && echo once > old.md && echo a > plain/a && echo a > swap"
    shell(ada, f"rm -rf upstream pulled; git init -qb main upstream && cd upstream && {first} && {commit}")
    assert '"phase": "finished"' in pull(ada, repo=f"{HOME}/upstream", targetpath="pulled", branch="main")
    write = f"for name in {names!r}: open(name, 'w').write(%r)"
    lab = ada.deployment.lab("ada")
    for folder, text in (("upstream", "theirs"), ("pulled", "mine")):
        lab.exec_run(["python3", "-c", write % text], workdir=f"{HOME}/{folder}")
    shell(ada, "cd pulled && printf mine > Woche.md && ln -s nowhere link.md && rm old.md")
    moved = "git mv -f old.md 'new name.md' && git rm -q swap && mkdir Woche.md swap"
    shell(ada, f"cd upstream && {moved} && echo x > Woche.md/é && echo x > swap/b && echo x > link.md && {commit}")
    for _ in range(2):
        assert '"phase": "finished"' in pull(ada, repo=f"{HOME}/upstream", targetpath="pulled", branch="main")
    assert contents(ada, "GET", "pulled/Übung.md").json()["content"] == "theirs"
    assert shell(ada, "cd pulled && cat Woche.md/é swap/b link.md plain/a 'new name.md'") == "x\nx\nx\na\nonce\n"
    assert sorted(shell(ada, "cd pulled && rm link__*.md && cat *__*.md")) == sorted("mine" * 5)
    assert shell(ada, "cd pulled && find . -name 'swap__*' -o -name 'plain__*' -o -name old.md") == ""
    shell(ada, "rm -rf upstream pulled")


def archived(person: Person, folder: str, **parameters: str | None) -> requests.Response:
    """A folder as the page downloads it."""
    asked = {"archiveToken": "x", "archiveFormat": "zip", "followSymlinks": "true", **parameters}
    return person.get(f"user/{person.name}/directories/{quote(folder)}", params=asked)


def test_a_folder_is_downloaded_as_one_file(seminar: HubDeployment) -> None:
    """It holds files and folders, also old and empty ones, and nothing of where a link leads, a pipe or a hidden file;
    what is left out is listed; no other place than the home can be asked for."""
    ada = with_lab(seminar, "ada")
    shell(
        ada,
        "rm -rf f && mkdir -p f/empty f/sub && echo text > f/sub/Übung.txt && touch -d 1970-01-01 f/old && "
        "echo x > f/.hidden && ln -s /etc f/etc && ln -s /etc/passwd f/passwd && mkfifo f/pipe",
    )
    with zipfile.ZipFile(io.BytesIO(archived(ada, "f").content)) as archive:
        assert set(archive.namelist()) == {"f/empty/", "f/sub/", "f/sub/Übung.txt", "f/old", "f/LEFT-OUT.txt"}
        assert archive.read("f/sub/Übung.txt") == b"text\n"
        assert {"f/etc", "f/passwd", "f/pipe"} <= set(archive.read("f/LEFT-OUT.txt").decode().splitlines())
    assert archived(ada, "../../etc").status_code == 404
    for wrong in ({"archiveFormat": "txz"}, {"archiveFormat": "zzz"}, {"archiveToken": None}):
        assert archived(ada, "f", **wrong).status_code == 400
    before = server_mb(ada, "VmHWM")
    shell(ada, f"head -c {LARGE_MB}M /dev/urandom > f/large")
    assert len(archived(ada, "f").content) > LARGE_MB * MB
    assert server_mb(ada, "VmHWM") < before + GROWTH_MB
    shell(ada, "rm -rf f")


def test_an_archive_is_extracted_if_there_is_room(seminar: HubDeployment) -> None:
    """Its files come beside it, and none outside; nothing that is there is overwritten, and one that holds more than
    the disk is refused before it is begun."""
    ada = with_lab(seminar, "ada")

    def extracted(name: str, fill: Callable[[zipfile.ZipFile], None]) -> requests.Response:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            fill(archive)
        model = {"type": "file", "format": "base64", "content": base64.b64encode(made.getvalue()).decode()}
        assert contents(ada, "PUT", f"x/{name}", json=model).status_code in (200, 201)
        return ada.get(f"user/ada/extract-archive/x/{name}")

    shell(ada, "rm -rf x; mkdir x")
    assert extracted("a.zip", lambda archive: archive.writestr("in/file.txt", "text")).status_code == 200
    assert shell(ada, "cat x/in/file.txt") == "text"
    again = extracted("b.zip", lambda archive: archive.writestr("in/file.txt", "other"))
    assert (again.status_code, again.json()["message"][:30]) == (409, "in/file.txt is there already. ")
    assert shell(ada, "cat x/in/file.txt") == "text"
    assert extracted("c.zip", lambda archive: archive.writestr("../../out.txt", "x")).status_code == 200
    assert shell(ada, "ls out.txt 2>/dev/null || true") == ""

    def bomb(archive: zipfile.ZipFile) -> None:
        archive.writestr("bomb", "x")
        archive.infolist()[0].file_size = 2**50

    refused = extracted("d.zip", bomb)
    assert (refused.status_code, "more than there is room for" in refused.json()["message"]) == (409, True)
    assert shell(ada, "ls x/bomb 2>/dev/null || true") == ""
    shell(ada, "rm -rf x")


def test_a_drive_is_a_place_of_its_own(seminar: HubDeployment) -> None:
    """A file system that somebody adds is read and written under its name; its folders are deleted with what is in
    them, and what does not fit into memory is refused."""
    ada = with_lab(seminar, "ada")
    shell(
        ada,
        "rm -rf /tmp/drive; mkdir -p /tmp/drive/folder && cd /tmp/drive && echo there > folder/file && "
        "truncate -s 265M large",
    )
    asked = {"name": "d", "url": "osfs:///tmp/drive", "type": "pyfs", "auth": "none"}
    body = {"resources": [asked], "options": {"cache": False}}
    made = ada.ask_lab("POST", "jupyterfs/resources", json=body).json()
    drive = made[0]["drive"]
    assert contents(ada, "GET", f"{drive}:folder/file").json()["content"] == "there\n"
    assert file(ada, f"{drive}:folder/file").text == "there\n"
    assert contents(ada, "GET", f"{drive}:large").status_code == 413
    assert file(ada, f"{drive}:large").status_code == 413
    shell(ada, "mkdir -p /tmp/drive/gone; touch /tmp/drive/gone/file")
    assert contents(ada, "DELETE", f"{drive}:gone").status_code == 204
    assert shell(ada, "ls /tmp/drive") == "folder\nlarge\n"


def test_a_notebook_becomes_a_pdf_in_all_scripts(seminar: HubDeployment) -> None:
    """With the feature `pdf` every format that is offered can be made, and letters beyond Latin are in the PDF."""
    ada = with_lab(seminar, "ada")
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": "print('日本')", "outputs": []}
    text = {"cell_type": "markdown", "metadata": {}, "source": "# Übung Ωμέγα Привет 日本語 한국어 🎓\n$x^2$"}
    svg = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><circle r='4'/></svg>"},
    }
    notebook = {"cells": [text, {**cell, "outputs": [svg]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    model = {"type": "notebook", "format": "json", "content": notebook}
    assert contents(ada, "PUT", "scripts.ipynb", json=model).status_code in (200, 201)
    formats = ada.lab_api("GET", "nbconvert").json().keys() - {"custom"}
    assert formats >= {"pdf", "latex", "rst", "asciidoc"}
    for name in formats:
        answer = ada.get(f"user/ada/nbconvert/{name}/scripts.ipynb")
        assert answer.status_code == 200, name
        assert name != "pdf" or answer.content.startswith(b"%PDF")
    shell(ada, "jupyter nbconvert --to latex --template homeroom_pdf scripts.ipynb")
    shell(ada, "xelatex -interaction=batchmode scripts")
    assert "Missing character" not in shell(ada, "cat scripts.log && rm -r scripts*")
