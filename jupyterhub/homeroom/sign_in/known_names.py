"""Names that are spoken for without an account: kept in the hub's database, so that nobody has to infer it."""

from __future__ import annotations

from jupyterhub.orm import Base, Service, User
from nativeauthenticator.orm import UserInfo
from sqlalchemy import Column, String
from sqlalchemy.orm import Session

from homeroom.sign_in.identities import of_user
from homeroom.sign_in.marks import LEAVING, REMOVED, TOKEN


class KnownName(Base):
    """A name and why it is spoken for. The hub makes the table when it starts."""

    __tablename__ = "homeroom_names"
    name = Column(String(255), primary_key=True)
    mark = Column(String(16), nullable=False)


def account_of(db: Session, name: str) -> UserInfo | None:
    """Somebody's account as it is in the database now: `make password` and `make account` change it beside the hub,
    which would go on with what it holds in memory."""
    found: UserInfo | None = db.query(UserInfo).populate_existing().filter(UserInfo.username == name).first()
    return found


def mark_of(db: Session, name: str) -> str | None:
    """Why a name is spoken for; None where it is not marked."""
    found: str | None = db.query(KnownName.mark).filter(KnownName.name == name).scalar()
    return found


def leaving(db: Session) -> list[str]:
    """The names of people who are being removed."""
    return [str(known.name) for known in db.query(KnownName).filter(KnownName.mark == LEAVING)]


def set_mark(db: Session, name: str, mark: str) -> None:
    """Mark a name, in place of any other mark. The caller commits."""
    db.merge(KnownName(name=name, mark=mark))


def clear_mark(db: Session, name: str) -> None:
    """Take a name's mark away. The caller commits."""
    db.query(KnownName).filter(KnownName.name == name).delete()


def was_here(db: Session, name: str) -> bool:
    """Whether there is, or was, somebody of this name who may have left a home: they signed in, or used a token."""
    if mark_of(db, name) in (LEAVING, REMOVED):
        return True
    user = User.find(db, name)
    return user is not None and (user.last_activity is not None or bool(user.api_tokens))


def is_spoken_for(db: Session, name: str) -> bool:
    """Whether a name is not a newcomer's to take, apart from accounts: of a user made for tokens, of somebody who was
    here, of somebody who signs in elsewhere, or of a service, whose requests would look like theirs in the log."""
    return (
        mark_of(db, name) is not None
        or was_here(db, name)
        or bool(of_user(db, name))
        or Service.find(db, name) is not None
    )


def made_by_administrator(db: Session, name: str) -> None:
    """Note that an administrator made a user without an account: it is for tokens. A sign-up of that name that merely
    waits is thrown away, or to approve it later would give whoever sent it what the tokens reach."""
    account = account_of(db, name)
    if account is not None and account.is_authorized:
        return
    if account is not None:
        db.delete(account)
    set_mark(db, name, TOKEN)
    db.commit()
