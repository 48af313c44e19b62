"""The end of `make up`: what is told last, also where a kernel could not be built."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from generator.core import console
from generator.core.errors import HomeroomError
from generator.engine import deployment
from generator.engine.find import Engine
from generator.lifecycle import up
from generator.topics.environments import kernels
from tests.sample_settings import settings

ENGINE = Engine("docker", Path("/nonexistent/engine.sock"), "26.1.5", "1.45", rootless=False)
ACCOUNT = """Administrator:  admin
Password:       the-password   (shown this once; `make password` makes a new one)
"""


def finish(monkeypatch: pytest.MonkeyPatch, *, kernels_end: BaseException | None) -> None:
    """The end of `make up` where building kernels ends like this; errors stand where they were told."""
    monkeypatch.setattr(kernels, "build", mock.Mock(side_effect=kernels_end))
    monkeypatch.setattr(console, "err", console.out)
    up.finish(deployment.Deployment(settings(HUB_IP="127.0.0.1"), ENGINE), "the-password")


def test_the_address_and_the_password_are_the_last_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address and the password are the last that a `make up` without faults prints."""
    finish(monkeypatch, kernels_end=None)
    assert capsys.readouterr().out == f"\nHomeroom is up: http://127.0.0.1:8000/\n{ACCOUNT}"


def test_a_kernel_that_fails_is_told_before_the_last_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which kernel failed and what to do comes first; that labs run, and the password, come last. The command ends with
    the error's code."""
    error = HomeroomError("this kernel could not be built", location="site/kernels/bio.txt line 1", remedy="Fix it.")
    with pytest.raises(SystemExit, match="2"):
        finish(monkeypatch, kernels_end=error)
    assert capsys.readouterr().out == (
        "✗ site/kernels/bio.txt line 1: this kernel could not be built\n  Fix it.\n"
        f"\nHomeroom is up, but for the kernels told above: http://127.0.0.1:8000/\n{ACCOUNT}"
    )


def test_ctrl_c_while_kernels_are_built_hides_no_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A password that is shown once is shown, also to whoever does not wait for the kernels."""
    with pytest.raises(KeyboardInterrupt):
        finish(monkeypatch, kernels_end=KeyboardInterrupt())
    assert "the-password" in capsys.readouterr().out
