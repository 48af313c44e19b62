"""The locked files against what asks for them, without a network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from generator.core.paths import ROOT
from tests.locks import LOCKS, NOT_OF_THE_HUB, Lock

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
WANTED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?:==([^\s;#]+))?")


def normalised(name: str) -> str:
    """A package's name as registries compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(path: Path) -> dict[str, str]:
    """Every package of a locked file with its version."""
    found = (PIN.match(line) for line in path.read_text().splitlines())
    return {normalised(pin[1]): pin[2] for pin in found if pin}


def asked_for(path: Path) -> dict[str, str | None]:
    """What an `.in` file asks for, with those it includes: the version, or None where any does."""
    found: dict[str, str | None] = {}
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            found |= asked_for(path.parent / line[3:])
        elif match := WANTED.match(line):
            found[normalised(match[1])] = match[2]
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.target)
def test_a_lock_is_in_step_with_what_asks_for_it(lock: Lock) -> None:
    """Everything that an `.in` file names is locked, at the version that it names: `make locks` brings it in step."""
    have, want = locked(ROOT / lock.target), asked_for(ROOT / lock.source)
    assert want
    assert want.keys() <= have.keys()
    assert {name: version for name, version in want.items() if version} == {
        name: have[name] for name, version in want.items() if version
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.target)
def test_every_locked_package_has_its_hashes(lock: Lock) -> None:
    """pip installs nothing that was exchanged meanwhile: each pin carries a hash, and no line names an index."""
    text = (ROOT / lock.target).read_text()
    for entry in re.split(r"\n(?=\S)", text):
        if PIN.match(entry):
            assert "--hash=sha256:" in entry, entry
    assert not re.search(r"^--(?:extra-)?index-url|^--find-links|://", text, re.MULTILINE)


def test_every_in_file_is_locked() -> None:
    """No `.in` file is forgotten by `make locks`."""
    found = {str(path.relative_to(ROOT)) for path in ROOT.glob("*/*.in")}
    assert found == {lock.source for lock in LOCKS}


def test_the_hub_builds_no_grammar_at_its_start() -> None:
    """A grammar that jsonschema would load, and no schema of the hub's asks for, is not in the hub's image."""
    assert locked(ROOT / "jupyterhub/requirements.txt").keys().isdisjoint(NOT_OF_THE_HUB)


def test_hub_and_labs_speak_the_same_jupyterhub() -> None:
    """The lab's server is of the hub's own version, in what is asked for and in what is locked."""
    hub, lab = ROOT / "jupyterhub", ROOT / "jupyterlab"
    assert asked_for(hub / "requirements.in")["jupyterhub"] == asked_for(lab / "requirements.in")["jupyterhub"]
    assert locked(hub / "requirements.txt")["jupyterhub"] == locked(lab / "requirements.txt")["jupyterhub"]


@pytest.mark.parametrize("name", ["generator/requirements.txt", "jupyterhub/requirements.txt"])
def test_tests_run_what_operators_run(name: str) -> None:
    """A package that is on the host or in the hub's image is tested at the same version."""
    tested = locked(ROOT / "tests/requirements.txt")
    used = locked(ROOT / name)
    both = tested.keys() & used.keys()
    assert both
    assert {key: tested[key] for key in both} == {key: used[key] for key in both}


def test_the_images_are_filled_by_the_same_uv() -> None:
    """Hub and lab are built with one uv, so that builds side by side fetch it once."""
    assert (ROOT / "jupyterhub/uv.txt").read_text() == (ROOT / "jupyterlab/uv.txt").read_text()
    assert locked(ROOT / "jupyterhub/uv.txt").keys() == {"uv"}


def test_the_proxys_lock_is_in_step() -> None:
    """package-lock.json holds what package.json names, at that very version, with its hash and no registry's name."""
    wanted = json.loads((ROOT / "proxy/package.json").read_text())["dependencies"]
    lock = json.loads((ROOT / "proxy/package-lock.json").read_text())["packages"]
    assert lock[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock[f"node_modules/{name}"]["version"] == version
    for name, package in lock.items():
        assert not name or package["integrity"].startswith("sha512-")
        assert "resolved" not in package
