"""Links by which somebody gives their account a new password, once: who cannot be told a password is sent one."""

from __future__ import annotations

import hmac
import time

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from homeroom.sign_in.known_names import account_of
from homeroom.sign_in.link_secrets import GOOD_SECONDS, digest, new_secret


class ResetLink(Base):
    """A person's link that has not been used; a new one takes its place. The hub makes the table when it starts."""

    __tablename__ = "homeroom_reset_links"
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), nullable=False)
    until: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """In seconds since 1970."""


def make(db: Session, name: str) -> str | None:
    """The secret of a new link for an account; None where there is none. Commits."""
    account = account_of(db, name)
    if account is None:
        return None
    secret = new_secret()
    db.merge(ResetLink(name=name, digest=digest(secret, account.password), until=int(time.time()) + GOOD_SECONDS))
    db.commit()
    return secret


def is_good(db: Session, name: str, secret: str) -> bool:
    """Whether a link is this person's, unused and not too old, and their password is still the one of then."""
    account = account_of(db, name)
    link = db.query(ResetLink).populate_existing().filter(ResetLink.name == name).first()
    if account is None or link is None or link.until < time.time():
        return False
    return hmac.compare_digest(link.digest, digest(secret, account.password))


def use_up(db: Session, name: str) -> None:
    """Have a person's link be worth nothing. The caller commits."""
    db.query(ResetLink).filter(ResetLink.name == name).delete()
