"""Accounts from the server's own shell: `python -m homeroom.accounts VERB`, run in the hub's container.

It works on the database beside the running hub, which sees every change at once. Answers are JSON on one line.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import bcrypt
import sqlalchemy
from nativeauthenticator.orm import UserInfo
from sqlalchemy.orm import Session

from homeroom.authenticator import MAX_PASSWORD_BYTES

DATABASE = Path("/srv/data/jupyterhub.sqlite")


def open_session(database: Path) -> Session:
    """A session on the hub's database, waiting for the hub's own writes instead of failing."""
    engine = sqlalchemy.create_engine(f"sqlite:///{database}", connect_args={"timeout": 20})
    UserInfo.__table__.create(engine, checkfirst=True)
    return Session(engine)


def set_password(session: Session, name: str, password: str, *, create: bool) -> bool:
    """Set a person's password; with `create`, make an approved account where there is none.

    :returns: whether there is now an account with this password.
    """
    if not 1 <= len(password.encode()) <= MAX_PASSWORD_BYTES:
        raise ValueError(f"a password holds 1 to {MAX_PASSWORD_BYTES} bytes")
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
    account = UserInfo.find(session, name)
    if account is None:
        if not create:
            return False
        session.add(UserInfo(username=name, password=hashed, is_authorized=True))
    else:
        account.password = hashed
    session.commit()
    return True


def exists(session: Session, name: str) -> bool:
    """Whether this person has an account."""
    return UserInfo.find(session, name) is not None


def summary(session: Session) -> dict[str, Any]:
    """How many people there are and who waits for approval."""
    accounts = UserInfo.all_users(session)
    return {
        "accounts": len(accounts),
        "waiting": sorted(account.username for account in accounts if not account.is_authorized),
    }


def main(arguments: list[str]) -> int:
    """Carry out one verb; the password is read from standard input, never from the command line."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.accounts")
    parser.add_argument("verb", choices=["exists", "add", "password", "summary"])
    parser.add_argument("name", nargs="?", default="")
    given = parser.parse_args(arguments)
    with open_session(DATABASE) as session:
        if given.verb == "summary":
            print(json.dumps(summary(session)))
            return 0
        if given.verb == "exists":
            done = exists(session, given.name)
        else:
            password = sys.stdin.readline().rstrip("\n")
            done = set_password(session, given.name, password, create=given.verb == "add")
        print(json.dumps({"done": done}))
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
