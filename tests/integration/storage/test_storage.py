"""Homes and shares on a real engine: who sees what, who owns what, what a full home does, and what is gone for good."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import until, until_logged
from tests.hub_deployment import HubDeployment, engine
from tests.person import Person

HARD_LIMIT_BYTES = 80 * 2**20
SHARES = """\
shares:
  - {{name: atlas, path: {root}/atlas, target: /home/jovyan/atlas, groups: [biology]}}
  - {{name: exchange, volume: exchange, target: /srv/exchange, read_only: false, groups: [biology]}}
  - {{name: pool, path: {root}/pool, target: /data/pool, read_only: false, users: [silas]}}
  - {{name: away, path: {root}/away, target: /data/away, users: [selma]}}
"""
PROFILES = """\
profiles:
  - {name: kept}
  - {name: passing, ephemeral: true, allow: {users: [simon], admins: false}}
"""
GROUPS = """\
groups:
  biology: {members: [silas]}
"""


@dataclass(frozen=True)
class Disk:
    """A deployment with shares, and with homes on a file system of their own."""

    deployment: HubDeployment
    homes: Path
    limited: bool

    def person(self, name: str) -> Person:
        """Somebody who is signed in."""
        found = Person(self.deployment, name)
        found.sign_in("")
        return found


def mount_small_disk(directory: Path) -> bool:
    """Mount a small file system; whether it keeps project quotas, for which not every kernel is built."""
    image = directory.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(160 * 2**20)
    for features, options in (("quota,project", "loop,prjquota"), ("^quota", "loop")):
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", features, image], check=True)
        mounted = subprocess.run(["mount", "-o", options, image, directory], capture_output=True, text=True)
        if mounted.returncode == 0:
            return "prjquota" in options
    raise AssertionError(mounted.stderr)


@pytest.fixture(scope="module")
def disk(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """The shared deployment with shares, a skeleton and homes in directories; put back afterwards."""
    root = tmp_path_factory.mktemp("disk")
    root.chmod(0o755)
    homes = root / "homes"
    for name, mode in (("homes", 0o711), ("atlas", 0o755), ("pool", 0o755), ("away", 0o755)):
        (root / name).mkdir()
        (root / name).chmod(mode)
    (root / "atlas" / "map.txt").write_text("here be dragons")
    subprocess.run(["chgrp", "100", root / "pool"], check=True)
    (root / "pool").chmod(0o2770)
    limited = mount_small_disk(homes)
    homes.chmod(0o711)

    site, env = deployment.directory / "site", deployment.directory / ".env"
    before = env.read_text()
    skeleton = site / "skeleton" / "course"
    skeleton.mkdir(parents=True)
    (skeleton / "first.txt").write_text("welcome")
    written = {"shares.yaml": SHARES.format(root=root), "profiles.yaml": PROFILES, "groups.yaml": GROUPS}
    laid = {name: (site / name).read_text() for name in written}
    for name, text in written.items():
        (site / name).write_text(text)
    limit = f"HOME_HARD_LIMIT={HARD_LIMIT_BYTES // 2**20}M\n" if limited else ""
    env.write_text(f"{before}\nAUTH=dummy\nHOMES={homes}\nHOME_SOFT_LIMIT=64M\n{limit}")
    try:
        deployment.make("up")
        found = Disk(deployment, homes, limited)
        admin = found.person("admin")
        people = [found.person(name) for name in ("sofia", "silas", "selma", "simon")]
        assert admin.api("POST", "groups/biology").status_code == 201
        assert admin.api("POST", "groups/biology/users", json={"users": ["sofia"]}).status_code == 200
        yield found
        for person in people:
            person.stop_lab_if_any()
        admin.api("DELETE", "groups/biology")
    finally:
        for name, text in laid.items():
            (site / name).write_text(text)
        shutil.rmtree(skeleton.parent)
        env.write_text(before)
        deployment.make("up")
        subprocess.run(["umount", "--lazy", homes], check=True)


def test_who_has_a_share_and_who_has_not(disk: Disk) -> None:
    """Members of a group, by the site's file or the hub's own, have its shares where they belong, named users theirs,
    and a third person none of them."""
    sofia, silas, selma = (disk.person(name) for name in ("sofia", "silas", "selma"))
    for person in (sofia, silas, selma):
        person.start_lab()
    look = "import os; print([os.path.exists(p) for p in ('/home/jovyan/atlas', '/srv/exchange', '/data/pool')])"
    assert sofia.run(look) == "[True, True, False]\n"
    assert silas.run(look) == "[True, True, True]\n"
    assert selma.run(look) == "[False, False, False]\n"
    targets = {mount["Destination"] for mount in disk.deployment.lab("selma").attrs["Mounts"]}
    assert not any(target.startswith(("/srv/shares", "/srv/exchange", "/data/pool")) for target in targets)


def test_a_data_set_is_read_and_never_written(disk: Disk) -> None:
    """A read-only share is read in place, through a link in the home, and the kernel refuses to write."""
    sofia = disk.person("sofia")
    sofia.start_lab()
    assert sofia.run("print(open('/home/jovyan/atlas/map.txt').read())") == "here be dragons\n"
    write = "try: open('/home/jovyan/atlas/new', 'w')\nexcept OSError as e: print(e.strerror)"
    assert sofia.run(write) == "Read-only file system\n"


def test_an_exchange_is_written_by_both(disk: Disk) -> None:
    """What one puts into a read-write share the other reads and changes; it is the labs' group's and nobody else's."""
    sofia, silas = disk.person("sofia"), disk.person("silas")
    sofia.start_lab()
    silas.start_lab()
    sofia.run("import os; os.mkdir('/srv/exchange/deep'); open('/srv/exchange/deep/note', 'w').write('from sofia')")
    assert silas.run("f = open('/srv/exchange/deep/note', 'a+'); f.write(', silas'); f.seek(0); print(f.read())") == (
        "from sofia, silas\n"
    )
    modes = (
        "import os\n"
        "for p in ('/srv/exchange', '/srv/exchange/deep', '/srv/exchange/deep/note'):\n"
        "    s = os.stat(p); print(oct(s.st_mode & 0o7777), s.st_gid)"
    )
    assert sofia.run(modes).splitlines() == ["0o2770 100", "0o2770 100", "0o660 100"]
    silas.run("open('/data/pool/file', 'w').write('x')")
    status = (disk.homes.parent / "pool" / "file").stat()
    assert (status.st_gid, status.st_mode & 0o777) == (100, 0o664)


