"""Copies of a deployment in which people work, with restic as it is."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import until
from tests.hub_deployment import HubDeployment, engine, free_port
from tests.integration.copies.repository import of_copies, refused, restic, sent_to, small_disk
from tests.integration.copies.servers import sftp_server
from tests.person import Person

USER = "copyist"
WRITERS = """\
import pathlib, subprocess, sys, textwrap, time
pathlib.Path("writers.py").write_text(textwrap.dedent('''
    import sqlite3, subprocess, threading, time, os

    def database(name, mode):
        db = sqlite3.connect(name, isolation_level=None)
        db.execute(f"PRAGMA journal_mode = {mode}")
        db.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b TEXT)")
        while True:
            db.execute("BEGIN")
            for _ in range(20):
                db.execute("INSERT INTO t (b) VALUES (?)", ("x" * 500,))
            db.execute("DELETE FROM t WHERE a % 3 = 0 OR a < (SELECT max(a) FROM t) - 2000")
            db.execute("COMMIT")
            time.sleep(0.02)

    def git(*words):
        named = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0"]
        subprocess.run(["git", *named, *words], cwd="repo", capture_output=True)

    for name, mode in (("log.sqlite", "WAL"), ("journal.sqlite", "DELETE")):
        threading.Thread(target=database, args=(name, mode), daemon=True).start()
    os.makedirs("repo")
    git("init")
    end = time.monotonic() + 300
    number = 0
    while time.monotonic() < end:
        number += 1
        with open(f"repo/{number % 9}", "w") as file:
            file.write(f"{number} " * 99)
        git("add", "-A")
        git("commit", "-m", "more")
        time.sleep(0.02)
'''))
subprocess.Popen([sys.executable, "writers.py"])
pathlib.Path("big").mkdir(exist_ok=True)
pathlib.Path("big/.nobackup").touch()
pathlib.Path("big/data").write_text("can be had again")
pathlib.Path("kept.txt").write_text("kept")
while not (pathlib.Path("repo/8").exists() and pathlib.Path("journal.sqlite").exists()):
    time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def writer(deployment: HubDeployment) -> Iterator[Person]:
    """Somebody whose lab writes databases and commits without pause."""
    person = Person(deployment, USER)
    person.sign_in(deployment.new_password(USER))
    person.start_lab()
    person.run(WRITERS)
    yield person
    person.stop_lab_if_any()


def brought_back(deployment: HubDeployment, place: Path, out: Path) -> Path:
    """The newest copy, laid out in a directory."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    restic(deployment, place, "restore", "latest", "--tag", "homeroom", "--target", "/out", "--quiet", out=out)
    return out / "copy"


def damage(database: Path) -> str:
    """What SQLite finds wrong with a file; its rows must be there."""
    with contextlib.closing(sqlite3.connect(database)) as opened:
        ((found,),) = opened.execute("PRAGMA integrity_check").fetchall()
    return "" if found == "ok" else str(found)


def statuses(deployment: HubDeployment) -> set[str]:
    """How the person's lab is."""
    return {lab.status for lab in deployment.labs(USER)}


