"""What a lab's server leaves out while it starts."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from homeroom_lab.lazy_imports import later, left_out


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package `heavy_one` with a module, and modules that import it in different ways."""
    (tmp_path / "heavy_one").mkdir()
    (tmp_path / "heavy_one/__init__.py").write_text("answer = 42\n")
    (tmp_path / "heavy_one/errors.py").write_text("class HeavyError(Exception): ...\n")
    (tmp_path / "uses_it_later.py").write_text(
        "import heavy_one\nfrom heavy_one.errors import HeavyError\ndef ask(): return heavy_one.answer\n"
    )
    (tmp_path / "uses_it_at_once.py").write_text("from heavy_one import answer\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in list(sys.modules):
        if name.startswith(("heavy_one", "uses_it_")):
            del sys.modules[name]


LEFT_OUT = {"heavy_one": {}, "heavy_one.errors": {"HeavyError": ValueError}}


def test_what_is_left_out_is_loaded_when_it_is_used(packages: Path) -> None:
    """A module that imports it is there without it; what asks for something of it gets the real thing."""
    with left_out(LEFT_OUT):
        user = importlib.import_module("uses_it_later")
    assert "heavy_one" not in sys.modules
    assert user.HeavyError is ValueError
    assert user.ask() == 42
    assert sys.modules["heavy_one"].__file__ == str(packages / "heavy_one/__init__.py")


def test_everybody_else_imports_the_real_one(packages: Path) -> None:
    """Afterwards an import gives the package and its modules, not what stood for them."""
    with left_out(LEFT_OUT):
        importlib.import_module("uses_it_later")
    errors = importlib.import_module("heavy_one.errors")
    assert errors.HeavyError is not ValueError
    assert issubclass(errors.HeavyError, Exception)


def test_a_name_that_is_needed_at_once_is_told(packages: Path) -> None:
    """Who needs more than was expected fails at the import, and nothing is left standing in the way."""
    with pytest.raises(ImportError, match="answer"), left_out(LEFT_OUT):
        importlib.import_module("uses_it_at_once")
    assert importlib.import_module("uses_it_at_once").answer == 42


def test_what_is_there_already_cannot_be_left_out(packages: Path) -> None:
    """A module that came another way is told, and stays."""
    real = importlib.import_module("heavy_one")
    with pytest.raises(ImportError, match="heavy_one"), left_out(LEFT_OUT):
        pass
    assert sys.modules["heavy_one"] is real


def test_a_function_that_loads_its_module_when_called(packages: Path) -> None:
    """`later` loads nothing before its call, then passes everything on."""
    (packages / "heavy_one/adding.py").write_text("def add(one, *, two): return one + two\n")
    add = later("heavy_one.adding", "add")
    assert "heavy_one" not in sys.modules
    assert add(1, two=2) == 3
