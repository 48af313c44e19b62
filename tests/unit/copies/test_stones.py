"""Who was removed stays removed, and gets no file of a copy that is not theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.topics.copies import stones

MADE = datetime(2026, 10, 5, tzinfo=UTC)
BEFORE, AFTER, LATER = "2026-10-01T12:00:00+00:00", "2026-10-10T12:00:00+00:00", "2026-11-10T12:00:00+00:00"


def stone(at: str, purged: str = "", again: str = "") -> dict[str, str]:
    """Somebody was removed."""
    return {"at": at, "by": "head", "purged_at": purged, "again_at": again}


KNOWN = {
    "before": stone(BEFORE),
    "ada": stone(AFTER),
    "bela": stone(BEFORE, AFTER),
    "chen": stone(AFTER, LATER, LATER),
}


def test_what_was_removed_since_a_copy() -> None:
    """Who was removed after it stays removed; whose files were removed for good after it have none that come back, also
    where the name is somebody else's since."""
    assert stones.removed_since(KNOWN, MADE) == ["ada"]
    assert list(stones.purged_since(KNOWN, MADE)) == ["bela", "chen"]
    assert list(stones.purged_since(KNOWN, datetime(2026, 12, 1, tzinfo=UTC))) == []


def test_files_are_given_to_whom_they_belonged() -> None:
    """Nobody gets files of who had the name before, and nobody who was removed any, unless it is said twice."""
    for known, made_at in ((KNOWN["ada"], MADE), (KNOWN["chen"], MADE)):
        with pytest.raises(HomeroomError, match=r"removed on|somebody else"):
            stones.require_own(known, "ada", made_at, "")
        with pytest.raises(HomeroomError):
            stones.require_own(known, "ada", made_at, "bela")
        stones.require_own(known, "ada", made_at, "ada")
    stones.require_own(KNOWN["chen"], "chen", datetime(2026, 12, 1, tzinfo=UTC), "")
    stones.require_own(None, "dora", MADE, "")


class Said:
    """What a command came to."""

    def __init__(self, returncode: int = 0, stdout: str = "") -> None:
        self.returncode, self.stdout, self.stderr = returncode, stdout, ""


class Copier:
    """A copier whose place may have records already, and whose copy may have some."""

    target: Any = None

    def __init__(self, here: str = "", copied: str = "") -> None:
        self.here, self.copied = here, copied

    def run(self, *command: str) -> Said:
        """Run a command there."""
        if command[0] in ("test", "cat"):
            return Said(0 if self.here else 1, self.here)
        return Said()

    def restic(self, *words: str) -> Said:
        """Read the copy."""
        if words[0] == "ls":
            return Said(0, f"{stones.IN_COPY}/\n{stones.IN_COPY}/removed.json\n" if self.copied else "")
        self.here = self.copied
        return Said()


def test_records_never_go_back() -> None:
    """Those that are on the machine stay; where there are none the newest copy's are taken; an older version had
    none."""
    here: Any = Copier(here='{"ada": {}}', copied='{"bela": {}}')
    assert stones.keep(here, "newest").keys() == {"ada"}
    here = Copier(copied='{"bela": {}}')
    assert stones.keep(here, "newest").keys() == {"bela"}
    here = Copier()
    assert stones.keep(here, "newest") == {}
    here = Copier(here="{")
    with pytest.raises(HomeroomError, match="cannot be read"):
        stones.keep(here, "newest")
