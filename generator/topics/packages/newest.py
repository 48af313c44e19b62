"""What the package indexes have newer than an image: pip's own and npm's, as this machine is set up to reach them.

These packages are locked: a new version of Homeroom brings them, and no refresh does. What is shown is what there is.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import requests

from generator.core.errors import HomeroomError
from generator.core.host_network import find_ca_bundle, is_http, read_npm_settings
from generator.core.process import Runner, indented, run, tail
from generator.topics.packages.debian import Newer
from generator.topics.packages.inventory import Package

ANSWER_SECONDS = 10.0
AT_ONCE = 8
REMEDY = "See to the network, its proxy (HTTPS_PROXY) or certificates. Debian's packages are told without it."


def of_python(packages: Sequence[Package], *, runner: Runner = run) -> list[Newer]:
    """What pip's index has newer: pip is shown the packages' names, and asks as it is set up.

    :raises HomeroomError: it does not answer.
    """
    wanted = [each for each in packages if each.kind == "python"]
    with tempfile.TemporaryDirectory(prefix="homeroom-packages-") as folder:
        for each in wanted:
            place = Path(folder) / f"{each.name.replace('-', '_')}-{each.version}.dist-info"
            place.mkdir()
            (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {each.name}\nVersion: {each.version}\n")
        words = ["list", "--outdated", "--format=json", f"--path={folder}", "--disable-pip-version-check"]
        done = runner([sys.executable, "-m", "pip", *words], env={**os.environ, "PIP_DEFAULT_TIMEOUT": "10"})
    try:
        found = [Newer(row["name"], row["version"], row["latest_version"]) for row in json.loads(done.stdout)]
    except (ValueError, KeyError, TypeError):
        found = []
    if done.returncode or (not found and "WARNING: Retrying" in done.stderr):
        why = indented(tail(done.stderr, 3) or ["pip said nothing"])
        raise HomeroomError(f"Python's package index does not answer:{why}", location="pip", remedy=REMEDY)
    return sorted(found)


def of_npm(packages: Sequence[Package], environ: Mapping[str, str] = os.environ) -> list[Newer]:
    """What npm's registry has newer.

    :raises HomeroomError: it does not answer.
    """
    settings = read_npm_settings(environ, Path("/"), Path(environ.get("HOME") or "/"))
    registry = settings.get("registry", "")
    bundle = str(find_ca_bundle(environ))
    wanted = [each for each in packages if each.kind == "npm"]
    if not wanted:
        return []
    if not is_http(registry):
        remedy = "Name one there: `registry=https://...`. Debian's and Python's packages are told without it."
        raise HomeroomError("this machine's .npmrc names no registry that can be asked", location="npm", remedy=remedy)

    def ask(package: Package) -> Newer | None:
        address = f"{registry.rstrip('/')}/{quote(package.name, safe='@')}/latest"
        answer = requests.get(address, timeout=ANSWER_SECONDS, verify=bundle)
        answer.raise_for_status()
        latest = str(answer.json()["version"])
        return Newer(package.name, package.version, latest) if latest != package.version else None

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sorted(filter(None, pool.map(ask, wanted)))
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        why = f"npm's registry does not answer: {type(error).__name__}"
        raise HomeroomError(why, location="npm", remedy=REMEDY) from None
