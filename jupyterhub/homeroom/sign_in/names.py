"""People's names: who is the same person, and who is not."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.apihandlers.users import UserAPIHandler, UserListAPIHandler
from jupyterhub.scopes import needs_scope

from homeroom.hub import home, limits, navigation
from homeroom.hub.service_names import is_of_service
from homeroom.records.events import ADMIN_GIVE, ADMIN_TAKE, note_of
from homeroom.sign_in import removal, removed
from homeroom.sign_in.known_names import made_by_administrator, mark_of
from homeroom.sign_in.marks import LEAVING, SHARED
from homeroom.texts.refusal import Refusal
from jupyterhub import orm

LONGEST_NAME = 64
REMOVAL_SECONDS = 30.0
"""For how long a request waits until the last lab is gone; the removal goes on by itself."""


class PersonHandler(UserAPIHandler):
    """`/hub/api/users/NAME`, where people keep their names: account, home and lab go by them.

    The page *Admin* sends the name along with every change. JupyterHub 6.1.1 takes one that is the same as before for
    no name at all, and the person then has none: they cannot be signed in as, nor removed.
    """

    def get_json_body(self) -> Any:
        """What is to be changed, without the name.

        :raises HTTPError: 400, it is another name.
        """
        body = super().get_json_body()
        if self.request.method != "PATCH" or not isinstance(body, dict) or "name" not in body:
            return body
        if body["name"] != self.path_args[0]:
            raise Refusal(400, "accounts.remove.keep_name")
        return {field: value for field, value in body.items() if field != "name"}

    @needs_scope("admin:users")
    async def post(self, user_name: str) -> None:
        """Make a user without an account: for tokens, and marked so; nobody of the name of somebody who was removed."""
        refuse_held(self, user_name)
        await super().post(user_name)
        note_made(self, user_name)

    @needs_scope("admin:users")
    async def patch(self, user_name: str) -> None:
        """Change somebody; that they became an administrator, or are none any more, is noted.

        :raises HTTPError: 400, it is no person.
        """
        if is_of_service(user_name):
            raise Refusal(400, "accounts.no_person", name=user_name[:LONGEST_NAME])
        user = self.find_user(user_name)
        before = user is not None and bool(user.admin)
        await super().patch(user_name)
        user = self.find_user(user_name)
        if user is not None and bool(user.admin) != before:
            note_of(self, ADMIN_GIVE if user.admin else ADMIN_TAKE, user_name)
            self.db.commit()

    @needs_scope("delete:users")
    async def delete(self, user_name: str) -> None:
        """Remove a person: also from named servers and from labs that are starting, which JupyterHub leaves running."""
        await remove(self, user_name)
        self.set_status(204)


class PeopleHandler(UserListAPIHandler):
    """`/hub/api/users`, where the page *Admin* makes users."""

    @needs_scope("admin:users")
    async def post(self) -> None:
        """Make users without accounts: for tokens, and marked so."""
        body = self.get_json_body()
        names = body.get("usernames") if isinstance(body, dict) else None
        for name in names if isinstance(names, list) else ():
            refuse_held(self, str(name))
        before = set(self.db.query(orm.User.name))
        await super().post()
        for (name,) in set(self.db.query(orm.User.name)) - before:
            note_made(self, name)


def note_made(handler: Any, name: str) -> None:
    """Note that an administrator made a user for tokens, and whether that is an administrator."""
    user = handler.find_user(name)
    note_of(handler, ADMIN_GIVE if user is not None and user.admin else "user-make", name)
    made_by_administrator(handler.db, name)
    handler.db.commit()


def refuse_held(handler: Any, name: str) -> None:
    """See that a name is not that of somebody who was removed: whoever has it could have what was theirs. Nor one that
    is no person's to have.

    :raises HTTPError: 409, it is.
    """
    if is_of_service(name):
        raise Refusal(409, "accounts.service_name", name=name[:LONGEST_NAME])
    if removed.of_name(handler.db, handler.authenticator.normalize_username(name)) is not None:
        raise Refusal(409, "accounts.remove.held", name=name[:LONGEST_NAME])


async def remove(handler: Any, name: str) -> None:
    """Remove a person for whoever asks, and wait until it is done, within bounds.

    :raises HTTPError: 404, there is nobody of this name; 400, it is an administrator.
    """
    user = handler.find_user(name)
    if user is None:
        raise Refusal(404, "accounts.remove.unknown", name=name)
    if name == handler.current_user.name:
        raise Refusal(400, "accounts.remove.yourself")
    if user.admin or name in handler.authenticator.admin_users:
        raise Refusal(400, "accounts.remove.administrator_plain", name=name)
    if mark_of(handler.db, name) == SHARED:
        raise Refusal(400, "accounts.remove.shared", name=name)
    handler.log.info("%s removes %s", handler.current_user.name, name)
    await asyncio.wait([removal.remove(handler.app, name, handler.current_user.name)], timeout=REMOVAL_SECONDS)


class PlainNames:
    """Laid over an authenticator: names are the same in any case, no look-alike becomes somebody's, and nobody is
    renamed.

    JupyterHub lowers all of Unicode, where the Kelvin sign becomes a plain k. Here a name that is not ASCII stays as it
    is, and `username_pattern` refuses it.
    """

    def normalize_username(self, username: str) -> str:
        """The name that an account, a home and a lab go by."""
        if not username.isascii():
            return username
        normal: str = super().normalize_username(username)  # type: ignore[misc]  # the authenticator's, below this
        return normal

    def validate_username(self, username: str) -> bool:
        """Whether a person can have this name."""
        return not is_of_service(username) and bool(super().validate_username(username))  # type: ignore[misc]

    def add_user(self, user: Any) -> Any:
        """As the authenticator's. The hub calls it for everybody as it starts: who was being removed is found here."""
        app = self.parent  # type: ignore[attr-defined]  # the hub
        if app is not None and mark_of(app.db, user.name) == LEAVING:
            removal.resume(app, user.name)
        return None if is_of_service(user.name) else super().add_user(user)  # type: ignore[misc]  # the authenticator's

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """The authenticator's pages, and those of the hub's for people, labs and tokens that come before its own."""
        pages: list[tuple[str, type]] = super().get_handlers(app)  # type: ignore[misc]  # the authenticator's
        people = [(r"/api/users", PeopleHandler), (r"/api/users/([^/]+)", PersonHandler)]
        return [*pages, *people, *limits.handlers, *navigation.handlers, *home.handlers]
