"""Assistants (`site/people.yaml`): people who help others with their labs, and administer nothing.

Each entry is a role of JupyterHub's. Whose labs it is about is written into it person by person, so that an
administrator who is in such a group is never among them; it follows the groups within a look of the hub's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from jupyterhub.orm import Group, Role, User
from sqlalchemy.orm import Session

from homeroom.labs.plan import Person, groups_of
from homeroom.sign_in import identities
from homeroom.sign_in.lists import Assistants

PREFIX = "homeroom-assistants-"
HELPS = ("list:users", "read:users", "servers")
"""Sees people and their labs on the page *Admin*, starts and stops labs."""
OPENS = "access:servers"

Groups = Mapping[str, Mapping[str, Any]]
"""What `site/groups.yaml` says."""


def take_up(
    db: Session, entries: Iterable[Assistants], site: Groups, administrators: Collection[str], *, open_labs: bool
) -> None:
    """Have the roles be as the entries say, and those of entries that are gone be gone. Commits.

    :param open_labs: whether an entry may let anybody into somebody else's lab.
    """
    wanted: dict[str, list[str]] = {}
    for number, entry in enumerate(entries):
        scopes = (*HELPS, OPENS) if entry.open_labs and open_labs else HELPS
        names = sorted(_members(db, entry.of, site) - set(administrators))
        wanted[f"{PREFIX}{number}"] = ["admin-ui", *(f"{scope}!user={name}" for name in names for scope in scopes)]
    found = {role.name: role for role in db.query(Role).filter(Role.name.startswith(PREFIX, autoescape=True))}
    for name in found.keys() - wanted.keys():
        db.delete(found[name])
    for name, scopes_now in wanted.items():
        if name not in found:
            role = Role(name=name, scopes=scopes_now, managed_by_auth=True)  # or JupyterHub removes it when it starts
            db.add(role)
        elif found[name].scopes != scopes_now:
            found[name].scopes = scopes_now
    db.commit()


def bring_up_to_date(db: Session, user: User, entries: Iterable[Assistants], site: Groups) -> None:
    """Have a user hold the roles of the entries that name them, and no other of them. The caller commits."""
    entries = tuple(entries)
    held = {role.name: role for role in user.roles if role.name.startswith(PREFIX)}
    if not entries and not held:
        return
    known = [each for each in identities.of_user(db, user.name) if not each.ended]
    names = {user.name}.union(*(identities.entries_of(db, one.way, one.subject, one.source_name) for one in known))
    person = Person(name=user.name, hub_groups=frozenset(group.name for group in user.groups))
    groups = groups_of(person, site)
    wanted = {f"{PREFIX}{number}" for number, entry in enumerate(entries) if entry.who.names(names, groups)}
    for name in held.keys() - wanted:
        user.roles.remove(held[name])
    for name in sorted(wanted - held.keys()):
        if (role := Role.find(db, name)) is not None:
            user.roles.append(role)


def _members(db: Session, names: Collection[str], site: Groups) -> set[str]:
    """The members of these groups, in the site's file and of the hub's own."""
    found: set[str] = set()
    for name in names:
        entry = site.get(name, {"members": (), "hub_groups": (name,)})
        found.update(entry["members"])
        groups = (Group.find(db, each) for each in entry["hub_groups"])
        found.update(user.name for group in groups if group is not None for user in group.users)
    return found
