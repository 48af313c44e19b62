"""What Debian has newer, of what apt says; and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from generator.topics.packages import debian, look
from generator.topics.packages.debian import Newer
from generator.topics.packages.images import Image
from generator.topics.packages.look import Look
from generator.topics.packages.watch import age_days

SAID = """\
Image hub
Inst libssl3t64 [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])
Inst tzdata [2025b-4] (2025b-4+deb13u1 Debian:13.2/stable [all]) []
Conf libssl3t64 (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])
Image lab
"""
SSL = Newer("libssl3t64", "3.5.1-1", "3.5.1-1+deb13u1", is_security=True)
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_security_updates_are_told_from_others() -> None:
    """Each package that apt would bring counts for its image: as a security update where it comes from there."""
    found = debian.parse(SAID)
    assert found == {"hub": [SSL, Newer("tzdata", "2025b-4", "2025b-4+deb13u1")], "lab": []}


def test_what_was_found_is_kept(tmp_path: Path) -> None:
    """A package counts once, however many images have it; a file that is none of ours is nobody's look."""
    seen = Look("2026-11-27T12:00:00+00:00", {"hub": [SSL], "lab": [SSL, Newer("a", "1", "2")]})
    look.write(seen, tmp_path)
    assert look.read(tmp_path) == seen
    assert seen.in_words() == "1 security update, and 1 other package newer"
    for text in ("", "{", "[]", '{"at": "x", "newer": {"hub": [{"no": 1}]}}'):
        (tmp_path / look.FILE).write_text(text)
        assert look.read(tmp_path) == Look()


@pytest.mark.parametrize(
    ("of", "last", "days"),
    [
        (["2026-10-26", "2026-11-23"], Look(), 32),
        (["2026-10-26", ""], Look("2026-11-20T12:00:00+00:00", {"hub": []}), 7),
        (["2026-10-26"], Look("2026-11-20T12:00:00+00:00", {"hub": [SSL]}), 32),
        (["2026-11-27T14:00"], Look(), 0),
        ([""], Look(), None),
    ],
    ids=["the oldest counts", "there was nothing newer", "there was", "a clock was wrong", "nothing is known"],
)
def test_how_long_nobody_brought_updates(of: list[str], last: Look, days: int | None) -> None:
    """It counts from the oldest image's packages, or from when somebody saw that it lacks nothing."""
    images = [Image(f"i{number}", "t", "id", moment) for number, moment in enumerate(of)]
    assert age_days(images, last, NOW) == days