def test_copies_are_whole_while_people_write(
    deployment: HubDeployment, place: Path, writer: Person, tmp_path: Path
) -> None:
    """Databases and repositories that are written without pause are whole in each copy; so are the hub's accounts and
    the settings. Nobody's lab stands still afterwards, and what is marked `.nobackup` is left out."""
    said = deployment.make("backup").stdout
    assert "stand still" in said
    found = brought_back(deployment, place, tmp_path / "out")
    home = found / "homes" / USER
    assert damage(home / "log.sqlite") == ""
    assert damage(home / "journal.sqlite") == ""
    checked = subprocess.run(
        ["git", "-c", "safe.directory=*", "fsck", "--full", "--strict"],
        cwd=home / "repo",
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
    assert statuses(deployment) == {"running"}
    assert writer.run("print(open('kept.txt').read())").strip() == "kept"
    assert (home / "kept.txt").stat().st_uid == 1000
    assert not (home / "big").exists()
    accounts = found / "scratch/made/databases/data/jupyterhub.sqlite"
    assert damage(accounts) == ""
    with contextlib.closing(sqlite3.connect(accounts)) as opened:
        assert (USER,) in opened.execute("SELECT name FROM users").fetchall()
    assert (found / "state/env").read_text() == (deployment.directory / ".env").read_text()
    assert (found / "state/site/hub.d/00-example.py").is_file()
    assert (found / "state/volumes/data/cookie_secret").is_file()
    assert not (found / "state/volumes/data/jupyterhub.sqlite").exists()
    assert USER in json.loads((found / "scratch/made/manifest.json").read_text())["homes"]
    assert "The last copy is" in deployment.make("status").stdout
    assert all(each["tags"] == ["homeroom"] for each in json.loads(restic(deployment, place, "snapshots", "--json")))


@contextlib.contextmanager
def standing_still(deployment: HubDeployment, seen: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """`make backup` at the moment at which a lab stands still; it is killed at the end, if it has not ended."""

    def stands_still() -> bool:
        seen.append(shown_to_others(deployment))
        return "paused" in statuses(deployment)

    with subprocess.Popen(
        [".venv/bin/python", "-m", "generator", "backup"],
        cwd=deployment.directory,
        env=deployment.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as running:
        try:
            until(stands_still, "a lab stands still")
            yield running
        finally:
            running.kill()


def killed(deployment: HubDeployment, *, thaw: bool) -> None:
    """Kill restic's container, or the one that lets labs go on."""
    for one in of_copies(deployment):
        if ("homeroom_copies.thaw" in one.attrs["Config"]["Cmd"]) == thaw:
            one.kill()


def test_labs_go_on_when_a_copy_is_killed(deployment: HubDeployment, place: Path, writer: Person) -> None:
    """A command that is killed while labs stand still leaves none standing and nothing running; one whose restic is
    killed says so. Where all is killed at once, the next command lets them go on, and makes a copy. Until then the
    password was in no command line, in nothing that the engine shows, and with no service and no lab."""
    (word,) = re.findall(r"RESTIC_PASSWORD=(\S+)", (deployment.directory / "backup/secrets.env").read_text())
    seen: list[str] = []

    def all_go_on() -> bool:
        return statuses(deployment) == {"running"} and not of_copies(deployment)

    with standing_still(deployment, seen) as running:
        os.kill(running.pid, signal.SIGKILL)
        until(all_go_on, "labs go on, and nothing runs")
    assert writer.run("print(6 * 7)").strip() == "42"
    with standing_still(deployment, seen) as running:
        killed(deployment, thaw=False)
        said = " ".join(running.communicate()[0].decode().split())
    assert running.returncode == 2
    assert "writing the copy failed" in said
    assert "Traceback" not in said
    until(all_go_on, "labs go on, and nothing runs")
    with standing_still(deployment, seen) as running:
        os.kill(running.pid, signal.SIGSTOP)
        killed(deployment, thaw=True)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        assert statuses(deployment) == {"paused"}
        until(lambda: not of_copies(deployment), "nothing runs")
    assert "1 lab stood still since a copy that was cut off, and went on now" in deployment.make("backup").stdout
    assert statuses(deployment) == {"running"}
    assert "homeroom_copies.restic" in "".join(seen)
    assert word not in "".join(seen)
    services = engine().containers.list(filters={"label": f"com.docker.compose.project={deployment.project}"})
    assert services
    for one in [*services, *deployment.labs(USER)]:
        assert not any("/backup" in mount.get("Source", "") for mount in one.attrs["Mounts"])


def shown_to_others(deployment: HubDeployment) -> str:
    """The command lines of this machine, and what the engine says of the copies' containers."""
    seen = [json.dumps(one.attrs) for one in of_copies(deployment)]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            seen.append(path.read_text(errors="replace"))
    return "".join(seen)


def test_what_is_wrong_is_told(deployment: HubDeployment, place: Path) -> None:
    """Two at once, a place that is not there, another password, a disk that is read-only or full: each in words, with
    exit code 2, and copies that are there stay as they are."""
    before = restic(deployment, place, "snapshots", "--json")
    held = os.open(deployment.directory / "backup", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert "another command is making or reading copies" in refused(deployment)
    os.close(held)
    with sent_to(deployment, f"{place}/nothing"):
        assert "mount that first" in refused(deployment)
    secrets = deployment.directory / "backup/secrets.env"
    right = secrets.read_text()
    secrets.write_text("RESTIC_PASSWORD=another\n")
    assert "have another password" in refused(deployment)
    secrets.write_text(right)
    with small_disk(place.with_name(f"{place.name}-small"), "16k") as disk, sent_to(deployment, str(disk)):
        assert "there is no room left" in refused(deployment)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert "is read-only" in refused(deployment)
    assert "made no copy" in deployment.make("status").stdout
    assert restic(deployment, place, "snapshots", "--json") == before


def test_copies_go_by_sftp(deployment: HubDeployment, place: Path, tmp_path: Path) -> None:
    """A server is refused until its key is known, and asks for ours until it is told; then copies go there."""
    port = free_port()
    store = tmp_path / "store"
    store.mkdir()
    ssh = deployment.directory / "backup/ssh"
    with sftp_server(tmp_path, port) as allowed, sent_to(deployment, f"sftp://root@127.0.0.1:{port}/{store}"):
        assert f"ssh-keyscan -p {port} 127.0.0.1" in refused(deployment)
        (ssh / "known_hosts").write_text(f"[127.0.0.1]:{port} {(tmp_path / 'host.pub').read_text()}")
        assert "does not let this deployment in" in refused(deployment)
        allowed.write_text((ssh / "id_ed25519.pub").read_text())
        allowed.chmod(0o600)
        assert "A copy of" in deployment.make("backup").stdout
        assert (store / "config").is_file()
        assert len(json.loads(restic(deployment, store, "snapshots", "--json"))) == 1
    assert "cannot be reached" in unreachable(deployment, port, store)


def unreachable(deployment: HubDeployment, port: int, store: Path) -> str:
    """What is said once the server is gone."""
    with sent_to(deployment, f"sftp://root@127.0.0.1:{port}/{store}"):
        return refused(deployment)


def test_files_come_back(deployment: HubDeployment, place: Path, writer: Person) -> None:
    """A home and one file of it come back into a folder of their own while the lab runs, owned as they were; what is
    there now stays, until it is named, and then only where no lab writes."""
    writer.run("import os; os.makedirs('notes', exist_ok=True); open('notes/essay.txt', 'w').write('first')")
    deployment.make("backup")
    writer.run("open('notes/essay.txt', 'w').write('second'); open('notes/new.txt', 'w').write('new')")
    said = deployment.make("restore", f"NAME={USER}", "FILE=/home/jovyan/notes/essay.txt").stdout
    folder = re.findall(r"restored-[\w-]+", said)[-1]
    shown = f"print(open('{folder}/notes/essay.txt').read(), open('notes/essay.txt').read())"
    assert writer.run(shown).split() == ["first", "second"]
    writer.run(f"open('{folder}/notes/mine.txt', 'w').write('it is mine')")
    whole = re.findall(r"restored-[\w-]+", deployment.make("restore", f"NAME={USER}").stdout)[-1]
    listed = writer.run(f"import os; print(sorted(os.listdir('{whole}')), os.stat('{whole}/kept.txt').st_uid)")
    assert {"kept.txt", "notes", "repo", "log.sqlite"} <= set(re.findall(r"'([\w.]+)'", listed))
    assert listed.split()[-1] == "1000"
    over = ("restore", USER, "--over", USER, "--file", "notes")
    assert "is running" in deployment.verb(*over).stdout
    writer.stop_lab()
    assert deployment.verb(*over).returncode == 0
    writer.start_lab()
    assert writer.run("print(open('notes/essay.txt').read(), open('notes/new.txt').read())").split() == ["first", "new"]
    assert "made at" in deployment.make("restore").stdout
    assert "has no home here" in deployment.verb("restore", "copyists").stdout
    assert "is not in the copy" in deployment.verb("restore", USER, "--file", "notes/new.txt").stdout
