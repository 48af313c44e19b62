"""The right to enter a lab that is shown: a role in the hub's database, of one tutor and one lab."""

from __future__ import annotations

from jupyterhub.orm import APIToken, OAuthCode, Role, Spawner, User
from sqlalchemy.orm import Session

PREFIX = "homeroom-showing-"


def give(db: Session, owner: str, tutor: User) -> None:
    """Have a tutor, and nobody else, enter somebody's first lab. The caller commits."""
    take(db, owner)
    # managed: or JupyterHub removes it when it starts, since no configuration names it
    role = Role(name=f"{PREFIX}{owner}", scopes=[f"access:servers!server={owner}/"], managed_by_auth=True)
    role.users = [tutor]
    db.add(role)


def take(db: Session, owner: str) -> None:
    """Let nobody into it any more, and end the sessions there of who was let in. The caller commits."""
    role = Role.find(db, f"{PREFIX}{owner}")
    if role is None:
        return
    client = _client(db, owner)
    for tutor in role.users:
        for kind in (APIToken, OAuthCode):
            for each in db.query(kind).filter(kind.user_id == tutor.id, kind.client_id == client):
                db.delete(each)
    db.delete(role)


def all_given(db: Session) -> set[str]:
    """The people whose labs somebody may enter."""
    named = db.query(Role.name).filter(Role.name.startswith(PREFIX, autoescape=True))
    return {name.removeprefix(PREFIX) for (name,) in named}


def _client(db: Session, owner: str) -> str:
    """As whom somebody's first lab asks the hub; empty: it never did."""
    lab = (
        db.query(Spawner).join(User, Spawner.user_id == User.id).filter(User.name == owner, Spawner.name == "").first()
    )
    return str(lab.oauth_client_id) if lab is not None and lab.oauth_client is not None else ""
