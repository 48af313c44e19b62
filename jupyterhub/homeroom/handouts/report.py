"""Who has which handout, for `make handouts` (`python -m homeroom.handouts.report`, run in the hub's container): groups
and their site's members on standard input, JSON on one line as the answer."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homeroom.contract.database import DATABASE, LOCK_SECONDS
from homeroom.records import parts

NEVER_STARTED = "SELECT users.name FROM users WHERE NOT EXISTS (SELECT 1 FROM spawners WHERE user_id = users.id"
NEVER_STARTED += " AND (started IS NOT NULL OR last_activity IS NOT NULL))"
MEMBERS = "SELECT users.name AS name, groups.name AS team FROM users JOIN user_group_map ON users.id = user_id"
MEMBERS += " JOIN groups ON groups.id = group_id"
SHARED = "SELECT name FROM homeroom_names WHERE mark = 'shared'"
"""Users who are no people, but labs that several people enter."""


def collected(path: Path, groups: Mapping[str, Any]) -> dict[str, Any]:
    """All people, the members of each group, who never had a lab, and what labs told. The database is only read.

    :param groups: as `LabSpawner.groups` has them: each with `members`, and `hub_groups` whose members count too.
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=LOCK_SECONDS)) as database:
        shared = {one["name"] for one in parts.rows(database, SHARED)}
        known = parts.rows(database, "SELECT name FROM users ORDER BY name")
        people = [one["name"] for one in known if one["name"] not in shared]
        in_hub: dict[str, set[str]] = {one["name"]: set() for one in parts.rows(database, "SELECT name FROM groups")}
        for one in parts.rows(database, MEMBERS):
            in_hub[one["team"]].add(one["name"])
        never = [one["name"] for one in parts.rows(database, NEVER_STARTED)]
        told = parts.rows(database, "SELECT user, name, revision, state, copied, kept, at FROM homeroom_handouts")
    members = {name: set(found) for name, found in in_hub.items()}
    for name, group in groups.items():
        counted = set().union(*(in_hub.get(one, set()) for one in group["hub_groups"]))
        members[name] = members.get(name, set()) | counted | set(group["members"])
    return {
        "people": people,
        "members": {name: sorted(found) for name, found in members.items()},
        "never_started": never,
        "told": told,
    }


def main() -> int:
    """Answer."""
    groups = json.loads(sys.stdin.read().strip() or "{}")
    print(json.dumps(collected(DATABASE, groups)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
