"""The users of the hub's whose labs several people may enter: made, and closed, while the hub runs.

Who may is a role in the hub's database, held by groups. Whoever leaves such a group has not the role any more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from jupyterhub.orm import Group, Role, User
from jupyterhub.roles import assign_default_roles
from sqlalchemy.orm import Session

from homeroom.contract.records import ACCOUNT
from homeroom.records.events import note
from homeroom.shared_labs import shared_lab
from homeroom.shared_labs.shared_lab import SharedLab, is_shared
from homeroom.sign_in import identities, known_names, removal, removed
from homeroom.sign_in.marks import LEAVING, REMOVED, SHARED

ROLE = "homeroom-shared-lab-"
SCOPES = ("access:servers", "servers", "read:users:name")
_ending: dict[str, asyncio.Task[None]] = {}
_entered: dict[str, set[str]] = {}
_left: set[str] = set()
log = logging.getLogger("jupyterhub.homeroom.shared_labs")


def is_or_was_there(db: Session, name: str) -> bool:
    """Whether there is somebody of this name, or the home of a shared lab that was: who has the name has its files."""
    return User.find(db, name) is not None or known_names.mark_of(db, name) is not None


def take_up(db: Session, prefix: str, wanted: Iterable[SharedLab]) -> bool:
    """Have there be these shared labs, of those whose names begin so, and no others. Commits.

    Of one that is gone the user stays, with the home, and nobody enters it: an administrator may remove it.

    :returns: whether a user was made.
    """
    labs = {lab.name: lab for lab in wanted if _is_free(db, lab.name)}
    shared_lab.know(prefix, labs.values())
    made = [name for name in labs if _make(db, name)]
    roles = {
        role.name: role for role in db.query(Role).filter(Role.name.startswith(f"{ROLE}{prefix}", autoescape=True))
    }
    for lab in labs.values():
        _let_in(db, lab, roles.pop(f"{ROLE}{lab.name}", None))
    for role in roles.values():
        _close(db, role)
    db.commit()
    return bool(made)


def _is_free(db: Session, name: str) -> bool:
    """Whether a name is not that of a person who had it before it was kept for a shared lab."""
    taken = known_names.account_of(db, name) is not None or bool(identities.of_user(db, name))
    if taken:
        log.error("There is somebody of the name %s, so there is no shared lab of that name", name)
    return not taken and known_names.mark_of(db, name) != LEAVING


def _make(db: Session, name: str) -> bool:
    """Make the user of a shared lab where there is none; returns whether there was none."""
    if known_names.mark_of(db, name) == REMOVED:
        gone = removed.of_name(db, name)
        if gone is not None and not gone.purged:
            removed.bring_back(db, name)
        elif gone is not None:
            db.delete(gone)
            note(db, "homeroom", ACCOUNT, name)
    if known_names.mark_of(db, name) != SHARED:
        known_names.set_mark(db, name, SHARED)
    if User.find(db, name) is not None:
        return False
    user = User(name=name)
    db.add(user)
    db.flush()
    assign_default_roles(db, entity=user)
    log.info("Made the user of the shared lab %s", name)
    return True


def _let_in(db: Session, lab: SharedLab, role: Role | None) -> None:
    """Have the members of the lab's groups, and nobody else, start and enter it."""
    if role is None:
        scopes = [f"{scope}!user={lab.name}" for scope in SCOPES]
        # managed: or JupyterHub removes it when it starts, since no configuration names it
        role = Role(name=f"{ROLE}{lab.name}", scopes=scopes, managed_by_auth=True)
        db.add(role)
    groups = db.query(Group).filter(Group.name.in_(lab.entered_by)).all()
    if set(role.groups) != set(groups):
        role.groups = groups


def _close(db: Session, role: Role) -> None:
    """Let nobody into a lab any more; what its server may ask the hub ends, too."""
    name = role.name.removeprefix(ROLE)
    db.delete(role)
    user = User.find(db, name)
    if known_names.mark_of(db, name) == SHARED:
        known_names.clear_mark(db, name)
        if user is not None:
            removal.close_sessions(db, user)
    log.info("The shared lab %s is closed", name)


def who_enters(db: Session, prefix: str) -> dict[str, set[str]]:
    """Who may enter each shared lab whose name begins so, as the database has it."""
    found: dict[str, set[str]] = {}
    rows = db.query(Role.name, User.name).join(Role.groups).join(Group.users)
    for role, person in rows.filter(Role.name.startswith(f"{ROLE}{prefix}", autoescape=True)):
        found.setdefault(role.removeprefix(ROLE), set()).add(person)
    return found


def note_left(db: Session, prefix: str, before: Mapping[str, set[str]]) -> None:
    """Note which labs somebody has left for good, so that `end_closed` ends them: what they began there runs on as the
    lab, and can let them in, or anybody, in the place of its server.

    :param before: as `who_enters`, before this look: also what a hub before this one knew.
    """
    now = who_enters(db, prefix)
    for name in [name for name in {*before, *_entered} if name.startswith(prefix)]:
        if (before.get(name, set()) | _entered.get(name, set())) - now.get(name, set()):
            log.info("Somebody left those who enter the shared lab %s, so it ends", name)
            _left.add(name)
        _entered.pop(name, None)
    _entered.update(now)


def end_closed(hub: Any, prefix: str) -> None:
    """Begin to end the labs that are closed, or that somebody has left, and run on; one that does not stop is begun
    with again at the next look."""
    for user in list(hub.users.values()):
        name = user.name
        if not name.startswith(prefix) or name in _ending or not _is_to_end(name):
            continue
        if any(lab.active or lab.pending for lab in user.spawners.values()):
            _ending[name] = asyncio.create_task(_end(hub, user))
            _ending[name].add_done_callback(lambda _, name=name: _ending.pop(name, None))  # type: ignore[misc]
        else:
            _left.discard(name)


def _is_to_end(name: str) -> bool:
    return is_shared(name) and (shared_lab.of(name) is None or name in _left)


async def _end(hub: Any, user: Any) -> None:
    try:
        await removal.end_labs(hub, user)
        _left.discard(user.name)
    except Exception as error:  # the engine or the proxy is away
        log.warning("The shared lab %s is to end, but not gone yet: %r", user.name, error)
