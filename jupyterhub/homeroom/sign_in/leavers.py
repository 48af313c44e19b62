"""Who leaves and who comes back, from the server's own shell: `python -m homeroom.sign_in.leavers VERB`, run in the
hub's container.

It asks in the hub's database for what the running hub then carries out within seconds, and waits for it. What it takes
comes on standard input, and answers are on one line, both JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from homeroom.contract.database import DATABASE
from homeroom.contract.records import PURGE
from homeroom.records import parts
from homeroom.records.plain import note
from homeroom.sign_in import accounts
from homeroom.sign_in.marks import LEAVING, REMOVED, SHARED

WAIT_SECONDS = 120.0
LOOK_SECONDS = 0.2
HERE_SECONDS = 900
"""Who has asked the hub for something within it is signed in, as far as one knows: the hub writes it down so often."""
DAY_SECONDS = 86400
GOING = "gone"
"""In place of `back` in `wanted`: the files are being removed for good, and nobody can come back to half of them."""
TELL_SECONDS = 20.0
"""How long a verb waits for the guard to have its events."""


def request(database: sqlite3.Connection, name: str, who: str, why: str = "", at: int | None = None) -> None:
    """Ask for somebody's removal. From then on nobody is let in under the name; the hub ends all they have.

    :param at: when it is, where that is known better than by the clock.
    """
    database.execute(
        "INSERT INTO homeroom_removed (name, at, who, why, had, purged, wanted, wanted_by)"
        " VALUES (?, ?, ?, ?, '', 0, '', '') ON CONFLICT (name) DO NOTHING",
        (name, int(time.time()) if at is None else at, who, why),
    )
    database.execute("INSERT OR REPLACE INTO homeroom_names (name, mark) VALUES (?, ?)", (name, LEAVING))


def remove(
    database: sqlite3.Connection, names: Sequence[str], who: str, why: str, at: int | None = None
) -> dict[str, Any]:
    """Ask for the removal of all of them, or of nobody.

    :param at: as of `request`.
    :returns: who is `unknown`, an administrator (`admins`) or no person but a lab that several enter (`shared`): then
        nobody is removed; and who was removed `before`.
    """
    with accounts.transaction(database):
        known = {name for (name,) in database.execute(parts.KNOWN)}
        admins = {name for (name,) in database.execute("SELECT name FROM users WHERE admin")}
        gone = {name for (name,) in database.execute("SELECT name FROM homeroom_removed")}
        before = [name for name in names if name in gone]
        unknown = [name for name in names if name not in known | gone]
        refused = [name for name in names if name in admins]
        shared = [name for name in names if name in _shared(database)]
        if not unknown and not refused and not shared:
            for name in names:
                if name not in gone:
                    request(database, name, who, why, at)
    near = sorted(known - gone) if unknown else []
    return {"unknown": unknown, "admins": refused, "shared": shared, "before": before, "known": near}


def _shared(database: sqlite3.Connection) -> set[str]:
    """The users of labs that several people may enter."""
    return {name for (name,) in database.execute("SELECT name FROM homeroom_names WHERE mark = ?", (SHARED,))}


def restore(database: sqlite3.Connection, name: str, who: str) -> dict[str, Any]:
    """Ask that somebody comes back.

    :returns: `asked`, or why not: `unknown`, nobody of this name was removed; `going`, the files are being removed for
        good, and some may be gone; `purged`, they are gone.
    """
    with accounts.transaction(database):
        row = database.execute("SELECT purged, wanted FROM homeroom_removed WHERE name = ?", (name,)).fetchone()
        named = database.execute("SELECT 1 FROM homeroom_identities WHERE name = ?", (name,)).fetchone()
        if row and not row[0] and row[1] == GOING:
            return {"state": "going"}
        if row and not row[0]:
            database.execute("UPDATE homeroom_removed SET wanted = 'back', wanted_by = ? WHERE name = ?", (who, name))
            return {"state": "asked"}
        marked = database.execute(
            "SELECT 1 FROM homeroom_names WHERE name = ? AND mark = ?", (name, REMOVED)
        ).fetchone()
        if named and (row or marked):  # their source lets them in again, with what files there are
            database.execute("DELETE FROM homeroom_removed WHERE name = ?", (name,))
            database.execute("DELETE FROM homeroom_names WHERE name = ?", (name,))
            note(database, who, "user-restore", name)
            return {"state": "let in"}
    return {"state": "purged" if row else "unknown", "removed": [one["name"] for one in removed(database)]}


def removed(database: sqlite3.Connection) -> list[dict[str, Any]]:
    """Everybody who was removed and is not back."""
    rows = database.execute(
        "SELECT homeroom_removed.name, at, who, why, purged, coalesce(mark, ''), wanted = ? FROM homeroom_removed"
        " LEFT JOIN homeroom_names ON homeroom_names.name = homeroom_removed.name ORDER BY at",
        (GOING,),
    )
    names = ("name", "at", "who", "why", "purged", "mark", "going")
    return [dict(zip(names, row, strict=True)) for row in rows]


def begin_purge(database: sqlite3.Connection, names: Sequence[str]) -> list[str]:
    """Have nobody of them come back any more: their files are removed for good now.

    :returns: who of them goes; not who is back, or is just coming back.
    """
    with accounts.transaction(database):
        for name in names:
            database.execute(
                "UPDATE homeroom_removed SET wanted = ? WHERE name = ? AND NOT purged AND wanted = ''", (GOING, name)
            )
        rows = database.execute("SELECT name FROM homeroom_removed WHERE purged OR wanted = ?", (GOING,))
        found = {name for (name,) in rows}
    return [name for name in names if name in found]


def purge(database: sqlite3.Connection, names: Sequence[str], who: str) -> None:
    """Forget what the database has of people whose homes are gone, but for what keeps them away. Who is back is left
    alone."""
    with accounts.transaction(database):
        removed_ones = {
            name for (name,) in database.execute("SELECT name FROM homeroom_removed WHERE wanted != 'back'")
        }
        for name in [name for name in names if name in removed_ones]:
            done = database.execute(
                "UPDATE homeroom_removed SET purged = 1, had = '', wanted = '' WHERE name = ? AND NOT purged", (name,)
            )
            for part in parts.known().values():
                part.forget(database, name)
            if done.rowcount:
                note(database, who, PURGE, name)


def cohort(database: sqlite3.Connection, group: str, inactive_days: int, now: float) -> list[dict[str, Any]]:
    """Who is in a group, or has not been here for so many days; both where both are given.

    :returns: of each the name, when they were here last (0: never), and whether they are an administrator, or here.
    """
    rows = database.execute(
        "SELECT users.name, users.admin, coalesce(strftime('%s', users.last_activity), 0),"
        " coalesce(strftime('%s', users.created), 0),"
        " EXISTS (SELECT 1 FROM spawners WHERE spawners.user_id = users.id AND spawners.server_id IS NOT NULL)"
        " FROM users"
    ).fetchall()
    people = {name: (bool(admin), int(last), int(made), bool(runs)) for name, admin, last, made, runs in rows}
    for (name,) in database.execute("SELECT username FROM users_info UNION SELECT name FROM homeroom_roster"):
        people.setdefault(name, (False, 0, int(now), False))  # how long ago they were made nobody knows
    members = {name for name, own in _groups_of(database).items() if group in own} if group else set()
    gone = {name for (name,) in database.execute("SELECT name FROM homeroom_removed")} | _shared(database)
    found = []
    for name, (admin, last, made, runs) in sorted(people.items()):
        if name in gone or (group and name not in members):
            continue
        if inactive_days and now - (last or made) < inactive_days * DAY_SECONDS:
            continue
        found.append({"name": name, "last": last, "admin": admin, "here": runs or now - last < HERE_SECONDS})
    return found


def memberships(database: sqlite3.Connection, now: float) -> list[dict[str, Any]]:
    """Everybody with the groups they are in and their mail address, and what `cohort` says of them."""
    groups = _groups_of(database)
    emails: dict[str, str] = {}
    known = "SELECT name, email FROM homeroom_identities UNION ALL SELECT username, email FROM users_info"
    for name, email in database.execute(known):
        emails[name] = email or emails.get(name, "")
    return [
        {**one, "groups": sorted(groups.get(one["name"], ())), "email": emails.get(one["name"], "")}
        for one in cohort(database, "", 0, now)
    ]


def _groups_of(database: sqlite3.Connection) -> dict[str, set[str]]:
    """The groups that people are in, by the hub or by the roster."""
    found: dict[str, set[str]] = {}
    of_hub = (
        "SELECT users.name, groups.name FROM users JOIN user_group_map ON user_group_map.user_id = users.id"
        " JOIN groups ON groups.id = user_group_map.group_id"
    )
    for name, group in database.execute(of_hub):
        found.setdefault(name, set()).add(group)
    for name, listed in database.execute("SELECT name, groups FROM homeroom_roster"):
        found.setdefault(name, set()).update(json.loads(listed))
    return found


def groups(database: sqlite3.Connection) -> list[str]:
    """The groups there are."""
    listed = {each for (text,) in database.execute("SELECT groups FROM homeroom_roster") for each in json.loads(text)}
    return sorted({name for (name,) in database.execute("SELECT name FROM groups")} | listed)


def wait(ask: Callable[[], list[str]], seconds: float = WAIT_SECONDS) -> list[str]:
    """Wait until the hub has carried out what it was asked for; returns who it has not yet."""
    ends = time.monotonic() + seconds
    while (left := ask()) and time.monotonic() < ends:
        time.sleep(LOOK_SECONDS)
    return left


def leaving(database: sqlite3.Connection, names: Sequence[str]) -> list[str]:
    """Who of them is not gone yet."""
    found = {name for (name,) in database.execute("SELECT name FROM homeroom_names WHERE mark = ?", (LEAVING,))}
    return [name for name in names if name in found]


def coming(database: sqlite3.Connection, name: str) -> list[str]:
    """The name, while they are not back yet."""
    return [one for (one,) in database.execute("SELECT name FROM homeroom_removed WHERE name = ?", (name,))]


def untold(database: sqlite3.Connection) -> list[str]:
    """The events that the guard does not have yet."""
    return [number for (number,) in database.execute("SELECT id FROM homeroom_events")]


def main(arguments: list[str]) -> int:
    """Carry out one verb."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.sign_in.leavers")
    parser.add_argument(
        "verb", choices=["remove", "restore", "removed", "begin-purge", "purge", "cohort", "memberships"]
    )
    given = parser.parse_args(arguments)
    asked: dict[str, Any] = json.loads(sys.stdin.read() or "{}")
    with contextlib.closing(accounts.open_database(DATABASE)) as database:
        print(json.dumps(_answer(database, given.verb, asked)))
    return 0


