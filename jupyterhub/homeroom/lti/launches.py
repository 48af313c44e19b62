"""Logins on their way: the hub itself remembers each, so that a launch is taken once, from the browser that began it,
in any number of tabs, and also when the hub was restarted meanwhile."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from homeroom.lti.platform import Platform
from homeroom.lti.records import Launch, hashed, purge
from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

LIFE_SECONDS = 600
MOST_LAUNCHES = 50_000
"""On their way at a time. Beyond it the oldest are forgotten: a launch takes seconds."""
AGAIN = say("lti.again")


@dataclass(frozen=True, kw_only=True)
class Begun:
    """The secrets of one login. The state goes with it to the platform and back, the cookie stays in the browser, and
    the nonce comes back within the token."""

    state: str
    nonce: str
    browser: str


def cookie_name(state: str) -> str:
    """The cookie of one login: each has its own, or tabs would overwrite each other's."""
    return f"lti-{state[:16]}"


def begin(db: Session, platform: Platform) -> Begun:
    """Remember a login that goes to the platform now."""
    now = int(time.time())
    begun = Begun(state=secrets.token_hex(32), nonce=secrets.token_hex(32), browser=secrets.token_urlsafe(32))
    purge(db, Launch, now)
    db.add(
        Launch(
            state=hashed(begun.state),
            browser=hashed(begun.browser),
            nonce=hashed(begun.nonce),
            issuer=platform.issuer,
            client_id=platform.client_id,
            used=False,
            expires=now + LIFE_SECONDS,
        )
    )
    db.flush()
    _forget_beyond(db, MOST_LAUNCHES)
    db.commit()
    return begun


def _forget_beyond(db: Session, most: int) -> None:
    if db.query(func.count(Launch.state)).scalar() <= most:
        return
    kept: Any = select(Launch.state).order_by(Launch.expires.desc(), Launch.state).offset(most)
    db.execute(delete(Launch).where(Launch.state.in_(kept)), execution_options={"synchronize_session": False})


def find(db: Session, state: str, browser: str | None) -> Launch:
    """The login that a launch answers, where it comes from the browser that began it.

    :raises Refused: there is none, it was used, it is too old, or another browser began it.
    """
    found = db.get(Launch, hashed(state), populate_existing=True)
    if found is None or found.expires < time.time():
        raise Refused(
            "launch-too-old",
            say("lti.old") + AGAIN,
            detail="no login of this state is under way",
        )
    if not browser:
        raise Refused(
            "cookie-lost",
            say("lti.no_cookie") + AGAIN,
            detail="the launch came without its cookie",
        )
    if not hmac.compare_digest(str(found.browser), hashed(browser)):
        raise Refused(
            "stolen-state",
            say("lti.other_browser") + AGAIN,
            detail="the cookie is another login's",
            remedy="If it happens often, somebody tries to have people signed in as somebody else.",
        )
    if found.used:
        raise _replayed()
    return found


def take(db: Session, launch: Launch, nonce: object) -> None:
    """Use a login up.

    :param nonce: the token's.
    :raises Refused: it is not this login's, or another request was faster.
    """
    if not isinstance(nonce, str) or not hmac.compare_digest(str(launch.nonce), hashed(nonce)):
        raise Refused("wrong-nonce", say("lti.not_the_answer") + AGAIN, detail="another nonce")
    taken = db.execute(
        update(Launch).where(Launch.state == launch.state, Launch.used.is_(False)).values(used=True),
        execution_options={"synchronize_session": False},
    )
    db.commit()
    if not taken.rowcount:
        raise _replayed()


def _replayed() -> Refused:
    return Refused("replayed", say("lti.used") + AGAIN, detail="the same launch came again")
