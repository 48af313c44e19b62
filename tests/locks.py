"""Locks all dependencies: `python -m tests.locks [--upgrade]`, run by `make locks`.

Without `--upgrade` only what an `.in` file asks for moves; with it everything does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import uv

from generator.console import fail, note, step
from generator.errors import HomeroomError
from generator.host_network import find_ca_bundle, read_pip_settings
from generator.paths import ROOT

_IMAGE = ("--python-version=3.13", "--python-platform=linux")
_HOST = ("--python-version=3.11", "--universal")


@dataclass(frozen=True)
class Lock:
    """One `.in` file and the locked `.txt` beside it.

    :param source: the `.in` file, from the root.
    :param options: for which Pythons it is locked: the images' own, or every one that a host may have.
    """

    source: str
    options: tuple[str, ...]

    @property
    def target(self) -> str:
        """The locked file."""
        return self.source.removesuffix(".in") + ".txt"


LOCKS = (
    Lock("jupyterhub/requirements.in", _IMAGE),
    Lock("jupyterlab/requirements.in", _IMAGE),
    Lock("jupyterlab/kernel.in", _IMAGE),
    Lock("generator/requirements.in", _HOST),
    # Tests run what operators run: the versions of the two locks above it.
    Lock(
        "tests/requirements.in",
        (*_HOST, "--constraints=generator/requirements.txt", "--constraints=jupyterhub/requirements.txt"),
    ),
)


def environment() -> dict[str, str]:
    """The shell's, with the certificates and the package index that this machine's pip is set up with."""
    chosen = {"SSL_CERT_FILE": str(find_ca_bundle(os.environ))}
    index = read_pip_settings(os.environ, Path("/"), Path.home()).get("index-url")
    if index:
        chosen["UV_DEFAULT_INDEX"] = index
    return {**chosen, **os.environ}


def lock_python(lock: Lock, *, upgrade: bool) -> None:
    """Write one locked file.

    :raises HomeroomError: the packages cannot be had together, or not be reached.
    """
    command = [uv.find_uv_bin(), "pip", "compile", "--quiet", lock.source, f"--output-file={lock.target}"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--custom-compile-command=make locks"]
    _run([*command, *lock.options, *(["--upgrade"] if upgrade else [])], lock.source, ROOT)


def lock_npm(*, upgrade: bool) -> None:
    """Write the proxy's lock file, without the address of the registry that it was made with.

    :raises HomeroomError: as for `lock_python`.
    """
    options = ["--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"]
    _run(["npm", "update" if upgrade else "install", *options], "proxy/package.json", ROOT / "proxy")


def _run(command: list[str], source: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise HomeroomError(
            f"cannot be locked:\n{done.stderr.strip()}",
            place=source,
            remedy="Change what it asks for; or see to the network, its proxy (HTTPS_PROXY) or certificates.",
        )


def main(arguments: list[str]) -> int:
    """Lock everything; 0, or 2 with what stands in the way."""
    upgrade = "--upgrade" in arguments
    try:
        for lock in LOCKS:
            with step(f"Locking {lock.target}"):
                lock_python(lock, upgrade=upgrade)
        if shutil.which("npm"):
            with step("Locking proxy/package-lock.json"):
                lock_npm(upgrade=upgrade)
        else:
            note("There is no npm here: proxy/package-lock.json stays as it is.")
    except HomeroomError as error:
        fail(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
