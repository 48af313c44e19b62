"""A machine as Debian's installer leaves it: a privileged container of pristine Debian, with room for an engine."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import docker

from generator.core.host_network import DEBIAN_KEYRING, archive_lines, image_sources, read_proxies
from generator.engine.apt import installed_as_debian, read_sources_as_root
from generator.engine.install import install_packages
from generator.preflight import host_routes
from tests.hub_deployment import ENGINE_SOCKET, ROOT, engine, tracked_files

README = ROOT / "README.md"
GIVEN = ("apt", "ca-certificates", "git", "make", "python3")  # what README asks for; no more, python3-venv neither
CLONE_URL = "<this repository>"
BUNDLE = "/root/homeroom.bundle"
HUB_PORT = "8000"
CERTIFICATES = Path("/usr/local/share/ca-certificates")
PATIENCE_SECONDS = 2000
CPU_SHARES = 256
"""A quarter of what other containers weigh: what a machine sets up takes minutes of CPU, and the people in the tests
that run beside it do not wait for that. With control groups of version 1 it is the weight of a group beside all other
containers', `CPU_GROUP`, since within theirs it would have all that they leave."""
CPU_GROUPS = Path("/sys/fs/cgroup/cpu")
CPU_GROUP = "homeroom-machines"
CTRL_C = b"\x03"
ENTER = b"\n"

# A machine's process 1, but that it starts nothing and buries nobody. On cgroup v2 it makes room first, as an init
# system does: an engine hands limits on only from a group that holds no process.
PROCESS_1 = """\
cd /sys/fs/cgroup
if [ -f cgroup.controllers ]; then
    mkdir -p init
    while read -r number; do echo "$number" > init/cgroup.procs || true; done < cgroup.procs
    sed -e 's/ / +/g' -e 's/^/+/' cgroup.controllers > cgroup.subtree_control
fi
exec sleep infinity
"""


@dataclass(frozen=True)
class Transcript:
    """What a command showed, as one reads it: without colours and cursor movements."""

    text: str
    exit_code: int
    seconds: float

    @property
    def password(self) -> str:
        """The administrator's password, or the empty string where none was shown."""
        shown = re.search(r"Password:\s+(\S+)", self.text)
        return shown[1] if shown else ""


def readmes_commands() -> str:
    """The commands under README's "Two commands", as one types them, with a clone of this very tree."""
    block = re.search(r"^## Two commands\n.*?^```console\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert block, "README has no console block under 'Two commands'"
    commands = block[1].splitlines()
    assert len(commands) == 2, commands
    assert block[1].count(CLONE_URL) == 1, block[1]
    return block[1].replace(CLONE_URL, BUNDLE).strip()


def build_pristine(suite: str) -> str:
    """Make the image of a pristine Debian from this machine's mirror, where it is not there yet; returns its name."""
    name = f"homeroom-test-pristine:{suite}"
    if engine().images.list(name=name):
        return name
    needed = [package for package in ("mmdebstrap", "debian-archive-keyring") if not installed_as_debian(package)]
    if needed:
        install_packages(needed, f"Installing {' and '.join(needed)}")
    usable = image_sources(read_sources_as_root())
    lines = archive_lines(usable, codename=suite, options=f"[signed-by={DEBIAN_KEYRING}.gpg] ")
    with tempfile.TemporaryDirectory(prefix="homeroom-test-", dir="/var/tmp") as directory:
        tar = Path(directory) / "pristine.tar"
        words = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(GIVEN)}"]
        done = subprocess.run([*words, suite, str(tar), *lines], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said = engine().api.import_image(src=str(tar), repository=name.partition(":")[0], tag=suite)
        assert "error" not in str(said), said
    return name


def snapshot_bundle(directory: Path) -> Path:
    """What a clone of the repository would hold, with what is not committed yet, as a git bundle."""
    tree, bundle = directory / "tree", directory / "homeroom.bundle"
    for name in tracked_files():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    somebody = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for words in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all", "--force"],
        [*somebody, "commit", "--quiet", "--message=The tree under test"],
        ["bundle", "create", "--quiet", str(bundle), "HEAD", "main"],
    ):
        subprocess.run(["git", *words], cwd=tree, check=True)
    return bundle


