"""generator/cli.py: an operator's mistake ends with cause, remedy and 2, and changes nothing."""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import cast
from unittest import mock

import pytest

import generator
from generator import cli
from generator.core import console
from generator.core.errors import HomeroomError, SeveralErrors, raise_all
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.lifecycle import down
from tests.sample_settings import TOKEN

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NO_ENGINE = "/nonexistent/engine.sock"
ENV = f"CONFIGPROXY_AUTH_TOKEN={TOKEN}\nENGINE_SOCKET={NO_ENGINE}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A deployment's directory of its own, with nothing in it."""
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@functools.cache
def generators_modules() -> list[ModuleType]:
    """Every module of the generator."""
    return [importlib.import_module(found.name) for found in pkgutil.walk_packages(generator.__path__, "generator.")]


@pytest.fixture
def run(tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a verb there in this process, with nothing of this machine's environment, and no engine."""
    for module in generators_modules():
        for name, moved in (("ROOT", ""), ("ENV_FILE", ".env"), ("SITE", "site"), ("RENDERED", "rendered")):
            if vars(module).get(name) is not None:
                monkeypatch.setattr(module, name, tree / moved)

    def run_verb(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with (
            mock.patch.dict(
                os.environ, {"PATH": "/usr/bin:/bin", "ENGINE_SOCKET": NO_ENGINE, **environment}, clear=True
            ),
            pytest.raises(SystemExit) as ended,
        ):
            cli.main(arguments)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, cast(int, ended.value.code or 0), said.out, said.err)

    return run_verb


def contents(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for path in files}


BAD = {
    "misspelt key": ("HUB_PROT=1\n", "Did you mean HUB_PORT?"),
    "wrong type": ("HUB_PORT=http\n", ".env line 3: HUB_PORT=http: is not a whole number"),
    "wrong unit": ("LAB_MEMORY=2GB\n", "is not a size such as 512M or 2G"),
    "duplicate key": ("HUB_PORT=1\nHUB_PORT=1\n", "already set on line 3"),
    "two dialects": ("BASE_URL=/ # root\n", "Compose would read differently"),
    "open sign-in": ("AUTH=dummy\n", "Set HUB_IP=127.0.0.1"),
}


VERBS = ("check", "render", "up", "down", "restart", "status", "build", "clean", "password", "logs", "shell")


@pytest.mark.parametrize(
    ("verb", "bad"), [*(("check", bad) for bad in BAD), *((verb, "wrong type") for verb in VERBS[1:])]
)
def test_a_bad_env_stops_every_verb(tree: Path, run: Run, verb: str, bad: str) -> None:
    """Whatever the verb: cause, place and remedy, exit code 2, no traceback, and every file as it was."""
    line, told = BAD[bad]
    (tree / ".env").write_text(ENV + line)
    (tree / "site/hub.d").mkdir(parents=True)
    before = contents(tree)
    done = run(verb)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert contents(tree) == before


@pytest.mark.parametrize("verb", ["check", "render"])
def test_a_bad_secret_stops_it_unseen(tree: Path, run: Run, verb: str) -> None:
    """An empty, a placeholder and no secret at all are refused, with the command that makes one."""
    for text in ("CONFIGPROXY_AUTH_TOKEN=\n", "CONFIGPROXY_AUTH_TOKEN=changeme\n", "HUB_PORT=8000\n"):
        (tree / ".env").write_text(text)
        done = run(verb)
        assert done.returncode == 2
        assert "openssl rand -hex 32" in done.stderr


def test_without_env_a_verb_says_how_to_get_one(run: Run) -> None:
    """Before `make init` the other verbs point to it."""
    done = run("render")
    assert done.returncode == 2
    assert "make init" in done.stderr


def test_init_then_render(tree: Path, run: Run) -> None:
    """`init` writes a private `.env` and `site/`, `render` the files from them; done twice, nothing changes."""
    first = run("init", HUB_PORT="8765", LAB_SUBNET="10.9.0.0/20")
    assert first.returncode == 0, first.stderr
    assert (tree / ".env").stat().st_mode & 0o777 == 0o600
    assert "\nHUB_PORT=8765\n" in (tree / ".env").read_text()
    assert (tree / "site/hub.d").is_dir()
    rendered = run("render")
    assert rendered.returncode == 0, rendered.stderr
    assert (tree / "rendered/jupyterhub_config.py").exists()
    before = contents(tree)
    assert "left alone" in run("init", HUB_PORT="1").stdout
    assert "up to date" in run("render").stdout
    assert contents(tree) == before


def test_a_verb_is_a_process(tmp_path: Path) -> None:
    """As its Make target runs it: done it ends with 0, and an operator's mistake with 2 and no traceback."""
    shutil.copytree(ROOT / "generator", tmp_path / "generator")
    shutil.copytree(ROOT / "jupyterlab/features", tmp_path / "jupyterlab/features")

    def run_verb(verb: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "generator", verb]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    done = run_verb("init", HUB_PORT="8765", LAB_SUBNET="10.9.0.0/20", PATH="/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nHUB_PORT=8765\n" in (tmp_path / ".env").read_text()
    (tmp_path / ".env").write_text(f"{ENV}HUB_PROT=1\n")
    done = run_verb("render")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "✗ .env line 3: there is no setting HUB_PROT\n  Did you mean HUB_PORT?\n"


def test_a_broken_hub_d_file_leaves_what_is_rendered(tree: Path, run: Run) -> None:
    """A slip in site/hub.d is told with file and line, and the last rendered files stay as they were."""
    run("init", LAB_SUBNET="10.9.0.0/20")
    run("render")
    (tree / "site/hub.d/a.py").write_text("x = 1\nc.X = (\n")
    before = contents(tree)
    done = run("render")
    assert done.returncode == 2
    assert "site/hub.d/a.py line 2: '(' was never closed" in done.stderr
    assert contents(tree) == before


@pytest.mark.parametrize("verb", ["logs", "shell"])
def test_an_unknown_service_names_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    """`make logs SERVICE=hubb` is told which services there are."""
    monkeypatch.setattr(sys, "argv", ["generator", verb, "hubb"])
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    assert "no service hubb" in capsys.readouterr().err


def test_minutes_that_are_no_number_are_told(run: Run) -> None:
    """`make prewarm MINUTES=soon` is told like any other mistake."""
    done = run("prewarm", "--minutes=soon", "--", "biology")
    assert done.returncode == 2
    assert done.stderr == "✗ MINUTES: soon is no number of minutes\n  Leave it out for 60.\n"


def test_an_unknown_verb_ends_with_2(run: Run) -> None:
    """A verb that there is not is a mistake like any other."""
    done = run("staus")
    assert done.returncode == 2
    assert "No such command" in done.stderr


def main_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Run `main` with a verb that ends in `error`."""

    def fails() -> None:
        raise error

    monkeypatch.setattr(down, "down", fails)
    monkeypatch.setattr(sys, "argv", ["generator", "down"])
    cli.main()


def test_an_operators_error_is_two_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Cause and place on one line, the remedy under it, brackets as they were written; exit code 2."""
    with pytest.raises(SystemExit, match="2"):
        main_with(monkeypatch, HomeroomError("is [bold]wrong[/bold]", location="here", remedy="Fix [it]."))
    assert capsys.readouterr().err == "✗ here: is [bold]wrong[/bold]\n  Fix [it].\n"


def test_ctrl_c_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An interrupted verb ends with 130, as shells expect, and says that it can be run again."""
    with pytest.raises(SystemExit, match="130"):
        main_with(monkeypatch, KeyboardInterrupt())
    assert "goes on from here" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no operator's error is not dressed up as one."""
    with pytest.raises(ZeroDivisionError):
        main_with(monkeypatch, ZeroDivisionError())


def test_errors_found_together_are_told_together() -> None:
    """No error is nothing, one is itself, several are one error that tells them all."""
    one, other = HomeroomError("a", remedy="A"), HomeroomError("b", location="p", remedy="B")
    raise_all([])
    with pytest.raises(HomeroomError) as caught:
        raise_all([one])
    assert caught.value is one
    with pytest.raises(SeveralErrors) as several:
        raise_all([one, other])
    assert str(several.value) == "a\n  A\np: b\n  B"
    assert several.value.exit_code == 2


def test_a_step_is_ticked_or_crossed(capsys: pytest.CaptureFixture[str]) -> None:
    """In a log a step is one line when it ends, with its last words; a failed one is crossed and its error goes on."""
    with console.step("Building") as shown:
        shown.say("layer 1\nlayer [2]")
    assert capsys.readouterr().out == "✓ Building: layer [2]\n"
    with console.step("Rendering") as shown:
        shown.say("a" * 200)
    assert capsys.readouterr().out == f"✓ Rendering: {'a' * 90}...\n"
    with pytest.raises(ZeroDivisionError), console.step("Building"):
        raise ZeroDivisionError
    assert capsys.readouterr().out == "✗ Building\n"


@pytest.mark.parametrize("verb", ["up", "down", "restart", "build", "kernels", "render", "clean"])
def test_one_command_at_a_time(tree: Path, run: Run, verb: str) -> None:
    """While one command changes a deployment, another one is told to wait, and changes nothing; afterwards it may."""
    with exclusive(tree):
        before = contents(tree)
        done = run(verb)
        assert done.returncode == 2
        assert f"{tree}: another command is changing this deployment just now" in done.stderr
        assert contents(tree) == before
    with exclusive(tree):
        pass
