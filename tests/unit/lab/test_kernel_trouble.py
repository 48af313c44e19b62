"""homeroom_lab.kernel_trouble: what is said of a kernel that ended before it was ready."""

from __future__ import annotations

import os
import sys

import pytest
from homeroom_lab import kernel_trouble

HOME = "/home/jovyan"
PACKAGE = f"""Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "{HOME}/.local/lib/python3.13/site-packages/tornado/ioloop.py", line 33, in <module>
    import collections.abc
ImportError: cannot import name 'Callable' from 'collections'
"""


def test_a_package_of_the_home_is_named_with_the_reset() -> None:
    """An old package that was installed is named; a reset sets it aside."""
    told = kernel_trouble.event("Python 3", PACKAGE, HOME)
    assert told["reset"]
    assert "the package tornado in your home does not fit" in told["message"]
    assert told["output"].endswith("ImportError: cannot import name 'Callable' from 'collections'")


def test_a_file_that_is_taken_for_a_module_is_named() -> None:
    """A reset leaves the person's own files, so renaming is what helps."""
    told = kernel_trouble.event("Python 3", f'  File "{HOME}/course/random.py", line 1, in <module>\nBoom\n', HOME)
    assert not told["reset"]
    assert "your file course/random.py is taken for a module" in told["message"]


def test_an_environment_of_the_home_is_named() -> None:
    """A venv that no longer works is fixed where it is; a reset does not touch it."""
    said = f'  File "{HOME}/thesis/lib/python3.13/site-packages/zmq/__init__.py", line 1\nBoom'
    told = kernel_trouble.event("Python (thesis)", said, HOME)
    assert not told["reset"]
    assert "Its environment is in your home (thesis)" in told["message"]


@pytest.mark.parametrize("said", [None, "", "choom: failed to execute /nowhere: No such file or directory"])
def test_whatever_was_said_there_is_a_way_out(said: str | None) -> None:
    """Where no file of the home is named, the reset is offered."""
    told = kernel_trouble.event("Python 3", said, HOME)
    assert told["reset"]
    assert told["output"] == (said or "")


def test_what_is_shown_is_short_and_plain() -> None:
    """Output without end, or with escapes, is cut to its last lines of plain text."""
    shown = kernel_trouble.end_of("\x1b[31mred\x1b[0m\n" * 1000 + "x" * 5000)
    assert len(shown) <= kernel_trouble.SHOWN_CHARACTERS
    assert shown.isprintable()


def test_a_command_that_fails_is_listened_to() -> None:
    """Both of its outputs are heard, with its own environment; its connection file is another."""
    code = "import os, sys; print('out', flush=True); print(os.environ['SAID'], sys.argv[1:], file=sys.stderr)"
    command = [sys.executable, "-c", code, "-f", "/run/kernel-1.json"]
    said = kernel_trouble.listen(command, {**os.environ, "SAID": "err"}, None)
    assert said is not None
    assert said.startswith("out\nerr ['-f', '/")
    assert "/run/kernel-1.json" not in said


def test_a_command_that_goes_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that starts this time says nothing of why it did not, and is not left behind; nor is one without end."""
    monkeypatch.setattr(kernel_trouble, "LISTENED_SECONDS", 0.2)
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    assert kernel_trouble.listen(command, os.environ, None) is None
    monkeypatch.setattr(kernel_trouble, "LISTENED_SECONDS", 60)
    said = kernel_trouble.listen(["/usr/bin/yes"], os.environ, None)
    assert said is not None
    assert kernel_trouble.MOST_BYTES <= len(said) < 2 * kernel_trouble.MOST_BYTES