@dataclass
class FreshMachine:
    """One such machine; `url` is the address of the hub that is to come, as seen from here.

    :param spare: it has the CPU that others leave, as what it does takes long and nobody waits for it.
    """

    image: str
    bundle: Path
    name: str
    network: str
    container: Any = field(init=False)
    base_url: str = "/"
    spare: bool = False

    def __post_init__(self) -> None:
        self.container = engine().containers.create(
            self.image,
            ["sh", "-c", PROCESS_1],
            name=self.name,
            hostname="fresh",
            privileged=True,
            cpu_shares=CPU_SHARES if self.spare else None,
            cgroup_parent=spare_group() if self.spare else None,
            environment=read_proxies(os.environ),
            volumes={self.name: {"bind": "/var/lib/docker", "mode": "rw"}},
            ports={f"{HUB_PORT}/tcp": ("127.0.0.1", 0)},
            network=self.network,
            labels={"homeroom.test": "fresh-machine"},
        )
        try:
            self.container.start()
            self._equip()
        except BaseException:
            self.remove()
            raise

    def _equip(self) -> None:
        """Lay in the repository, and the certificates that an operator on this network has put on every machine."""
        laid = {self.bundle: BUNDLE, **{path: str(path) for path in CERTIFICATES.glob("**/*.crt")}}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path, place in laid.items():
                tar.add(path, place.removeprefix("/"))
        self.container.put_archive("/", packed.getvalue())
        # Not the network's own resolver, which is on a loopback address: the engine inside could not pass it on.
        servers = [route.subnet.partition("/")[0] for route in host_routes() if route.via == "name server"]
        lines = "".join(f"nameserver {server}\n" for server in servers)
        self.run(f"update-ca-certificates; [ -z '{lines}' ] || printf %s '{lines}' > /etc/resolv.conf")

    @property
    def url(self) -> str:
        """The hub's front page, with a slash at the end; the port is another after each start of the container."""
        self.container.reload()
        (binding,) = self.container.attrs["NetworkSettings"]["Ports"][f"{HUB_PORT}/tcp"]
        return f"http://127.0.0.1:{binding['HostPort']}{self.base_url}"

    def run(self, script: str, *, check: bool = True) -> Transcript:
        """Run lines of a shell in root's home, without a terminal."""
        began = time.monotonic()
        code, output = self.container.exec_run(["bash", "-lc", f"cd\n{script}"])
        done = Transcript(output.decode(errors="replace"), code, time.monotonic() - began)
        assert not check or code == 0, done.text
        return done

    def type(self, script: str, answers: Mapping[str, bytes], *, columns: int = 100) -> Transcript:
        """Type lines of a shell on a terminal in root's home.

        :param answers: what is typed once the terminal shows a text; each is given once.
        """
        began = time.monotonic()
        ours, theirs = pty.openpty()
        words = ["docker", "-H", f"unix://{ENGINE_SOCKET}", "exec", "-it", "-e", "TERM=xterm-256color"]
        line = f"cd; stty cols {columns} rows 40\n{script}"
        process = subprocess.Popen(
            [*words, self.name, "bash", "-lc", line], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        shown, left = b"", dict(answers)
        try:
            while chunk := read_terminal(ours):
                shown += chunk
                assert time.monotonic() - began < PATIENCE_SECONDS, plain(shown)
                for question in [text for text in left if text in plain(shown[-4000:])]:
                    os.write(ours, left.pop(question))
            code = process.wait(timeout=30)
        finally:
            process.kill()
            process.wait()
            os.close(ours)
        return Transcript(plain(shown), code, time.monotonic() - began)

    def hurry(self) -> None:
        """From now on others wait for it: it has an ordinary share of CPU."""
        weigh(CPU_GROUP, 1024)
        self.container.update(cpu_shares=1024)

    def kill_engine(self) -> None:
        """End the machine's engine as a crash would, without a chance to tidy up."""
        self.run("kill -9 $(cat /var/run/docker.pid); sleep 1")

    def start_engine(self) -> None:
        """Start the machine's engine, and nothing else, as an init system does."""
        provide = "from generator.engine.install import provide_engine; provide_engine(None, 'always')"
        self.run(f"cd homeroom && .venv/bin/python -c {shlex.quote(provide)}")

    def restart_engine(self) -> None:
        """Stop the engine, which stops every container, and start it."""
        self.run("kill $(cat /var/run/docker.pid); while [ -e /var/run/docker.pid ]; do sleep 0.1; done")
        self.start_engine()

    def reboot(self) -> None:
        """End every process at once, empty what a boot empties, and start the engine."""
        self.container.restart(timeout=0)
        self.run("rm -rf /run/docker* /run/containerd /tmp/*")
        self.start_engine()

    def remove(self) -> None:
        """Remove the container and what its engine stored."""
        with contextlib.suppress(docker.errors.NotFound):
            self.container.remove(force=True, v=True)
        with contextlib.suppress(docker.errors.NotFound):
            engine().volumes.get(self.name).remove(force=True)


def spare_group() -> str | None:
    """The control group of machines, made where it is not there; None with version 2, where a container's own weight is
    enough."""
    return f"/{CPU_GROUP}" if weigh(CPU_GROUP, CPU_SHARES) else None


def weigh(name: str, shares: int) -> bool:
    """Give a control group of version 1 this weight, made where it is not there; False with version 2."""
    if not CPU_GROUPS.is_dir():
        return False
    group = CPU_GROUPS / name
    group.mkdir(exist_ok=True)
    (group / "cpu.shares").write_text(str(shares))
    return True


class Maker(Protocol):
    """Makes machines."""

    def __call__(self, suite: str, *, spare: bool = False) -> FreshMachine:
        """Make one of a release of Debian."""


def read_terminal(descriptor: int) -> bytes:
    """The next that a terminal shows; nothing once its last user has gone."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def plain(shown: bytes) -> str:
    """What stays on a terminal, as text: a spinner that was redrawn counts once, as it was last, colours not at all."""
    lines, row, column = [""], 0, 0
    tokens = re.findall(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)|\x1b", shown.decode(errors="replace"))
    for number, command, move, text in tokens:
        if command == "A":
            row = max(0, row - int(number or 1))
        elif command == "K":
            lines[row] = lines[row][:column] if number in ("", "0") else ""
        elif move == "\r":
            column = 0
        elif move == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif text:
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
    return "\n".join(line.rstrip() for line in lines)
