"""Groups of the hub's that are kept as a file says: who left is out. A mark in a group's properties tells that it is
one of these, so none that an administrator made is ever removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyterhub.orm import Group, User
from sqlalchemy.orm import Session, lazyload

MARKS = "homeroom-"
"""How each mark begins."""


def take_up(db: Session, mark: str, wanted: Mapping[str, tuple[str, set[str]]]) -> bool:
    """Have the groups with a mark be these, and no others. Commits.

    :param wanted: by name: what is kept with the mark, and the people of the hub who are to be in it.
    :returns: whether anything changed.
    """
    groups = db.query(Group).options(lazyload("*"))  # JupyterHub fetches the roles of each else, every few seconds
    found = {group.name: group for group in groups if group.name in wanted or mark in (group.properties or {})}
    before = members(db, found)
    changed = False
    for name in found.keys() - wanted.keys():
        db.delete(found[name])
        changed = True
    for name, (value, people) in wanted.items():
        group = found.get(name)
        if group is None:
            group = Group(name=name)
            db.add(group)
        if mark not in (group.properties or {}):
            group.properties = {**(group.properties or {}), mark: value}
            changed = True
        if people != before.get(name, set()):
            group.users = db.query(User).filter(User.name.in_(people)).all() if people else []
            changed = True
    if changed:
        db.commit()
    return changed


def join(db: Session, mark: str, user: User, wanted: Mapping[str, str]) -> None:
    """Have one person be in these groups, and in no others with the mark. The caller commits.

    :param wanted: by name: what is kept with the mark.
    """
    own = {group.name: group for group in user.groups}
    for name, group in own.items():
        if mark in (group.properties or {}) and name not in wanted:
            user.groups.remove(group)
    for name in wanted.keys() - own.keys():
        group = Group.find(db, name)
        if group is None:
            group = Group(name=name, properties={mark: wanted[name]})
            db.add(group)
        user.groups.append(group)


def is_marked(group: Group) -> bool:
    """Whether a group is one of these, whatever the mark."""
    return any(key.startswith(MARKS) for key in group.properties or {})


def members(db: Session, groups: Iterable[str]) -> dict[str, set[str]]:
    """Who is in each of these groups; a group that is empty or missing is not among them."""
    found: dict[str, set[str]] = {}
    names = list(groups)
    for group, name in db.query(Group.name, User.name).join(Group.users).filter(Group.name.in_(names)) if names else ():
        found.setdefault(group, set()).add(name)
    return found
