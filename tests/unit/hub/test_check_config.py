"""homeroom.hub.check_config: a configuration that does not load is told with file and line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from homeroom.hub import check_config

from generator.core.paths import ROOT

LOADS_HUB_D = """\
from pathlib import Path
c = get_config()
for path in sorted((Path(__file__).parent / "hub.d").glob("*.py")):
    load_subconfig(str(path))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration's directory, where the image has /srv/jupyterhub."""
    (tmp_path / "hub.d").mkdir()
    (tmp_path / "config.py").write_text(LOADS_HUB_D)
    monkeypatch.setattr(check_config, "CONFIGURATION", tmp_path)
    return tmp_path


def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that is said of a faulty configuration, without the directory."""
    assert check_config.main(folder / "config.py") == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line.replace(f"{folder}/", "")


def test_a_good_configuration_passes_in_silence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said of a configuration that loads, hub.d included."""
    (folder / "hub.d/a.py").write_text("c.JupyterHub.log_level = 'INFO'\n")
    assert check_config.main(folder / "config.py") == 0
    assert capsys.readouterr() == ("", "")
    assert check_config.load(folder / "config.py").JupyterHub.log_level == "INFO"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nc.X = (\n", "hub.d/a.py:2: '(' was never closed"),
        ("x = 1\n\nc.Spawner.mem_limit = undefined\n", "hub.d/a.py:3: NameError: name 'undefined' is not defined"),
        ("import nothing_of_this_name\n", "hub.d/a.py:1: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("def f():\n    return 1 / 0\n\nf()\n", "hub.d/a.py:2: ZeroDivisionError: division by zero"),
        ("raise ValueError('one\\ntwo')\n", "hub.d/a.py:1: ValueError: one two"),
        ("import sys\nsys.exit(0)\n", "hub.d/a.py:2: SystemExit: 0"),
    ],
)
def test_a_fault_in_hub_d_names_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, line: str
) -> None:
    """Syntax error, misspelt name, missing package, an exception, an exit: file, line and cause on one line."""
    (folder / "hub.d/a.py").write_text(text)
    assert said(folder, capsys) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import json\n\nx = json.loads('{')\n", "hub.d/a.py:3: JSONDecodeError:"),  # the standard library
        ("import sqlalchemy\nsqlalchemy.create_engine('x')\n", "hub.d/a.py:2: ArgumentError:"),  # a package
        ("import ast\nast.literal_eval('(')\n", "hub.d/a.py:2: "),  # a syntax error of something else
        ("exec('(')\n", "hub.d/a.py:1: "),
    ],
)
def test_a_fault_deep_in_a_library_names_the_line_that_called_it(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, line: str
) -> None:
    """An exception from within a library is placed in the operator's file, where it can be fixed."""
    (folder / "hub.d/a.py").write_text(text)
    assert said(folder, capsys).startswith(line)


def test_the_first_faulty_file_in_order_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files are loaded in order of name, so the first fault is the one that is told."""
    (folder / "hub.d/b.py").write_text("1/0\n")
    (folder / "hub.d/a.py").write_text("\n1/0\n")
    assert said(folder, capsys).startswith("hub.d/a.py:2")


def test_a_missing_file_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration that is not there is a fault, not a pass."""
    (folder / "config.py").unlink()
    assert "ConfigFileNotFound" in said(folder, capsys)


def test_it_runs_as_the_generator_calls_it(folder: Path) -> None:
    """`python -m homeroom.hub.check_config FILE` ends with 2 and says the fault on standard error."""
    (folder / "hub.d/a.py").write_text("1/0\n")
    done = subprocess.run(
        [sys.executable, "-m", "homeroom.hub.check_config", str(folder / "config.py")],
        cwd=ROOT / "jupyterhub",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert f"{folder}/hub.d/a.py:1: ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nc.Spawner.mem_limt = 1\n", "hub.d/a.py:2: Spawner has no trait mem_limt. Did you mean mem_limit?"),
        ("c.Spawnr.mem_limit = 1\n", "hub.d/a.py:1: there is no class Spawnr. Did you mean Spawner?"),
        ("c.Spawner.mem_limit = 'lots'\n", "hub.d/a.py:1: lots is not a valid memory specification."),
        ("c.Spawner.start_timeout = 'long'\n", "hub.d/a.py:1: The 'start_timeout' trait of"),
        ("c.JupyterHub.spawner_class = 'nothing.of.This'\n", "hub.d/a.py:1: nothing.of.This cannot be imported"),
        ("c.JupyterHub.extra_handlers = [('/x', 'homeroom.No')]\n", "hub.d/a.py:1: homeroom.No cannot be imported"),
        ("c.JupyterHub.extra_handlers = ['/x']\n", "hub.d/a.py:1: '/x' is not a path with its handler"),
        ("c.JupyterHub.load_roles = ['x']\n", "hub.d/a.py:1: "),
        ("c.JupyterHub.services = ['x']\n", "hub.d/a.py:1: "),
        (
            "c.JupyterHub.load_roles = [{'name': 'a', 'services': ['b']}]\n",
            "hub.d/a.py:1: the role a is for a service b",
        ),
    ],
)
def test_what_no_class_takes_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str], text: str, line: str) -> None:
    """A class or trait that there is not, a value of another type, a handler or service that there is not: none of
    them is passed over in silence."""
    (folder / "hub.d/a.py").write_text(text)
    assert said(folder, capsys).startswith(line)


def test_every_fault_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All at once, each at its line; what only adds to a value is no fault."""
    (folder / "hub.d/a.py").write_text("c.Spawner.args.append('x')\nc.Spawner.one = 1\nc.Spawner.two = 2\n")
    assert check_config.main(folder / "config.py") == 2
    places = [line.split(": ")[0] for line in capsys.readouterr().err.splitlines()]
    assert [location.rpartition("/")[2] for location in places] == ["a.py:2", "a.py:3"]
