"""When somebody's access ends, since their groups do: for the home page. The rule is that of `generator.topics.people.
ends`, which removes them; a test holds both equal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any


def last_day(name: str, hub_groups: Collection[str], rules: Mapping[str, Mapping[str, Any]]) -> date | None:
    """The last day; None: no group of theirs ends, or one goes on.

    :param hub_groups: the hub's groups that they are in.
    :param rules: of site/groups.yaml: of each group its `members`, and its last day (`ends`), empty where it goes on.
    """
    own = {*hub_groups, *(group for group, rule in rules.items() if name in rule["members"])}
    days = [rules[group]["ends"] if group in rules else "" for group in own]
    return date.fromisoformat(max(days)) if days and all(days) else None
