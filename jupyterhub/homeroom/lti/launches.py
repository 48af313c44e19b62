"""Logins on their way: the hub itself remembers each, so that a launch is taken once, from the browser that began it,
in any number of tabs, and also when the hub was restarted meanwhile."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from homeroom.lti.platform import Platform
from homeroom.sign_in.one_use import Fault, Found, NotGood, OneUse, hashed
from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

LOGINS = OneUse("lti")
AGAIN = say("lti.again")


@dataclass(frozen=True, kw_only=True)
class Begun:
    """The secrets of one login. The state goes with it to the platform and back, the cookie stays in the browser, and
    the nonce comes back within the token."""

    state: str
    nonce: str
    browser: str


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A login that is answered, and to which platform it went."""

    login: Found
    issuer: str
    client_id: str
    deployment_id: str
    nonce_hash: str


def cookie_name(state: str) -> str:
    """The cookie of one login: each has its own, or tabs would overwrite each other's."""
    return f"lti-{state[:16]}"


def begin(db: Session, platform: Platform, deployment_id: str = "") -> Begun:
    """Remember a login that goes to the platform now.

    :param deployment_id: where in it, as far as it was said.
    """
    nonce = secrets.token_urlsafe(32)
    kept = {"issuer": platform.issuer, "client_id": platform.client_id, "deployment_id": deployment_id[:255]}
    begun = LOGINS.begin(db, {**kept, "nonce_hash": hashed(nonce)})
    return Begun(state=begun.secret, nonce=nonce, browser=begun.browser)


def find(db: Session, state: str, browser: str | None) -> Launch:
    """The login that a launch answers, where it comes from the browser that began it.

    :raises Refused: there is none, it was used, it is too old, or another browser began it.
    """
    try:
        login = LOGINS.find(db, state, browser)
    except NotGood as error:
        raise _refused(error) from None
    return Launch(login=login, **login.value)


def take(db: Session, launch: Launch, nonce: object) -> None:
    """Use a login up.

    :param nonce: the token's.
    :raises Refused: it is not this login's, or another request was faster.
    """
    if not isinstance(nonce, str) or not hmac.compare_digest(launch.nonce_hash, hashed(nonce)):
        raise Refused("wrong-nonce", say("lti.not_the_answer") + AGAIN, detail="another nonce")
    try:
        LOGINS.take(db, launch.login)
    except NotGood as error:
        raise _refused(error) from None


def _refused(error: NotGood) -> Refused:
    """What is told and kept of a login that is worth nothing."""
    match error.fault:
        case Fault.UNKNOWN:
            return Refused("launch-too-old", say("lti.old") + AGAIN, detail="no login of this state is under way")
        case Fault.NO_BROWSER:
            return Refused("cookie-lost", say("lti.no_cookie") + AGAIN, detail="the launch came without its cookie")
        case Fault.OTHER_BROWSER:
            return Refused(
                "stolen-state",
                say("lti.other_browser") + AGAIN,
                detail="the cookie is another login's",
                remedy="If it happens often, somebody tries to have people signed in as somebody else.",
            )
        case Fault.USED:
            return Refused("replayed", say("lti.used") + AGAIN, detail="the same launch came again")