def test_the_guard_holds_to_the_list(disk: Disk) -> None:
    """Whoever holds the hub cannot mount a read-only share read-write, nor what is beside it, nor another's home."""
    script = """
import docker, os
api = docker.APIClient(base_url=os.environ["DOCKER_HOST"], version="auto")
lab = api.containers(filters={"label": "homeroom.user=sofia"})[0]
shown = api.inspect_container(lab["Id"])
def ask(source, target, read_only=False):
    kept = ("Memory", "MemorySwap", "PidsLimit", "CapDrop", "SecurityOpt", "NetworkMode", "LogConfig", "Ulimits")
    mount = {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}
    host = {key: shown["HostConfig"][key] for key in kept} | {"Mounts": [mount]}
    try:
        api._result(api._post_json(api._url("/containers/create"), params={"name": shown["Name"][1:] + "x"}, data={
            "Image": shown["Config"]["Image"], "Labels": shown["Config"]["Labels"], "HostConfig": host}), True)
        print("made")
    except docker.errors.APIError as error:
        print(error.explanation)
"""
    root = disk.homes.parent
    asked = [
        f"ask({str(root / 'atlas')!r}, '/srv/shares/atlas')",
        f"ask({str(root)!r}, '/srv/shares/atlas', True)",
        f"ask({str(disk.homes / 'silas')!r}, '/home/jovyan')",
        "ask('/etc', '/data/pool')",
    ]
    disk.person("sofia").start_lab()
    ran = disk.deployment.container("hub").exec_run(["python", "-c", script + "\n".join(asked)])
    lines = ran.output.decode().splitlines()
    assert len(lines) == len(asked), ran.output
    assert all("refused this" in line and ("mount" in line or "home" in line) for line in lines), lines


def test_a_home_is_a_directory_of_its_owners(disk: Disk) -> None:
    """A home under HOMES is 1000:100 with mode 0700, no volume is made beside it, and what is in it stays."""
    sofia = disk.person("sofia")
    sofia.start_lab()
    sofia.run("open('kept.txt', 'w').write('kept')")
    status = (disk.homes / "sofia").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1000, 100, 0o700)
    assert not [one for one in engine().volumes.list() if one.name == f"{disk.deployment.project}-user-sofia"]
    sofia.stop_lab()
    sofia.start_lab()
    assert sofia.run("print(open('kept.txt').read())") == "kept\n"


def test_the_skeleton_is_the_owners(disk: Disk) -> None:
    """A first start lays the skeleton, its owner may change it, and what they delete does not come back."""
    selma = disk.person("selma")
    selma.start_lab()
    assert selma.run("import os; print(open('course/first.txt').read(), os.stat('course/first.txt').st_uid)") == (
        "welcome 1000\n"
    )
    selma.run("import os; os.remove('course/first.txt')")
    selma.stop_lab()
    selma.start_lab()
    assert selma.run("import os; print(os.listdir('course'))") == "[]\n"


def test_an_ephemeral_home_is_gone(disk: Disk) -> None:
    """What a guest saved is gone with the lab, no home was made for them, and the skeleton was there."""
    simon = disk.person("simon")
    simon.start_lab(profile="passing")
    assert "keeps nothing" in simon.get("user/simon/homeroom/disk").json()["message"]["text"]
    assert simon.run("print(open('course/first.txt').read()); open('mine', 'w').write('x')") == "welcome\n"
    simon.stop_lab()
    assert not (disk.homes / "simon").exists()
    simon.start_lab(profile="passing")
    assert simon.run("import os; print(os.path.exists('mine'))") == "False\n"


