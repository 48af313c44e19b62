"""tests/release.py: a version's section of the changelog is put together from a file a change."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from tests import release
from tests.hub_deployment import ROOT
from tests.releases import releases

DAY = datetime.date(2026, 12, 1)
OLDER = "## 0.1.0 (2026-11-21)\n\n- The first.\n"
CHANGES = {"labs-b.md": "- Labs.\n", "door-a.md": "- The door,\n  more of it."}


def test_changes_come_in_the_order_of_their_names() -> None:
    """A new section stands before the older ones."""
    closed = release.close(f"# Changelog\n\nWords.\n\n{OLDER}", CHANGES, "0.2.0", DAY)
    new = "## 0.2.0 (2026-12-01)\n\n- The door,\n  more of it.\n- Labs.\n"
    assert closed == f"# Changelog\n\nWords.\n\n{new}\n{OLDER}"


def test_a_section_that_was_begun_is_closed() -> None:
    """What it has stays, before what comes to it."""
    begun = f"# Changelog\n\n## 0.2.0 (unreleased)\n\n- Begun.\n\n{OLDER}"
    closed = release.close(begun, {"a.md": "- Added.\n"}, "0.2.0", DAY)
    assert closed == f"# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- Begun.\n- Added.\n\n{OLDER}"


@pytest.mark.parametrize(("version", "changes"), [("0.1.0", CHANGES), ("0.2.0", {})])
def test_nothing_is_closed_twice_or_empty(version: str, changes: dict[str, str]) -> None:
    """A version that is there, and one in which nothing changed, are refused."""
    with pytest.raises(ValueError, match=r"already|nothing new"):
        release.close(f"# Changelog\n\n{OLDER}", changes, version, DAY)


def test_the_files_go_once_they_are_in_the_changelog(tmp_path: Path) -> None:
    """Their folder and what explains it stay."""
    (tmp_path / "CHANGELOG.md").write_text(OLDER)
    (tmp_path / "changes").mkdir()
    for name in ("README.md", "a.md"):
        (tmp_path / "changes" / name).write_text("- Words.\n")
    release.main("0.2.0", tmp_path)
    assert [path.name for path in (tmp_path / "changes").iterdir()] == ["README.md"]
    assert "- Words." in (tmp_path / "CHANGELOG.md").read_text()


def test_every_release_is_one_to_upgrade_from() -> None:
    """Each version that is closed in the changelog has its commit in tests/releases.txt, in that order; the newest may
    still lack it, for a commit does not know its own name."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    closed = re.findall(r"^## ([0-9.]+) \((?!unreleased)", changelog, re.MULTILINE)[::-1]
    named = releases()
    assert [one.version for one in named] in (closed, closed[:-1])
    assert all(re.fullmatch(r"[0-9a-f]{40}", one.commit) for one in named)
