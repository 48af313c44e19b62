"""Podman: what lacks around it is told before labs fail on it."""

from __future__ import annotations

import pytest

from generator.preflight.podman import judge_podman


@pytest.mark.parametrize(
    ("has_init", "has_systemd", "named"),
    [
        (True, True, {"isolation": "warn"}),
        (False, True, {"init": "warn", "isolation": "warn"}),
        (True, False, {"healthchecks": "error", "isolation": "warn"}),
    ],
)
def test_what_lacks_is_named(has_init: bool, has_systemd: bool, named: dict[str, str]) -> None:
    """No systemd stops `make up`, no init program is a warning, and the missing isolation is always said."""
    found = judge_podman(has_init=has_init, has_systemd=has_systemd)
    assert {finding.name: finding.level for finding in found} == named
