"""The lab image's features: what `LAB_FEATURES` may say, and that their locks fit the image they are added to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.core.paths import ROOT
from generator.topics.environments import features

LOCKS = sorted(path for path in features.FEATURES.glob("*/*.txt") if path.name != "apt.txt")
BASES = {"server": ROOT / "jupyterlab/requirements.txt", "kernel": ROOT / "jupyterlab/kernel.txt"}


def locked(path: Path) -> dict[str, str]:
    """Names and versions of a lock file."""
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[[^]]*\])?==(\S+)", path.read_text(encoding="utf-8"), re.M))


def test_the_names_are_sorted_and_taken_once() -> None:
    """However it is written, the same choice is the same image."""
    assert features.parse(" science, git ,git,") == ("git", "science")
    assert features.parse("") == ()


def test_an_unknown_feature_is_refused_with_the_nearest() -> None:
    """A slip is told with the name that was meant, or with all there are."""
    with pytest.raises(ValueError, match="did you mean science"):
        features.parse("git,sciense")
    with pytest.raises(ValueError, match=r"there are apps, .*tensorflow"):
        features.parse("xyzzy-!")


def test_two_builds_of_one_library_are_refused() -> None:
    """TensorFlow for CPU and for GPU overwrite each other's files, so an image holds one of them."""
    with pytest.raises(ValueError, match="only one of tensorflow and tensorflow-gpu"):
        features.parse("tensorflow,tensorflow-gpu")


def test_every_feature_says_what_it_is_for_and_is_locked() -> None:
    """Each `.in` and `apt.txt` starts with its purpose; an `.in` has its lock beside it, made by `make locks`."""
    for name, purpose in features.known().items():
        assert purpose.endswith("."), name
        for source in (features.FEATURES / name).glob("*.in"):
            assert locked(source.with_suffix(".txt")), source


@pytest.mark.parametrize("path", sorted(features.FEATURES.glob("*/apt.txt")), ids=lambda path: path.parent.name)
def test_debians_packages_are_names_one_a_line(path: Path) -> None:
    """What `apt-get install` is given are names of packages, and no options."""
    lines = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    assert any(lines)
    assert [line for line in lines if line and not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", line)] == []


def test_a_feature_may_be_debians_packages_alone() -> None:
    """`compiler` has nothing of Python's and is a feature all the same."""
    assert "compiler" in features.known()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_feature_moves_what_the_image_has(lock: Path) -> None:
    """A feature's lock adds to the image's own and repeats nothing of it, so none can bring another version."""
    assert not locked(lock).keys() & locked(BASES[lock.stem]).keys()


@pytest.mark.parametrize("kind", ["server", "kernel"])
def test_all_features_fit_together(kind: str) -> None:
    """Any choice of features installs: no two of them lock one package at different versions."""
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        if lock.stem == kind:
            for name, version in locked(lock).items():
                versions.setdefault(name, set()).add(version)
    assert versions
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_locks_have_hashes_and_no_address(lock: Path) -> None:
    """Every package is pinned by hash, and no registry's address came along from the machine that locked."""
    text = lock.read_text(encoding="utf-8")
    for entry in re.split(r"(?m)^(?=[a-z0-9])", text)[1:]:
        assert "--hash=sha256:" in entry, entry[:80]
    assert "://" not in text
