"""Two sign-ins of one person become one: who is signed in by one way signs in by another, and says that both are them.

What is under way is kept in the hub's memory for ten minutes; a cookie that the hub signs names it.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from jupyterhub.utils import get_browser_protocol
from sqlalchemy.orm import Session

from homeroom.sign_in import identities
from homeroom.sign_in.known_names import account_of
from homeroom.sign_in.native import NativeWay, identity_of
from homeroom.sign_in.way import Identity

COOKIE = "homeroom-link"
KEPT_SECONDS = 600
MOST_KEPT = 1000


@dataclass
class Wish:
    """Somebody who is signed in wants another sign-in linked to theirs.

    :param identity: the other one, once they signed in by it.
    """

    name: str
    until: float
    identity: Identity | None = None


_wishes: OrderedDict[str, Wish] = OrderedDict()


def begin(handler: Any) -> Wish:
    """Remember the wish of who is signed in; the sign-in that comes next in this browser is the other one."""
    token = secrets.token_urlsafe(16)
    wish = _wishes[token] = Wish(handler.current_user.name, time.monotonic() + KEPT_SECONDS)
    while len(_wishes) > MOST_KEPT:
        _wishes.popitem(last=False)
    # A launch from a course is a form that another site sends, which brings along what is marked `None` alone.
    samesite = "None" if get_browser_protocol(handler.request) == "https" else "Lax"
    handler._set_cookie(COOKIE, token, path=handler.hub.base_url, samesite=samesite)
    return wish


def of(handler: Any) -> Wish | None:
    """The wish of who is signed in with this browser; None where there is none, or it is too old.

    What another site sends (`sent_from_elsewhere`) comes without the cookie by which somebody is signed in: whose wish
    it is then shows on the page that asks, which is a visit.
    """
    user = handler.current_user
    if handler.get_cookie(COOKIE) is None or (user is None and not getattr(handler, "sent_from_elsewhere", False)):
        return None
    token = handler.get_secure_cookie(COOKIE, max_age_days=1)
    wish = _wishes.get(token.decode()) if token else None
    if wish is None or wish.until < time.monotonic() or (user is not None and wish.name != user.name):
        return None
    return wish


def end(handler: Any) -> None:
    """Forget the wish."""
    token = handler.get_secure_cookie(COOKIE, max_age_days=1)
    if token:
        _wishes.pop(token.decode(), None)
    handler.clear_cookie(COOKIE, path=handler.hub.base_url)


def user_of(db: Session, identity: Identity, *, gives_names: bool) -> str | None:
    """The user that an identity signs in as now; None where it has none yet."""
    known = identities.find(db, identity.way, identity.subject)
    if known is not None:
        return known.name
    return identity.name if gives_names else None


def merge(db: Session, *, gone: str, kept: str) -> None:
    """Have everything that signs in as one user sign in as another from now on. The files of the first stay where they
    are. The caller commits."""
    for known in identities.of_user(db, gone):
        known.name = kept
    own = identities.find(db, NativeWay.name, gone)
    if own is None and account_of(db, gone) is not None:
        identities.keep(db, identity_of(gone), kept, None)


def unlink(db: Session, name: str, way: str, subject: str) -> bool:
    """Take a sign-in away from a user. The caller commits.

    :returns: whether it was theirs.
    """
    known = identities.find(db, way, subject)
    if known is None or known.name != name:
        return False
    db.delete(known)
    db.flush()
    return True
