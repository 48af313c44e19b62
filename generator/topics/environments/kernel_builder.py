"""Builds kernels into their volume, as root inside a container of the lab image.

`generator/topics/environments/kernels.py` sends it in and reads what it prints: one JSON object a line. It needs only
the standard library.

A kernel is an environment `envs/<name>-<digest>` and, written last, `share/jupyter/kernels/<name>/kernel.json`, which
points at it. So a kernel that is being built is not seen, and one that fails leaves the kernel that was there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FORM = "2"  # goes into the digest: raise it when environments must be made in another way
BESIDE = ("ipykernel", "ipywidgets", "pip")
"""What a kernel needs beside what is asked for: to run, to draw progress bars and sliders, and for `%pip list`."""
DONE = ".complete"
REPLACED = ".replaced"


def say(event: str, **fields: Any) -> None:
    """Tell the host."""
    print(json.dumps({"event": event, **fields}), flush=True)


def digest_of(text: str) -> str:
    """What decides an environment: the requirements and the Python that it refers to, which an image may move."""
    python = f"{os.path.realpath(sys.executable)} {sys.version_info[:2]} {os.uname().machine}"
    return hashlib.sha256(f"{FORM}\n{python}\n{text}".encode()).hexdigest()[:16]


def make_environment(target: Path, requirements: Path) -> list[str]:
    """Make an environment; the last lines of pip's output where it failed, else nothing."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(target)], check=True)
    command = [sys.executable, "-m", "pip", "--python", str(target / "bin/python"), "install", "--progress-bar=off"]
    command += ["--no-cache-dir", "-r", str(requirements), *BESIDE]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line.rstrip())
            say("line", text=line.rstrip())
    if process.returncode:
        shutil.rmtree(target, ignore_errors=True)
        return lines[-60:]
    (target / DONE).touch()
    return []


def write_spec(folder: Path, environment: Path, display_name: str) -> None:
    """Let labs see the kernel, from one moment to the next."""
    spec = {
        "argv": [str(environment / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": display_name,
        "language": "python",
        "env": {"PATH": f"{environment}/bin:${{PATH}}"},
        "metadata": {"debugger": True},
    }
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "kernel.json.new"
    fresh.write_text(json.dumps(spec, indent=2))
    fresh.replace(folder / "kernel.json")


def shown_environment(folder: Path) -> Path | None:
    """The environment that a kernel's spec points at."""
    try:
        spec = json.loads((folder / "kernel.json").read_text())
    except (OSError, ValueError):
        return None
    return Path(spec["argv"][0]).parent.parent


def build(name: str, requirements: Path, display_name: str, root: Path) -> None:
    """Have one kernel."""
    folder = root / "share/jupyter/kernels" / name
    text = f"{display_name}\n{requirements.read_text(encoding='utf-8')}"
    environment = root / "envs" / f"{name}-{digest_of(text)}"
    if shown_environment(folder) == environment and (environment / DONE).exists():
        say("current", name=name)
        return
    began = time.monotonic()
    say("begin", name=name)
    if not (environment / DONE).exists() and (said := make_environment(environment, requirements)):
        say("failed", name=name, output=said)
        return
    (environment / REPLACED).unlink(missing_ok=True)
    write_spec(folder, environment, display_name)
    say("built", name=name, seconds=time.monotonic() - began)


def remove_others(names: set[str], root: Path, oldest_lab: float | None) -> None:
    """Take away kernels whose file is gone, and environments that no running lab can still be using.

    :param oldest_lab: when the oldest running lab started, in seconds since the epoch; None: no lab runs.
    """
    specs = root / "share/jupyter/kernels"
    for folder in sorted(specs.iterdir()):
        if folder.name not in names:
            (folder / "kernel.json").unlink(missing_ok=True)
            shutil.rmtree(folder)
            say("removed", name=folder.name)
    used = {shown_environment(folder) for folder in specs.iterdir()}
    for environment in sorted((root / "envs").iterdir()):
        if environment in used:
            continue
        mark = environment / REPLACED
        if (environment / DONE).exists() and not mark.exists():
            mark.touch()
        if not mark.exists() or oldest_lab is None or mark.stat().st_mtime < oldest_lab:
            shutil.rmtree(environment)


def share_page_extensions(root: Path) -> None:
    """Have the page find what its kernels' widgets draw with; of two kernels that have one, the first by name."""
    wanted: dict[str, Path] = {}
    for folder in sorted((root / "share/jupyter/kernels").iterdir()):
        environment = shown_environment(folder)
        place = environment / "share/jupyter/labextensions" if environment else folder
        for described in sorted([*place.glob("[!@]*/package.json"), *place.glob("@*/*/package.json")]):
            wanted.setdefault(str(described.parent.relative_to(place)), described.parent)
    target = root / "share/jupyter/labextensions"
    there = [path.parent for path in [*target.glob("[!@]*/package.json"), *target.glob("@*/*/package.json")]]
    for path in there:
        if str(path.relative_to(target)) not in wanted:
            shutil.rmtree(path)
    for name, source in wanted.items():
        own = target / name
        if not own.exists() or (own / "package.json").read_bytes() != (source / "package.json").read_bytes():
            shutil.rmtree(own, ignore_errors=True)
            shutil.copytree(source, own)


def main(given: Path, root: Path) -> int:
    """Build what `given/wanted.json` lists; 0 also when some failed, since the host tells."""
    wanted = json.loads((given / "wanted.json").read_text())
    os.umask(0o022)
    for folder in ("envs", "share/jupyter/kernels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for kernel in wanted["kernels"]:
            build(kernel["name"], given / f"{kernel['name']}.txt", kernel["display_name"], root)
        remove_others({kernel["name"] for kernel in wanted["kernels"]}, root, wanted["oldest_lab"])
        share_page_extensions(root)
    say("end")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path("/build"), Path("/srv/kernels")))
