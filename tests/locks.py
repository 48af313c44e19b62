"""Locks all dependencies: `python -m tests.locks [--upgrade]`, run by `make locks`.

Without `--upgrade` only what an `.in` file asks for moves; with it everything does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import uv

from generator.core.console import fail, note, step
from generator.core.errors import HomeroomError
from generator.core.host_network import find_ca_bundle, read_pip_settings
from generator.core.paths import ROOT

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


NOT_OF_THE_HUB = ("lark", "rfc3987-syntax")
"""The grammar of a format (IRI) that no schema of JupyterHub's asks for, and that jsonschema does without where it is
not installed. To build it takes a second, at each start of the hub and each look at its configuration."""
LOCKS = (
    Lock("jupyterhub/requirements.in", (*_IMAGE, *(f"--no-emit-package={name}" for name in NOT_OF_THE_HUB))),
    Lock("jupyterlab/requirements.in", _IMAGE),
    Lock("jupyterlab/kernel.in", _IMAGE),
    Lock("jupyterhub/uv.in", _IMAGE),
    Lock("jupyterlab/uv.in", _IMAGE),
    Lock("proxy/requirements.in", _IMAGE),
    Lock("edge/requirements.in", _IMAGE),
    Lock("generator/requirements.in", _HOST),
    # Tests run what operators run: the versions of the two locks above it.
    Lock(
        "tests/requirements.in",
        (*_HOST, "--constraints=generator/requirements.txt", "--constraints=jupyterhub/requirements.txt"),
    ),
    Lock("tests/s3_server.in", _HOST),
)
# The lab image's features, by the lock that each kind of them adds to.
FEATURES = {"server": "jupyterlab/requirements.txt", "kernel": "jupyterlab/kernel.txt"}


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
    _compile([lock.source], lock.target, lock.options, upgrade=upgrade)


def lock_features(kind: str, base: str, *, upgrade: bool) -> None:
    """Write the features' locks of one kind: what each adds to `base`, of which it moves nothing.

    All are resolved together first, so that any of them fit beside each other in one environment.

    :raises HomeroomError: as for `lock_python`.
    """
    sources = sorted(path.relative_to(ROOT) for path in ROOT.glob(f"jupyterlab/features/*/{kind}.in"))
    there = re.findall(r"^([a-z0-9.-]+)==", (ROOT / base).read_text(encoding="utf-8"), re.M)
    left_out = [f"--no-emit-package={name}" for name in there]
    with tempfile.TemporaryDirectory() as scratch:
        together = Path(scratch) / "together.txt"
        locks = [ROOT / source.with_suffix(".txt") for source in sources]
        together.write_text("".join(lock.read_text(encoding="utf-8") for lock in locks if lock.is_file()))
        _compile(
            [str(source) for source in sources], str(together), (*_IMAGE, f"--constraints={base}"), upgrade=upgrade
        )
        for source in sources:
            constraints = (f"--constraints={base}", f"--constraints={together}")
            _compile(
                [str(source)], str(source.with_suffix(".txt")), (*_IMAGE, *constraints, *left_out), upgrade=upgrade
            )


def _compile(sources: list[str], target: str, options: tuple[str, ...], *, upgrade: bool) -> None:
    command = [uv.find_uv_bin(), "pip", "compile", "--quiet", *sources, f"--output-file={target}"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--custom-compile-command=make locks"]
    _run([*command, *options, *(["--upgrade"] if upgrade else [])], ", ".join(sources), ROOT)


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
            location=source,
            remedy="Change what it asks for; or see to the network, its proxy (HTTPS_PROXY) or certificates.",
        )


def main(arguments: list[str]) -> int:
    """Lock everything; 0, or 2 with what stands in the way."""
    upgrade = "--upgrade" in arguments
    try:
        for lock in LOCKS:
            with step(f"Locking {lock.target}"):
                lock_python(lock, upgrade=upgrade)
        for kind, base in FEATURES.items():
            with step(f"Locking jupyterlab/features/*/{kind}.txt"):
                lock_features(kind, base, upgrade=upgrade)
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
