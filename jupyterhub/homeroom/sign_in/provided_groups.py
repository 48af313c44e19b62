"""The groups that a source names, among the hub's own. Their names begin with the way, so they meet none of the site's;
memberships that an administrator gave by hand are left alone."""

from __future__ import annotations

from collections.abc import Collection

from jupyterhub.orm import Group, User
from sqlalchemy.orm import Session


def apply(db: Session, user: User, groups: Collection[str], formerly: Collection[str]) -> None:
    """Make a person a member of the groups that their sources name, and of none that they named before. The caller
    commits."""
    members = {group.name: group for group in user.groups}
    for name in set(formerly) - set(groups):
        if name in members:
            user.groups.remove(members[name])
    for name in sorted(set(groups) - members.keys()):
        group = Group.find(db, name)
        if group is None:
            group = Group(name=name)
            db.add(group)
        user.groups.append(group)
