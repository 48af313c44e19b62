"""What a lab's owner is told of their disk, and when nothing is said."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from generator.paths import ROOT


@pytest.fixture(scope="module")
def disk() -> Any:
    """The lab's module, with the server's classes that it needs only to answer."""
    for name, members in (
        ("jupyter_server", {}),
        ("jupyter_server.base", {}),
        ("jupyter_server.base.handlers", {"APIHandler": object}),
    ):
        if name not in sys.modules:
            sys.modules[name] = types.ModuleType(name)
            vars(sys.modules[name]).update(members)
    spec = importlib.util.spec_from_file_location("lab_disk", ROOT / "jupyterlab" / "homeroom_lab" / "disk.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["lab_disk"] = module
    spec.loader.exec_module(module)
    return module


def told(disk: Any, **fields: Any) -> tuple[str, str] | None:
    """The message for a home of 100 MB without limits, but for what is given."""
    plain = {"used_bytes": 100 * 2**20, "soft_limit_bytes": 0, "hard_limit_bytes": 0}
    said: tuple[str, str] | None = disk.message(disk.Disk(**{**plain, "rescue": False, "ephemeral": False, **fields}))
    return said


def test_nothing_is_said_while_all_is_well(disk: Any) -> None:
    """No limit, or one that is not reached, or a home too large to count in time: no message."""
    assert told(disk) is None
    assert told(disk, soft_limit_bytes=100 * 2**20) is None
    assert told(disk, soft_limit_bytes=1, used_bytes=None) is None


def test_above_the_soft_limit(disk: Any) -> None:
    """The owner learns what is used, what should be, and where it ends."""
    said = told(disk, soft_limit_bytes=64 * 2**20, hard_limit_bytes=2**30)
    assert said
    assert said[0] == "warning"
    for words in ("takes 100 MB", "below 64 MB", "At 1.0 GB"):
        assert words in said[1]


def test_rescue_and_ephemeral_come_first(disk: Any) -> None:
    """What costs somebody their work is said before what merely takes room."""
    assert "rescue mode" in str(told(disk, rescue=True, soft_limit_bytes=1))
    assert "keeps nothing" in str(told(disk, ephemeral=True))


def test_use_is_counted_and_bounded(disk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count once, in what they take on the disk; a count that takes too long is none."""
    before = disk.used_bytes(tmp_path, 0)
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "again").hardlink_to(tmp_path / "file")
    assert 100_000 <= disk.used_bytes(tmp_path, 0) - before < 200_000
    monkeypatch.setattr(disk, "LONGEST_COUNT_SECONDS", -1)
    assert disk.used_bytes(tmp_path, 0) is None