def shown_use(person: Person) -> int:
    """How many MB in a home its owner's home page shows, of the limit that there is."""
    found = re.search(r"<span>(\d+) MB of (?:64|80) MB for files in use</span>", person.get("hub/home").text)
    return int(found[1]) if found else 0


def test_a_full_home_starts_all_the_same(disk: Disk) -> None:
    """A lab whose home is full starts, computes, and is itself again after a delete; a hard limit is the kernel's."""
    sofia = disk.person("sofia")
    sofia.start_lab()
    fill = (
        "import os\n"
        "with open('/home/jovyan/filler', 'wb', buffering=0) as f:\n"
        "    try:\n"
        "        while f.write(b'x' * 4096): pass\n"
        "    except OSError as e: print(e.strerror)\n"
        "s = os.statvfs('/home/jovyan'); print(s.f_blocks * s.f_frsize, s.f_bavail)"
    )
    said, numbers = sofia.run(fill).splitlines()
    assert said in ("Disk quota exceeded", "No space left on device")
    if disk.limited:
        assert numbers == f"{HARD_LIMIT_BYTES} 0"
    told = sofia.get("user/sofia/homeroom/disk").json()
    assert told["message"]["kind"] == "warning"
    assert "it should stay below 64 MB" in told["message"]["text"]
    assert told["used_bytes"] > 64 * 2**20
    sofia.stop_lab()
    sofia.start_lab()
    rescue = "import os; print(os.environ.get('HOMEROOM_RESCUE'), os.path.exists('/home/jovyan/filler'))"
    assert sofia.run(rescue) == "1 True\n"
    assert "rescue mode" in sofia.get("user/sofia/homeroom/disk").json()["message"]["text"]
    shown = disk.deployment.make("status").stdout
    assert re.search(r"^sofia +\d+ MiB, over HOME_SOFT_LIMIT", shown, re.MULTILINE), shown
    until(lambda: shown_use(sofia) > 64, "the home page shows what the lab has counted")
    sofia.run("import os; os.remove('/home/jovyan/filler')")
    sofia.stop_lab()
    sofia.start_lab()
    assert sofia.run(rescue) == "None False\n"
    assert sofia.get("user/sofia/homeroom/disk").json()["message"] is None


def test_a_share_that_went_away_is_told(disk: Disk) -> None:
    """Whose shared directory was removed since `make up` is told its name and nothing of the machine; the hub's log
    has what the engine said, and nobody else is kept out."""
    selma, away = disk.person("selma"), disk.homes.parent / "away"
    selma.stop_lab_if_any()
    away.rename(away.with_name("gone"))
    try:
        answer = selma.api("POST", "users/selma/server")
        assert answer.status_code == 503
        assert answer.json()["message"] == "The shared directory away is not there. Please tell the administrator."
        hub = disk.deployment.container("hub")
        until_logged(lambda: hub.logs(tail=100), f"bind source path does not exist: {away}")
    finally:
        away.with_name("gone").rename(away)
    selma.start_lab()


def test_a_new_share_needs_a_restart_only(disk: Disk) -> None:
    """After `make restart` a share that is new is there, its volume made and the guard's rules with it, and labs ran
    on."""
    selma = disk.person("selma")
    selma.start_lab()
    running, shares = disk.deployment.lab("selma").id, disk.deployment.directory / "site" / "shares.yaml"
    late = "  - {name: late, volume: late, target: /srv/late, read_only: false, users: [selma]}\n"
    shares.write_text(shares.read_text() + late)
    disk.deployment.make("restart")
    assert disk.deployment.lab("selma").id == running
    selma.stop_lab()
    selma.start_lab()
    assert selma.run("open('/srv/late/mine', 'w').write('x'); print(open('/srv/late/mine').read())") == "x\n"


def test_a_bad_share_changes_nothing(disk: Disk) -> None:
    """A forbidden path is refused by `make check` and by `make up` with line and column; what runs goes on."""
    shares = disk.deployment.directory / "site" / "shares.yaml"
    before, rendered = shares.read_text(), (disk.deployment.directory / "rendered" / "guard.json").read_text()
    started = disk.deployment.container("hub").attrs["State"]["StartedAt"]
    shares.write_text(before + "  - {name: secrets, path: /etc, target: /srv/secrets}\n")
    try:
        for verb in ("check", "up"):
            done = disk.deployment.make(verb, check=False)
            assert done.returncode == 2
            assert re.search(r"site/shares.yaml line 7 column 21: /etc may not be shared", done.stdout), done.stdout
    finally:
        shares.write_text(before)
    assert (disk.deployment.directory / "rendered" / "guard.json").read_text() == rendered
    assert disk.deployment.container("hub").attrs["State"]["StartedAt"] == started
