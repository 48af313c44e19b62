"""Ways to sign in whose source is the test's own: who is there, in which groups, and whether it answers."""

from __future__ import annotations

import dataclasses
from typing import Any

from homeroom.sign_in.front_door import SignIn
from homeroom.sign_in.way import Identity, Refused, Unreachable, Way, finish, refuse
from jupyterhub.handlers.base import BaseHandler
from sqlalchemy.orm import Session
from traitlets.config import Config

HERE = __name__


class Directory(Way):
    """A directory with names and passwords."""

    name = "directory"
    has_form = True
    people: dict[str, Identity]
    away = False
    asked = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.people = {}

    def add(self, subject: str, name: str, *groups: str, **known: Any) -> Identity:
        """Somebody comes to be known there; their password is their name backwards."""
        made = Identity(way=self.name, subject=subject, name=name, groups=frozenset(groups), **known)
        self.people[subject] = made
        return made

    async def check(self, handler: Any, username: str, password: str) -> Identity | None:
        """Who has this name and password."""
        if self.away:
            raise Unreachable("connection refused")
        if password == "closed":  # it is the test's
            raise Refused("account-closed", "Your account is closed.", detail="by the directory", remedy="Open it.")
        found = [one for one in self.people.values() if one.name == username and password == username[::-1]]
        return found[0] if found else None

    async def refresh(self, identity: Identity) -> Identity | None:
        """The person as the directory knows them now."""
        self.asked += 1
        if self.away:
            raise Unreachable("connection refused")
        found = self.people.get(identity.subject)
        return None if found is None else dataclasses.replace(found, state=identity.state)


class Campus(Directory):
    """Another one, with a button instead of a form."""

    name = "campus"
    has_form = False

    def handlers(self, app: Any) -> list[tuple[str, type]]:
        """Its page."""
        return [(r"/campus/login", CampusPage)]

    async def logout_url(self, handler: Any, identity: Identity) -> str | None:
        """Where people sign out of the campus."""
        return f"https://campus.example/logout?of={identity.subject}"

    def button(self, handler: Any) -> tuple[str, str] | None:
        """Where its page is."""
        return "The campus", f"{handler.hub.base_url}campus/login"


def door(db: Session, config: Config, *ways: str, lists: str = "/nonexistent") -> SignIn:
    """The hub's authenticator with these ways, as the rest is configured."""
    own = {"native": "homeroom.sign_in.native.NativeWay", "dummy": "homeroom.sign_in.trial.TrialWay"}
    classes = {"directory": f"{HERE}.Directory", "campus": f"{HERE}.Campus"} | own
    wanted = Config(config)
    wanted.SignIn.ways = {way: classes[way] for way in ways}
    wanted.SignIn.people_file = lists
    wanted.Directory.allow_all = True
    wanted.Campus.allow_all = False
    made = SignIn(config=wanted, _deprecated_db_session=db)
    made.admin_users = {"admin"}
    return made


class CampusPage(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """The page of the campus: whom it recognises stands in the address, as the test would have it."""

    async def get(self) -> None:
        """Sign in who is named, or send them away again with the sentence of a refusal."""
        subject = self.get_argument("as")
        campus = self.authenticator.opened["campus"]
        if subject == "nobody":
            raise refuse(self, Refused("bad-token", "This sign-in is not the campus's."), way="campus", name="nobody")
        await finish(self, campus.people[subject])
