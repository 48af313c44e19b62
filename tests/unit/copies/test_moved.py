"""Where a deployment says that it has gone, and that it does not run beside the other one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.copies import moved
from generator.topics.copies.moved import Moved


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("hub.example.edu", "https://hub.example.edu"),
        ("https://hub.example.edu/", "https://hub.example.edu/"),
        ("http://10.1.2.3:8000/class/", "http://10.1.2.3:8000/class/"),
        ("hub.example.edu:8443", "https://hub.example.edu:8443"),
    ],
)
def test_the_address_is_what_people_open(typed: str, address: str) -> None:
    """A name alone is one with HTTPS."""
    assert moved.address(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "javascript:alert(1)",
        "ftp://hub.example.edu",
        "hub example edu",
        'https://hub"onclick=x',
        "https://a@b/",
        "-h",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    """People are sent there by a page, so it is a plain address of the web."""
    with pytest.raises(HomeroomError, match="TO" if not typed else "no address"):
        moved.address(typed)


def test_a_deployment_that_moved_does_not_run(tmp_path: Path) -> None:
    """Nor one of which a move was begun; each says how it goes on, and back. The page is told, and told when it is
    over."""
    file, rendered = tmp_path / "moved", tmp_path / "rendered"
    rendered.mkdir()
    moved.require_here(moved.read(file))
    for state, words in (("closing", "begun and not ended"), ("moved", "moved to https://b on 2026-11-27")):
        moved.write(Moved(state=state, to="https://b", at="2026-11-27T12:00"), file, rendered)
        assert json.loads((rendered / "moved.json").read_text()) == {"state": state, "to": "https://b"}
        with pytest.raises(HomeroomError, match=words) as told:
            moved.require_here(moved.read(file))
        assert "make move-back" in told.value.remedy
    moved.forget(file, rendered)
    assert list(rendered.iterdir()) == []
    moved.require_here(moved.read(file))