def _answer(database: sqlite3.Connection, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
    if verb == "removed":
        return {"removed": removed(database)}
    if verb == "cohort":
        found = cohort(database, asked["group"], asked["inactive_days"], time.time())
        everybody = len({name for (name,) in database.execute(parts.KNOWN)})
        return {"people": found, "groups": groups(database), "of": everybody}
    if verb == "memberships":
        return {"people": memberships(database, time.time())}
    if verb == "begin-purge":
        return {"going": begin_purge(database, asked["names"])}
    if verb == "purge":
        purge(database, asked["names"], asked["who"])
        return {"untold": len(wait(lambda: untold(database), TELL_SECONDS))}
    if verb == "restore":
        answer = restore(database, asked["name"], asked["who"])
        left = wait(lambda: coming(database, asked["name"])) if answer["state"] == "asked" else []
        return {**answer, "waiting": left, "untold": len(wait(lambda: untold(database), TELL_SECONDS))}
    answer = remove(database, asked["names"], asked["who"], asked["why"], asked.get("at"))
    if answer["unknown"] or answer["admins"] or answer["shared"]:
        return {**answer, "waiting": [], "untold": 0}
    left = wait(lambda: leaving(database, asked["names"]))
    return {**answer, "waiting": left, "untold": len(wait(lambda: untold(database), TELL_SECONDS))}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
