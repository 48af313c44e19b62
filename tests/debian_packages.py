"""Programs of Debian that tests talk to, installed where they are missing; none of them is started as a service."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
"""Asked by packages before they start what they bring."""
APT = ("apt-get", "-qy", "-o", "DPkg::Lock::Timeout=600")


def provide(program: str, *packages: str) -> str:
    """The path of a program, whose packages are installed where it is not there.

    :raises AssertionError: they cannot be installed.
    """
    path = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    found = shutil.which(program, path=path)
    if found is None:
        with _nothing_starts():
            wanted = [*APT, "install", "--no-install-recommends", *packages]
            if _run(wanted).returncode:
                _run([*APT, "update"])
                done = _run(wanted)
                assert done.returncode == 0, f"{' '.join(wanted)} failed:\n{done.stdout}"
        found = shutil.which(program, path=path)
    assert found is not None, f"{program} is missing after its packages were installed"
    return found


def unpack(program: str, folder: Path, *packages: str) -> str:
    """The path of a program that needs nothing else of its package, taken out of it without installing anything.

    :param packages: where it may be: the first of them that this Debian has and that holds it.
    :raises AssertionError: none could be fetched.
    """
    if found := shutil.which(program):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    said = ""
    for update in (False, True):
        if update:
            _run([*APT, "update"])
        for package in packages:
            done = _run([*APT, "-o", "APT::Sandbox::User=root", "download", package], folder)
            said += done.stdout
            for file in folder.glob(f"{package}_*.deb"):
                _run(["dpkg", "-x", str(file), str(folder)])
                file.unlink()
            if (folder / "usr/bin" / program).exists():
                return str(folder / "usr/bin" / program)
    raise AssertionError(f"{program} could not be fetched:\n{said}")


@contextmanager
def _nothing_starts() -> Iterator[None]:
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)


def _run(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900
    )
