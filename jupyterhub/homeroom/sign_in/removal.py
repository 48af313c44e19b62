"""How people are shut out and removed: sessions and tokens first, then labs, then the person. Homes are left alone:
`homeroom.sign_in.removed` keeps what they had, until the home is removed for good."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from jupyterhub.user import User
from jupyterhub.utils import new_token
from sqlalchemy.orm import Session

from homeroom.sign_in import removed
from homeroom.sign_in.known_names import account_of, mark_of, set_mark
from homeroom.sign_in.marks import LEAVING, REMOVED
from homeroom.sign_in.roster import RosterEntry
from jupyterhub import orm

RETRY_SECONDS = 5.0
CANCEL_SECONDS = 10.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1

_under_way: dict[str, asyncio.Task[None]] = {}


def close_sessions(db: Session, user: orm.User) -> None:
    """Make every cookie, token and open sign-in of a person worthless, those in their labs too. The caller commits."""
    user.cookie_id = new_token()
    user.api_tokens = []
    user.oauth_codes = []


async def end_labs(app: Any, user: User) -> None:
    """Take every lab of a person from the proxy and stop it, also one that is starting.

    :raises TimeoutError: one of them does not stop.
    """
    for name in list(user.orm_user.orm_spawners):
        await end_lab(app, user, name)


async def end_lab(app: Any, user: User, name: str) -> None:
    """The same for one lab.

    :raises TimeoutError: it does not stop.
    """
    spawner = user.spawners[name]
    start = spawner._spawn_future
    if spawner.pending == "spawn" and start is not None:
        start.cancel()
        await asyncio.wait([start], timeout=CANCEL_SECONDS)
    async with asyncio.timeout(STOP_SECONDS):
        while spawner.pending:
            await asyncio.sleep(POLL_SECONDS)
    if spawner.active:
        spawner._stop_pending = True  # before anything is waited for: nobody else stops or starts it meanwhile
        try:
            await app.proxy.delete_user(user, name)
            async with asyncio.timeout(STOP_SECONDS):
                await user.stop(name)
        finally:
            spawner._stop_pending = False


def remove(app: Any, name: str, who: str) -> asyncio.Task[None]:
    """Remove a person: at once they can do nothing any more, and the task ends when their labs and they are gone.

    The home stays, and the name is kept from newcomers. What a restart of the hub cuts off, `resume` carries on.

    :param who: removes them.
    """
    db = app.db
    removed.begin(db, name, who)
    db.query(RosterEntry).filter(RosterEntry.name == name).delete()
    account = account_of(db, name)
    if account is not None:
        db.delete(account)
    user = orm.User.find(db, name)
    set_mark(db, name, LEAVING if user is not None else REMOVED)
    if user is not None:
        close_sessions(db, user)
    db.commit()
    return resume(app, name)


def is_under_way(name: str) -> bool:
    """Whether somebody's removal is being carried out."""
    return name in _under_way and not _under_way[name].done()


def resume(app: Any, name: str) -> asyncio.Task[None]:
    """Carry on with a removal, until it is done."""
    if not is_under_way(name):
        _under_way[name] = asyncio.create_task(_finish(app, name))
        _under_way[name].add_done_callback(lambda _: _under_way.pop(name, None))
    return _under_way[name]


async def _finish(app: Any, name: str) -> None:
    """End the labs of a person who is leaving, then forget the person; tried until it is done."""
    log: logging.Logger = app.log
    while mark_of(app.db, name) == LEAVING:
        try:
            found = orm.User.find(app.db, name)
            if found is not None:
                user = app.users[found]
                await end_labs(app, user)
                await user.delete_spawners()
                app.users.delete(user)
            set_mark(app.db, name, REMOVED)
            app.db.commit()
            log.info("Removed %s; the home stays", name)
        except Exception as error:  # the engine or the proxy is away: what is left runs for nobody, and is tried again
            app.db.rollback()
            log.warning("%s is shut out, but not all of their labs are gone yet: %r", name, error)
            await asyncio.sleep(RETRY_SECONDS)
