"""docs/security.md: every promise is kept by tests that there are."""

from __future__ import annotations

import re

import pytest

from generator.core.paths import ROOT
from tests.unit.repository.python_file import functions

TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[a-z_/]+\.py)::(\w+)`", TEXT)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_test_is_there(path: str, name: str) -> None:
    """A promise that names a test which was renamed or dropped is found out."""
    assert name in functions(ROOT / path)


def test_every_promise_names_a_test() -> None:
    """Under "Promised" each promise is followed by the tests that keep it, and nothing else looks like one."""
    promised = TEXT.partition("\n## Promised\n")[2].partition("\n## Not promised\n")[0]
    promises = re.split(r"^- ", promised, flags=re.MULTILINE)[1:]
    assert len(promises) >= 15
    for promise in promises:
        assert re.search(r"^  - `tests/", promise, re.MULTILINE), promise
    assert promised.count("::") == len(re.findall(r"^  - `tests/[a-z_/]+\.py::\w+`$", promised, re.MULTILINE))


def test_it_can_be_found() -> None:
    """README and the page on looking after a deployment lead to it."""
    for page in ("README.md", "docs/operations.md"):
        assert "security.md" in (ROOT / page).read_text(encoding="utf-8"), page
