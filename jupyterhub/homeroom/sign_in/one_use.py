"""Secrets that are good once, and not for long: of sign-ins that are under way elsewhere, and nonces of other sides.

They are kept in the hub's database, so that they are good once also when the hub restarts meanwhile. Who reads the
database, or a copy of it, gets no secret: only hashes of them are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from jupyterhub.orm import Base
from sqlalchemy import Boolean, Float, String, Text, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

LIFE_SECONDS = 600
MOST_KEPT = 50_000
"""Of one kind at a time. Beyond it the oldest that nobody used are forgotten: who floods the table fills no disk."""
TIDY_SECONDS = 60.0


class KeptSecret(Base):
    """One secret."""

    __tablename__ = "homeroom_one_use"
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser: Mapped[str] = mapped_column(String(64), nullable=False, default="")
    value: Mapped[str] = mapped_column(Text, nullable=False, default="{}")
    used: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    expires: Mapped[float] = mapped_column(Float, nullable=False, index=True)


class Fault(Enum):
    """Why a secret is worth nothing."""

    UNKNOWN = "nobody was given it, or too long ago"
    NO_BROWSER = "it came without what the browser that began keeps"
    OTHER_BROWSER = "another browser began"
    USED = "it was used"


class NotGood(Exception):
    """A secret is worth nothing."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A secret that goes out and comes back, and what stays in the browser, as a cookie."""

    secret: str
    browser: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """A secret that came back and is good, with what was kept with it."""

    secret_hash: str
    value: Mapping[str, Any]


class OneUse:
    """The secrets of one kind.

    :param kind: a word of its own, such as `lti`; a secret of another kind is unknown here.
    :param life_seconds: for how long one is good.
    """

    def __init__(self, kind: str, *, life_seconds: float = LIFE_SECONDS, most: int = MOST_KEPT) -> None:
        self.kind = kind
        self.life_seconds = life_seconds
        self.most = most
        self._added = 0
        self._tidied = float("-inf")

    def begin(self, db: Session, value: Mapping[str, Any]) -> Begun:
        """Make a secret, and keep this with it. Commits."""
        begun = Begun(secret=secrets.token_urlsafe(32), browser=secrets.token_urlsafe(32))
        self._insert(db, begun.secret, browser=hashed(begun.browser), value=json.dumps(dict(value)), used=False)
        db.commit()
        return begun

    def find(self, db: Session, secret: str, browser: str | None) -> Found:
        """A secret that came back. It stays as it is: whoever fails here spoils it for nobody.

        :param browser: what the browser says that it was given; None or empty: nothing.
        :raises NotGood: it is worth nothing.
        """
        wanted = hashed(secret)
        columns = (KeptSecret.browser, KeptSecret.value, KeptSecret.used, KeptSecret.expires)
        query = select(*columns).where(KeptSecret.kind == self.kind, KeptSecret.secret == wanted)
        kept = db.execute(query).one_or_none()
        if kept is None or kept.expires < time.time():
            raise NotGood(Fault.UNKNOWN)
        if not browser:
            raise NotGood(Fault.NO_BROWSER)
        if not hmac.compare_digest(kept.browser, hashed(browser)):
            raise NotGood(Fault.OTHER_BROWSER)
        if kept.used:
            raise NotGood(Fault.USED)
        return Found(secret_hash=wanted, value=json.loads(kept.value))

    def take(self, db: Session, found: Found) -> None:
        """Use a secret up. Commits, before anything else can happen: another's rollback would make it good again.

        :raises NotGood: another request was faster.
        """
        mine = (KeptSecret.kind == self.kind, KeptSecret.secret == found.secret_hash, KeptSecret.used.is_(False))
        taken: Any = db.execute(
            update(KeptSecret).where(*mine).values(used=True), execution_options={"synchronize_session": False}
        )
        db.commit()
        if not taken.rowcount:
            raise NotGood(Fault.USED)

    def spend(self, db: Session, secret: str) -> None:
        """Use a secret up that another side made, such as a nonce, and that is not known before. Commits. Whoever calls
        has checked who made it: what is spent is never forgotten before its time.

        :raises NotGood: it was spent before.
        """
        expires = select(KeptSecret.expires).where(KeptSecret.kind == self.kind, KeptSecret.secret == hashed(secret))
        known_until = db.scalar(expires)
        if known_until is not None and known_until >= time.time():
            raise NotGood(Fault.USED)
        if known_until is not None:
            db.execute(delete(KeptSecret).where(KeptSecret.kind == self.kind, KeptSecret.secret == hashed(secret)))
        self._insert(db, secret, browser="", value="{}", used=True)
        db.commit()

    def _insert(self, db: Session, secret: str, **values: Any) -> None:
        self._tidy(db)
        expires = time.time() + self.life_seconds
        db.execute(insert(KeptSecret).values(kind=self.kind, secret=hashed(secret), expires=expires, **values))

    def _tidy(self, db: Session) -> None:
        """Forget what is over, and the oldest where there are too many; now and then, since it looks at all of them."""
        self._added += 1
        now = time.time()
        if self._added * 100 < self.most and 0 <= now - self._tidied < TIDY_SECONDS:
            return
        self._added, self._tidied = 0, now
        own = KeptSecret.kind == self.kind
        without_look = {"synchronize_session": False}
        db.execute(delete(KeptSecret).where(KeptSecret.expires < now), execution_options=without_look)
        count = db.scalar(select(func.count()).select_from(KeptSecret).where(own)) or 0
        if count >= self.most:
            unused = select(KeptSecret.secret).where(own, KeptSecret.used.is_(False)).order_by(KeptSecret.expires)
            oldest = unused.limit(count - self.most + 1)
            db.execute(delete(KeptSecret).where(own, KeptSecret.secret.in_(oldest)), execution_options=without_look)


def make_table(db: Session) -> None:
    """Make the table where it is not there yet."""
    Base.metadata.create_all(db.get_bind(), tables=[KeptSecret.__table__])


def hashed(secret: str) -> str:
    """What is kept of a secret that is long and random."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
