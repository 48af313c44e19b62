"""Registered platforms from the server's own shell: `python -m homeroom.lti.service VERB`, run in the hub's container.

It works on the database beside the running hub, which looks there at each launch. Answers are JSON on one line. As
`homeroom.sign_in.accounts` it does without the hub's own modules, which take long to load.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import secrets
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from homeroom.contract.database import DATABASE, LOCK_SECONDS

INVITATION_SECONDS = 86400
KEYS = DATABASE.with_name("lti_keys.json")


def open_database(path: Path) -> sqlite3.Connection:
    """The hub's database, in which the hub has made its tables. Each statement is a transaction of its own."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=LOCK_SECONDS, isolation_level=None)


def invite(database: sqlite3.Connection, name: str) -> dict[str, str]:
    """A token with which a platform may register itself once, within a day."""
    token = secrets.token_urlsafe(32)
    row = (hashlib.sha256(token.encode()).hexdigest(), name, int(time.time()) + INVITATION_SECONDS)
    database.execute("INSERT INTO homeroom_lti_invitations (token, name, expires) VALUES (?, ?, ?)", row)
    return {"token": token}


def platforms(database: sqlite3.Connection) -> dict[str, Any]:
    """The registered platforms, with their deployments that are allowed and those that wait."""
    found: dict[str, Any] = {}
    for name, data in database.execute("SELECT name, data FROM homeroom_lti_platforms ORDER BY name"):
        values = json.loads(data)
        found[name] = {"issuer": values["issuer"], "client_id": values["client_id"], "allowed": [], "waiting": []}
    for name, deployment_id, allowed in database.execute(
        "SELECT platform, deployment_id, allowed FROM homeroom_lti_deployments ORDER BY deployment_id"
    ):
        if name in found:
            found[name]["allowed" if allowed else "waiting"].append(deployment_id)
    return {"platforms": found}


def allow(database: sqlite3.Connection, platform: str, deployment_id: str) -> dict[str, bool]:
    """Let a deployment in that waits."""
    done = database.execute(
        "UPDATE homeroom_lti_deployments SET allowed = 1 WHERE platform = ? AND deployment_id = ?",
        (platform, deployment_id),
    )
    return {"done": done.rowcount > 0}


def remove(database: sqlite3.Connection, platform: str) -> dict[str, bool]:
    """Forget a registered platform."""
    database.execute("DELETE FROM homeroom_lti_deployments WHERE platform = ?", (platform,))
    done = database.execute("DELETE FROM homeroom_lti_platforms WHERE name = ?", (platform,))
    return {"done": done.rowcount > 0}


def new_key(path: Path) -> dict[str, str]:
    """Replace the hub's own keys."""
    from homeroom.lti import own_keys  # loads the library of signatures, which the others do not need

    return {"kid": own_keys.replace(path, int(time.time())).kid}


def main() -> int:
    """Do what is asked and print the answer; returns the exit code."""
    parser = argparse.ArgumentParser(prog="homeroom.lti.service")
    parser.add_argument("verb", choices=("list", "invite", "allow", "remove", "new-key"))
    parser.add_argument("values", nargs="*")
    parser.add_argument("--database", type=Path, default=DATABASE)
    parser.add_argument("--keys", type=Path, default=KEYS)
    given = parser.parse_args()
    if given.verb == "new-key":
        print(json.dumps(new_key(given.keys)))
        return 0
    verbs: dict[str, Any] = {"list": platforms, "invite": invite, "allow": allow, "remove": remove}
    try:
        with closing(open_database(given.database)) as database:
            print(json.dumps(verbs[given.verb](database, *given.values)))
    except sqlite3.Error as error:
        print(f"the hub's database: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
