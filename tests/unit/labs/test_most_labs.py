"""How many labs a person may run at once."""

from __future__ import annotations

from typing import Any

from homeroom.labs.plan import Person, most_labs


def group(most: int | None, *members: str) -> dict[str, Any]:
    """A group as the hub is told."""
    return {"members": list(members), "hub_groups": [], "max_labs": most}


def test_the_largest_of_a_persons_groups_holds() -> None:
    """A group's number takes the setting's place; of several the largest holds; a group without one changes nothing."""
    groups = {"a": group(2, "ada", "bela"), "b": group(3, "ada"), "c": group(None, "carol")}
    found = {name: most_labs(groups, Person(name=name), 1) for name in ("ada", "bela", "carol", "dora")}
    assert found == {"ada": 3, "bela": 2, "carol": 1, "dora": 1}
    assert most_labs(groups, Person(name="bela"), 5) == 2
