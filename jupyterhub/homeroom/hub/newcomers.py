"""What rooms do with somebody who has just been let in, before a lab of theirs can start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyterhub.orm import User
from sqlalchemy.orm import Session

Welcome = Callable[[Any, Session, User], None]
_known: list[Welcome] = []


def welcome_by(welcome: Welcome) -> None:
    """Have this be called with everybody who signs in.

    :param welcome: takes the hub's authenticator, its database and the user; the caller commits.
    """
    if welcome not in _known:
        _known.append(welcome)


def welcome(authenticator: Any, db: Session, user: User) -> None:
    """Do what the rooms want. What fails is logged, and keeps nobody out."""
    for each in _known:
        try:
            each(authenticator, db, user)
        except Exception:
            authenticator.log.exception("%s cannot be welcomed by %s", user.name, each.__module__)
