"""A copy that was made on Docker comes back on Podman, as root and without: there files have other owners outside."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.fresh_machine import FreshMachine, Maker
from tests.hub_deployment import ENGINE_SOCKET, HubDeployment, engine
from tests.integration.lifecycle.test_podman import CONFIGURE
from tests.person import Person

OPERATOR, NUMBER = "teacher", 4321
LAB_USER, FIRST_OF_OTHERS = 1000, 100_000
STORAGE = f"/home/{OPERATOR}/.config/containers/storage.conf"
SOCKETS = {"root": "/run/podman/podman.sock", OPERATOR: f"/run/user/{NUMBER}/podman/podman.sock"}
WORK = """\
import os, shutil
shutil.rmtree("of-podman", ignore_errors=True)
os.makedirs("of-podman/shared")
os.chdir("of-podman")
for name, mode in (("mine", 0o600), ("run-me", 0o755), ("ours", 0o664)):
    open(name, "w").write(name * 1000)
    os.chmod(name, mode)
os.chmod("shared", 0o2775)
os.symlink("mine", "link")
os.mkfifo("pipe")
open("bytes \\udcff", "w").close()
"""
LIST = """\
cd /home && find . of-podman -maxdepth 3 ! -path './*' -printf '%p %y %U:%G %m %l\\n' | sort | cat -v
find of-podman -type f -print0 | sort -z | xargs -0 sha256sum | cat -v
"""
"""Each file with its kind, owner, mode, where it leads, and its digest."""
ROOTLESS = f"""\
set -e
apt-get install -qy --no-install-recommends uidmap passt python3-venv
useradd -m -u {NUMBER} {OPERATOR}
install -d -o {OPERATOR} -m 0700 /run/user/{NUMBER} /var/lib/docker/{OPERATOR}
install -d -o {OPERATOR} /home/{OPERATOR}/.config /home/{OPERATOR}/.config/containers
printf '[storage]\\ndriver = "overlay"\\nrunroot = "/run/user/{NUMBER}/c"\\n' > {STORAGE}
printf 'graphroot = "/var/lib/docker/{OPERATOR}"\\n' >> {STORAGE}
"""


def serve(machine: FreshMachine, who: str) -> str:
    """Have a user's Podman listen; returns how their commands are begun."""
    if who == "root":
        return "bash -c"
    machine.run(ROOTLESS)
    begun = f"runuser -u {OPERATOR} -- env HOME=/home/{OPERATOR} XDG_RUNTIME_DIR=/run/user/{NUMBER} bash -c"
    socket = SOCKETS[who]
    line = f"mkdir -p {Path(socket).parent} && cd && setsid podman system service --time=0 unix://{socket}"
    machine.run(f"{begun} {shlex.quote(f'{line} > ~/podman.log 2>&1 < /dev/null &')}")
    return begun


def listed(image: str, home: str) -> str:
    """Each file of a home on this machine's engine."""
    output: bytes = engine().containers.run(
        image,
        ["sh", "-c", LIST],
        user="0:0",
        network_mode="none",
        volumes={home: {"bind": "/home", "mode": "ro"}},
        remove=True,
    )
    return output.decode()


@pytest.mark.parametrize("who", ["root", OPERATOR])
def test_a_copy_of_docker_comes_back_on_podman(
    deployment: HubDeployment, place: Path, admin: Person, make_machine: Maker, who: str
) -> None:
    """Homes are there as they were, by count, owner, mode and digest, and so are settings and accounts; `site/` belongs
    to who brought it back, who need not be root, and whose Podman keeps all of it as another user's files."""
    admin.run(WORK)
    admin.stop_lab()
    deployment.make("backup")
    image, home = f"{deployment.project}-copies:local", f"{deployment.project}-user-admin"
    before = listed(image, home)
    machine = make_machine("trixie")
    try:
        machine.run(f"set -e\n{CONFIGURE}")
        begun = serve(machine, who)

        def type_(line: str, *, check: bool = True) -> str:
            return machine.run(f"{begun} {shlex.quote(line)}", check=check).text

        docker, there = f"docker -H unix://{ENGINE_SOCKET}", f"{machine.name} {begun}"
        load = f"{docker} save {image} | {docker} exec -i {there} 'cd; podman load -q'"
        copies = f"tar -C {place} -c . | {docker} exec -i {there} 'mkdir ~/copies; tar -C ~/copies -x --no-same-owner'"
        for line in (load, copies):
            done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        machine.run("chmod a+rx /root; cp homeroom.bundle /tmp/")
        word = (deployment.directory / "backup/secrets.env").read_text()
        given = f"COMPOSE_PROJECT_NAME={deployment.project} BACKUP_TO=$HOME/copies ENGINE_SOCKET={SOCKETS[who]}"
        type_(f"set -e; cd; git clone -q /tmp/homeroom.bundle homeroom; cd homeroom; {given} make init")
        type_(f"cd ~/homeroom; umask 077; mkdir backup; printf %s {shlex.quote(word)} > backup/secrets.env")
        refused = type_(f"cd ~/homeroom; make restore ALL={deployment.project} COPY=2020-01-01", check=False)
        assert "there is no copy 2020-01-01" in refused
        assert "Traceback" not in refused
        said = type_(f"cd ~/homeroom; make restore ALL={deployment.project}")
        assert "and all else are as they were" in " ".join(said.split())
        run = f"podman run --rm -u 0:0 --network=none -v {home}:/home:ro {image} sh -c {shlex.quote(LIST)}"
        found = type_(f"cd; {run} 2>/dev/null")
        assert found.replace("\r", "") == before
        assert type_("cd ~/homeroom; find site .env ! -user $(id -u)") == ""
        env = (deployment.directory / ".env").read_text()
        assert type_("cat ~/homeroom/.env") == f"{env}ENGINE_SOCKET={SOCKETS[who]}\n"
        inspect = f"cd; podman volume inspect -f '{{{{.Mountpoint}}}}' {home} 2>/dev/null"
        owner = int(machine.run(f"stat -c %u {type_(inspect).strip()}").text)
        assert owner == LAB_USER if who == "root" else owner >= FIRST_OF_OTHERS
        assert type_("cd ~/homeroom; ls backup/restoring.json", check=False).count("No such file") == 1
    finally:
        machine.remove()
