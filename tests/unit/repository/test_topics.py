"""What is looked for in topics is there: who looks lists none of them."""

from __future__ import annotations

import pytest

from generator import topics

PARTS = {
    "keeps": ("KEEPS",),
    "render": ("render",),
    "services": ("SERVICES",),
    "site": ("FORMS",),
    "status": ("ask", "ORDER"),
    "timers": ("timers",),
    "verbs": ("verbs",),
    "watch": ("faults", "letter", "ORDER"),
    "ways": ("WAYS",),
}
"""As `generator/topics/__init__.py` has them; `checks` has those that its topic needs."""


@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_what_is_looked_for_in_it(part: str) -> None:
    """In each topic that has this part at all: else it is missed in the middle of a round of the watchdog."""
    found = list(topics.each(part))
    assert found, part
    missing = [f"{one.__name__}.{name}" for one in found for name in PARTS[part] if not hasattr(one, name)]
    assert missing == []
