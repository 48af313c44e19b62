"""A lab's locks, seen from within it; and somebody who wants their code to run in place of the server's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub_deployment import HubDeployment
from tests.person import Person

NAME = "hard-ada"


@pytest.fixture(scope="module")
def person(deployment: HubDeployment) -> Iterator[Person]:
    """Somebody with a running lab."""
    made = Person(deployment, NAME)
    made.sign_in(deployment.new_password(NAME))
    made.start_lab()
    yield made
    made.stop_lab_if_any()


def within(deployment: HubDeployment, *command: str) -> str:
    """What a command says in the lab, as its own user."""
    code, output = deployment.lab(NAME).exec_run(list(command))
    assert code == 0, output.decode()
    return str(output.decode())


def test_no_way_to_more_rights(deployment: HubDeployment, person: Person) -> None:
    """The server and what a person runs: an ordinary user, no capability of any kind, no new ones by a set-uid program
    (there are such: `su` is one), and the engine's filter of system calls."""
    server = deployment.lab(NAME).attrs["State"]["Pid"]
    for status in (within(deployment, "cat", "/proc/self/status"), Path(f"/proc/{server}/status").read_text()):
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        assert fields["NoNewPrivs"].strip() == "1"
        assert fields["Seccomp"].strip() == "2"
        assert {fields[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert fields["Uid"].split() == ["1000"] * 4
        assert fields["Gid"].split() == ["100"] * 4
        assert set(fields["Groups"].split()) == {"100"}
    for call in ("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", "socket.socket(socket.AF_PACKET)"):
        denied = f"import socket\ntry:\n    {call}\nexcept PermissionError:\n    print('denied')"
        assert within(deployment, "python3", "-c", denied) == "denied\n"
    for command in (["unshare", "--user", "true"], ["mount", "-t", "tmpfs", "none", "/mnt"], ["chown", "0", "/tmp"]):
        assert deployment.lab(NAME).exec_run(command).exit_code != 0


def test_limits(deployment: HubDeployment, person: Person) -> None:
    """Memory without swap, processes, open files, no core dumps, a log that is cut."""
    read = (
        "import json, pathlib, resource\n"
        "group = pathlib.Path('/sys/fs/cgroup')\n"
        "one = lambda *names: next(p.read_text().strip() for n in names if (p := group / n).exists())\n"
        "print(json.dumps({\n"
        "    'memory': one('memory.max', 'memory/memory.limit_in_bytes'),\n"
        "    'swap': one('memory.swap.max', 'memory/memory.memsw.limit_in_bytes'),\n"
        "    'pids': one('pids.max', 'pids/pids.max'),\n"
        "    'core': resource.getrlimit(resource.RLIMIT_CORE),\n"
        "    'files': resource.getrlimit(resource.RLIMIT_NOFILE)[1],\n"
        "}))"
    )
    found = json.loads(within(deployment, "python3", "-c", read))
    assert found["memory"] == str(2**30)
    assert found["swap"] in ("0", str(2**30))  # cgroup v2 counts swap alone, v1 memory and swap together
    assert found["pids"] == "1024"
    assert found["core"] == [0, 0]
    assert 1024 <= found["files"] <= 8192
    assert deployment.lab(NAME).attrs["HostConfig"]["LogConfig"]["Config"] == {"max-size": "5m", "max-file": "2"}


def test_the_kernel_is_masked(deployment: HubDeployment, person: Person) -> None:
    """What tells of the host's kernel or changes it is hidden or read-only."""
    for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list"):
        assert deployment.lab(NAME).exec_run(["sh", "-c", f"test ! -s {path} || test ! -r {path}"]).exit_code == 0, path
    assert within(deployment, "ls", "/sys/firmware") == ""
    for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/sys/fs/cgroup/cgroup.procs"):
        assert deployment.lab(NAME).exec_run(["sh", "-c", f"echo 1 > {path}"]).exit_code != 0, path


def test_the_servers_files_are_roots(deployment: HubDeployment, person: Person) -> None:
    """Outside the home, scratch space and the lab's own socket's place there is nothing that a person may write."""
    find = ["find", "/", "-xdev", "-type", "d", "-writable", "-not", "-path", "/proc/*", "-not", "-path", "/home/*"]
    folders = deployment.lab(NAME).exec_run(find, stderr=False).output.decode().split()
    assert {"/tmp"} <= set(folders) <= {"/tmp", "/tmp/jupyter-runtime", "/var/tmp", "/run/lock", "/run/lab"}
    find = ["find", "/opt", "/usr", "/etc", "/srv", "-writable", "-not", "-type", "l"]
    assert deployment.lab(NAME).exec_run(find, stderr=False).output == b""


# Everything that Python, Jupyter, a shell or a search for programs might pick up in a home. Each leaves a mark.
PLANT = r"""
import json, os, pathlib
home = pathlib.Path.home()
def mark(name):
    name = str(name).replace("/", "|")
    return (
        "import os, sys; os.makedirs('/home/jovyan/caught', exist_ok=True); "
        f"open('/home/jovyan/caught/{name}', 'a').write(' '.join([sys.executable, *sys.argv]) + chr(10))\n"
    )
def put(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
apps = ["jupyter", "jupyter_server", "jupyter_lab", "jupyter_notebook", "jupyter_application", "jupyter_singleuser",
        "jupyterhub", "jupyterhub_singleuser", "jupyter_nbconvert", "jupyter_git", "ipython", "ipython_notebook"]
enable = json.dumps({app: {"jpserver_extensions": {"evil_extension": True}} for app in ("ServerApp", "LabApp")})
for place in (home, home/".jupyter", home/".config/jupyter", home/".local/etc/jupyter", home/".local/share/jupyter",
              home/".ipython/profile_default", home/"etc/jupyter"):
    for app in apps:
        put(place/f"{app}_config.py", mark(f"config {place}/{app}"))
        put(place/f"{app}_config.json", enable)
        put(place/f"{app}_config.d/evil.json", enable)
extension = "def _load_jupyter_server_extension(app): pass\n_jupyter_server_extension_points = lambda: [{}]\n"
for folder in (home, home/".local/lib/python3.13/site-packages", home/"lib/python3.13/site-packages"):
    for module in ("evil_extension", "usercustomize", "sitecustomize", "json", "tornado", "jupyterhub",
                   "jupyter_server", "homeroom_lab"):
        put(folder/f"{module}.py", mark(f"module {folder}/{module}") + extension)
    put(folder/"evil.pth", mark(f"pth {folder}"))
for name in (".bashrc", ".profile", ".bash_profile", ".bash_login", ".shrc"):
    put(home/name, f"/bin/mkdir -p ~/caught; echo $0 >> ~/caught/'shell {name}'\n")
for name in ("sh", "bash", "env", "choom", "python", "python3", "git", "node", "ps", "ls", "uname", "ldconfig", "which",
             "head", "rm", "mkdir", "mktemp", "sync", "cp", "ln", "readlink", "date", "mv", "jupyterhub-singleuser"):
    caught = f"/bin/mkdir -p /home/jovyan/caught; echo $0 $* >> '/home/jovyan/caught/program {name}'"
    put(home/".local/bin"/name, f"#!/bin/sh\n{caught}\nexec /usr/bin/{name} \"$@\"\n", 0o755)
# Jupyter takes its first argument for a part of a program's name, and looks for that.
put(home/"jupyter-server---ServerApp.sock=/run/lab/lab.sock", f"#!/bin/sh\n{caught}\nexit 1\n", 0o755)
"""


def caught(lab: Any) -> str:
    """The marks that were left."""
    return str(lab.exec_run(["/bin/sh", "-c", "cd ~/caught 2>/dev/null && /usr/bin/grep -r '' ."]).output.decode())


def test_nothing_in_a_home_runs_before_its_owners_code(deployment: HubDeployment, person: Person) -> None:
    """Configuration, modules, start files, shells' files and programs laid into a home run neither while the lab starts
    nor in its server while pages are open. The same files do run where a person's own code may."""
    lab = deployment.lab(NAME)
    assert lab.exec_run(["/usr/bin/python3", "-I", "-c", PLANT]).exit_code == 0
    for own in (
        ["/usr/bin/python3", "-c", ""],
        ["/bin/bash", "-ic", "true"],
        ["/bin/sh", "-c", "git --version"],
        ["/opt/jupyter/bin/python", "-P", "-m", "jupyter_server", "--show-config"],
    ):
        lab.exec_run(own)
    found = caught(lab)
    for kind in ("pth |home", "module |home", "shell .bashrc", "program git", "config |home|jovyan|.jupyter"):
        assert f"./{kind}" in found, f"{kind} is planted where nobody looks:\n{found}"
    assert lab.exec_run(["/bin/rm", "-r", "/home/jovyan/caught"]).exit_code == 0

    person.stop_lab()
    person.start_lab()
    lab = deployment.lab(NAME)
    pages = ("lab", "api/contents", "api/kernelspecs", "api/terminals", "lab/api/settings", "lab/api/extensions")
    for page in (*pages, "lab/api/translations", "api/nbconvert", "api/metrics/v1", "git/settings"):
        assert person.get(f"user/{NAME}/{page}").status_code == 200, page
    assert caught(lab) == ""
    person.get("hub/home")
    answer = person.post_form(f"hub/homeroom/labs/{NAME}/reset")
    assert answer.status_code == 200, answer.text
    person.wait_for_lab()
    assert caught(deployment.lab(NAME)) == "", "nor does a reset run them"


SHARE = """
import subprocess, sys
from multiprocessing import shared_memory
shared = shared_memory.SharedMemory(create=True, size=300 * 2**20)
worker = "import sys; from multiprocessing import shared_memory as m; s = m.SharedMemory(sys.argv[1]); "
worker += "s.buf[:] = bytes([7]) * s.size; s.close()"
print(subprocess.run([sys.executable, "-c", worker, shared.name], stderr=subprocess.DEVNULL).returncode, shared.buf[-1])
shared.close()
"""
"""What data loaders do: another process fills what this one reads."""
OVERFILL = """
from multiprocessing import shared_memory
shared = shared_memory.SharedMemory(create=True, size=900 * 2**20)
for place in range(0, shared.size, 2**20):
    shared.buf[place : place + 2**20] = bytes(2**20)
"""


def test_shared_memory_is_half_of_the_labs(person: Person) -> None:
    """A program that shares 300 MB between processes works in a lab of 1G; one that shares more than half of it ends,
    with the reason below the cell."""
    assert person.run(SHARE) == "0 7\n"
    for idle in person.lab_api("GET", "kernels").json():  # they have memory of the lab, too
        assert person.lab_api("DELETE", f"kernels/{idle['id']}").status_code == 204
    with person.kernel() as kernel:
        told = kernel.told_until_restart(kernel.start(OVERFILL))
    assert "Bus error" in told
    assert "512 MB" in told


def test_programs_are_told_the_labs_cpus(deployment: HubDeployment, person: Person) -> None:
    """A lab of one CPU on a machine of several: `nproc`, Python and libraries that count CPUs take it for one."""
    assert within(deployment, "nproc") == "1\n"
    assert person.run("import os; print(os.cpu_count(), os.environ['OMP_NUM_THREADS'])") == "1 1\n"


# Whatever is written or read while a lab starts, and its neighbours, as something that no program expects there.
TRAPS = r"""
import os, pathlib, shutil, sys
kind, depth = sys.argv[1:]
home = pathlib.Path.home()
os.system("/bin/chmod -R u+rwx ~/.local ~/.jupyter ~/.ipython ~/.config ~/.cache ~/.netrc ~/.gitconfig 2>/dev/null")
wide = [home / name for name in (".local", ".jupyter", ".ipython", ".config", ".cache", ".netrc", ".gitconfig")]
jupyter, data, numbers = home / ".jupyter", home / ".local/share/jupyter", range(1, 60)
deep = [
    *(jupyter / name for name in ("migrated", "jupyter_cookie_secret", "serverconfig/x.json")),
    *(jupyter / f"jupyter_{name}" for name in ("server_config.py", "server_config.json", "config.d/x.json")),
    *(jupyter / f"labconfig/{name}{end}" for name in ("page_config", "default_setting_overrides")
      for end in (".json", ".d/x.json")),
    *(jupyter / f"lab/{name}" for name in ("workspaces/default-37a8.jupyterlab-workspace",
      "user-settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings")),
    *(data / f"runtime/{name}" for name in ("jupyter_cookie_secret", "notebook_cookie_secret")),
    *(data / f"runtime/jpserver-{number}{end}" for number in numbers for end in (".json", "-open.html")),
    *(data / name for name in ("nbsignatures.db", "notebook_secret", "kernels/x/kernel.json")),
    home / ".local/share/homeroom/first-start",
    *(home / f".ipython/profile_default/{name}" for name in ("ipython_notebook_config.py", "ipython_config.json")),
    *(home / name for name in (".config/pip/pip.conf", ".config/git/config", ".netrc", ".gitconfig")),
    *(home / f".homeroom-probe.{number}" for number in numbers),
]
def clear(path):
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
for path in wide:
    clear(path)
for number, path in enumerate(deep if depth == "deep" else wide):
    path.parent.mkdir(parents=True, exist_ok=True)
    clear(path)
    this = ("endless", "input", "huge", "folder")[number % 4] if kind == "odd" else kind
    if this == "pipe":
        os.mkfifo(path)
    elif this == "loop":
        path.symlink_to(path.name)
    elif this == "closed":
        path.write_text("{}")
        path.chmod(0)
    elif this == "endless":
        path.symlink_to("/dev/zero")
    elif this == "input":
        path.symlink_to("/proc/self/fd/0")
    elif this == "huge":
        with open(path, "wb") as file:
            file.truncate(1 << 40)
    else:
        path.mkdir()
if depth == "wide":
    home.chmod(0)
"""


def test_nothing_in_a_home_keeps_a_lab_from_starting(deployment: HubDeployment, person: Person) -> None:
    """Named pipes, endless and huge files, links in circles and closed ones in the place of all that is read or written
    while a lab starts; in the place of the folders above them; a home that is closed itself: the lab starts, and shows
    its page. A reset fixes the rest."""
    for kind, depth in (("pipe", "deep"), ("loop", "deep"), ("odd", "deep"), ("closed", "deep"), ("pipe", "wide")):
        laid = deployment.lab(NAME).exec_run(["/usr/bin/python3", "-I", "-c", TRAPS, kind, depth])
        assert laid.exit_code == 0, laid.output.decode()
        person.stop_lab()
        person.start_lab()
    person.get("hub/home")
    assert person.post_form(f"hub/homeroom/labs/{NAME}/reset").status_code == 200
    person.wait_for_lab()
    assert (
        person.run("import os; print([one for one in os.listdir() if one.startswith('set-aside-')] != [])") == "True\n"
    )
    assert person.get(f"user/{NAME}/homeroom/disk").json()["message"] is None


def test_kernels_and_terminals_keep_their_own_programs(deployment: HubDeployment, person: Person) -> None:
    """What somebody installs into their home is found by their kernels, first; the server's PATH is the image's."""
    assert person.run("import os; print(os.environ['PATH'].split(':')[0])") == "/home/jovyan/.local/bin\n"
    assert person.lab_api("POST", "terminals").status_code == 200
    look = "pid=$(/usr/bin/pgrep -n -x bash) && /usr/bin/tr '\\0' '\\n' < /proc/$pid/environ | /usr/bin/grep ^PATH="
    assert within(deployment, "/bin/sh", "-c", look).startswith("PATH=/home/jovyan/.local/bin:")
