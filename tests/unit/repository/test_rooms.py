"""Who may import whom. A room is a folder of `generator/` or `homeroom/`; docs/architecture.md draws them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.hub_deployment import ROOT
from tests.unit.repository.python_file import statements

GENERATOR = (
    "core",
    "schema",
    "site",
    "engine",
    "images",
    "preflight",
    "timers",
    "rendering",
    "topics",
    "lifecycle",
    "cli",
)
"""Each may import what stands before it, and of its own room everything."""
EARLY_PARTS = {"settings": "schema", "site": "site", "ways": "schema"}
"""The parts of topics that the schema, the registry of site files and the list of ways to sign in are put together
from: they stand as early."""
TOPICS = {
    "announcements": {"courses", "labs"},
    "copies": {"people", "storage"},
    "courses": {"environments", "labs", "lms", "lti", "sign_in", "storage"},
    "culling": {"labs"},
    "drill": {"copies", "prewarm", "storage", "updates"},
    "gpus": {"labs"},
    "handouts": {"courses", "environments", "labs", "storage"},
    "history": {"storage"},
    "labs": {"environments"},
    "lms": {"courses", "lti"},
    "lti": {"environments"},
    "packages": {"updates"},
    "people": {"copies", "courses", "labs", "storage", "watching"},
    "prewarm": {"labs"},
    "queue": {"labs"},
    "rehearsal": {"courses", "drill", "environments", "labs", "storage", "terms", "updates"},
    "rooms": {"courses", "environments", "labs"},
    "sign_in": {"labs", "storage"},
    "storage": {"labs"},
    "terms": {"courses", "labs", "people", "rooms", "sign_in", "storage"},
    "updates": {"copies", "labs", "prewarm", "sign_in"},
}
"""Of which other topics a topic takes something: what labs there are, and who has a home."""
HUB: Mapping[str, set[str]] = {
    "contract": set(),
    "texts": set(),
    "guard": {"contract"},
    "announcements": {"contract", "courses", "exam_labs", "hub", "labs", "records"},
    "hub": {"contract"},
    "branding": set(),
    "copies": {"contract", "exam_labs", "hub", "records"},
    "queue": set(),
    "storage": {"contract"},
    "labs": {"hub", "queue", "storage"},
    "gpus": {"contract", "queue"},
    "courses": {"contract", "exam_labs", "hub", "labs", "lms", "lti", "records", "shared_labs", "sign_in"},
    "culling": {"labs"},
    "drill": {"contract"},
    "exam_labs": {"contract", "labs", "records"},
    "lms": {"contract", "lti"},
    "lti": {"contract", "hub", "lms", "sign_in"},
    "people": {"contract", "hub", "records"},
    "records": {"contract"},
    "sign_in": {"contract", "hub", "labs", "records"},
    "ldap": {"sign_in"},
    "oauth": {"hub", "sign_in"},
    "sso": {"hub", "sign_in"},
    "rooms": {"contract", "courses", "hub", "shared_labs"},
    "showing": {"contract", "courses", "exam_labs", "hub", "records"},
    "shared_labs": {"contract", "hub", "labs", "records", "sign_in"},
    "spawner": {"contract", "culling", "exam_labs", "gpus", "labs", "queue", "shared_labs", "storage"},
    "prewarm": {"contract", "culling", "labs", "spawner"},
    "handouts": {"contract", "hub", "records"},
    "history": {"gpus", "labs", "queue", "rooms", "spawner", "storage"},
}
"""The guard imports nothing but what it shares with the hub: it runs without JupyterHub, with the engine's socket."""
EVERY_ROOMS = {"contract", "hub", "texts"}
WITHOUT_TEXTS = {"contract", "guard"}
"""What is said to people is every other room's to say."""
TESTS = {"door", "faults", "lab", "repository"}
"""Folders of tests that are no room: the proxy, services that die, what runs in a lab, and the repository itself."""
Edge = tuple[str, str]


def modules(package: Path) -> dict[str, Path]:
    """The modules of a package by their names."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if "starter" not in parts:
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@functools.cache
def imports(package: Path) -> list[Edge]:
    """Which module imports which, wherever in the file it does so."""
    return sorted(set(edges(package)))


def edges(package: Path) -> Iterator[Edge]:
    """Each import, as it stands in the files."""
    known = modules(package)
    for name, path in known.items():
        for node in statements(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package.name:
                for imported in node.names:
                    whole = f"{node.module}.{imported.name}"
                    yield name, whole if whole in known else str(node.module)


def room(module: str) -> str:
    """The room of a generator's module: its tier."""
    parts = module.split(".")
    if parts[1] == "topics" and len(parts) == 4:
        return EARLY_PARTS.get(parts[3], "topics")
    return "core" if parts[1:] == ["topics"] else parts[1]


COMMANDS = ROOT / "generator"
HUBS = ROOT / "jupyterhub/homeroom"


def test_the_generator_is_built_in_tiers() -> None:
    """Nothing imports what stands above it."""
    above = [
        f"{importer} imports {imported}"
        for importer, imported in imports(COMMANDS)
        if imported != "generator" and importer != "generator.__main__"
        if GENERATOR.index(room(importer)) < GENERATOR.index(room(imported)) and not is_part(importer, imported)
    ]
    assert above == []


def is_part(importer: str, imported: str) -> bool:
    """Whether a topic's early part takes something of its own topic."""
    return importer.split(".")[1] == "topics" and importer.rsplit(".", 1)[0] == imported.rsplit(".", 1)[0]


def test_topics_know_few_others() -> None:
    """A topic takes of others only what TOPICS says, or a form of a site file."""
    found: dict[str, set[str]] = {}
    for importer, imported in imports(COMMANDS):
        one, other = importer.split("."), imported.split(".")
        if one[1] == "topics" and len(one) == 4 and other[1:2] == ["topics"] and len(other) == 4 and one[2] != other[2]:
            found.setdefault(one[2], set()).add(other[2])
    assert found == TOPICS


def test_the_hubs_rooms_know_few_others() -> None:
    """A room imports only those that HUB says, and one that is not there what every room may; the guard the contract
    alone."""
    for importer, imported in imports(HUBS):
        one, other = importer.split(".")[1], imported.split(".")[1]
        may = HUB.get(one, EVERY_ROOMS) | (set() if one in WITHOUT_TEXTS else {"texts"})
        assert one == other or other in may, f"{importer} imports {imported}"


@pytest.mark.parametrize("package", [COMMANDS, HUBS], ids=["generator", "homeroom"])
def test_no_files_import_each_other(package: Path) -> None:
    """There is no circle of files, also not by imports within functions."""
    left: dict[str, set[str]] = {}
    for importer, imported in imports(package):
        left.setdefault(importer, set()).add(imported)
    while done := [name for name, wants in left.items() if not wants & left.keys()]:
        for name in done:
            del left[name]
    assert left == {}


@pytest.mark.parametrize("level", ["unit", "integration", "browser"])
def test_tests_lie_with_their_topic(level: str) -> None:
    """A folder of tests is a topic or a room, or one of the few others that tests/README.md names."""
    rooms = {
        path.parent.name for place in ("generator", "jupyterhub/homeroom") for path in ROOT.glob(f"{place}/**/*.py")
    }
    folders = {path.name for path in (ROOT / "tests" / level).iterdir() if list(path.glob("test_*.py"))}
    assert folders <= rooms | TESTS
    assert not list((ROOT / "tests" / level).glob("test_*.py")), "tests beside the folders"
