"""Sign-ins that are under way at a provider. What each needs to end stays here: only a name for it leaves the hub."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from jupyterhub.orm import Base
from sqlalchemy import Boolean, Column, Float, String, delete, func, select
from sqlalchemy.orm import Session

MAX_AGE_SECONDS = 600
MAX_UNDER_WAY = 20_000
"""At a time. Beyond, the oldest is given up: who floods the table can fill neither disk nor memory."""


class PendingSignIn(Base):
    """A sign-in that went to a provider and has not come back. The hub makes the table when it starts."""

    __tablename__ = "homeroom_oauth_pending"
    state = Column(String(64), primary_key=True)
    """The hash: who reads the database cannot end somebody's sign-in."""
    way = Column(String(32), nullable=False)
    browser = Column(String(64), nullable=False)
    """The hash of what the browser that began keeps."""
    verifier = Column(String(64), nullable=False)
    nonce = Column(String(64), nullable=False)
    next_url = Column(String(2048), nullable=False)
    from_here = Column(Boolean, nullable=False)
    """Whether it began on a page of the hub's, and not by a link of another website."""
    expires_at = Column(Float, nullable=False, index=True)


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What leaves the hub as a sign-in begins.

    :param state: goes to the provider and comes back.
    :param browser: stays in the browser, as a cookie.
    :param challenge: the hash of the verifier, for PKCE.
    :param nonce: comes back within the ID token.
    """

    state: str
    browser: str
    challenge: str
    nonce: str


@dataclass(frozen=True, kw_only=True)
class Returned:
    """What the hub kept of a sign-in that comes back."""

    verifier: str
    nonce: str
    next_url: str
    from_here: bool


def cookie_name(state: str) -> str:
    """The cookie of one sign-in: each tab has its own, so that none ends another's."""
    return f"homeroom-oauth-{_hash(state)[:16]}"


def begin(db: Session, way: str, next_url: str, *, from_here: bool = True) -> Begun:
    """Begin a sign-in.

    :param from_here: it begins on a page of the hub's, and not by a link of another website.
    """
    _make_room(db)
    state, browser, verifier, nonce = (secrets.token_urlsafe(32) for _ in range(4))
    db.add(
        PendingSignIn(
            state=_hash(state),
            way=way,
            browser=_hash(browser),
            verifier=verifier,
            nonce=nonce,
            next_url=next_url[:2048],
            from_here=from_here,
            expires_at=time.time() + MAX_AGE_SECONDS,
        )
    )
    db.commit()
    challenge = _base64url(hashlib.sha256(verifier.encode()).digest())
    return Begun(state=state, browser=browser, challenge=challenge, nonce=nonce)


def take(db: Session, way: str, state: str, browser: str) -> Returned | None:
    """What was kept of a sign-in, once; None where there is none of this way for this browser, or not any more."""
    found = db.get(PendingSignIn, _hash(state))
    if found is None or found.way != way or not hmac.compare_digest(str(found.browser), _hash(browser)):
        return None
    returned = Returned(
        verifier=str(found.verifier),
        nonce=str(found.nonce),
        next_url=str(found.next_url),
        from_here=bool(found.from_here),
    )
    is_late = found.expires_at < time.time()
    db.delete(found)
    db.commit()
    return None if is_late else returned


def _make_room(db: Session) -> None:
    """Forget who did not come back in time, and the oldest where there are too many."""
    table = PendingSignIn.__table__
    table.create(db.connection(), checkfirst=True)  # a way may be loaded after the hub made its tables
    db.execute(delete(PendingSignIn).where(table.c.expires_at < time.time()))
    count = db.scalar(select(func.count()).select_from(PendingSignIn)) or 0
    if count >= MAX_UNDER_WAY:
        oldest = select(table.c.state).order_by(table.c.expires_at).limit(count - MAX_UNDER_WAY + 1)
        db.execute(delete(PendingSignIn).where(table.c.state.in_(oldest)))


def _base64url(data: bytes) -> str:
    """Bytes as JOSE writes them: base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
