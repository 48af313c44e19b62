"""Sign-ins that are under way at a provider. What each needs to end stays here: only a name for it leaves the hub."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from homeroom.sign_in.one_use import NotGood, OneUse, hashed

LONGEST_ADDRESS = 4096


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
    """What the hub kept of a sign-in that comes back.

    :param from_here: it began on a page of the hub's, and not by a link of another website.
    """

    verifier: str
    nonce: str
    next_url: str
    from_here: bool


class Pending:
    """The sign-ins of one way.

    :param way: its word in `AUTH`.
    """

    def __init__(self, way: str) -> None:
        self.secrets = OneUse(f"oauth:{way}")

    def begin(self, db: Session, next_url: str, *, from_here: bool = True) -> Begun:
        """Begin a sign-in.

        :param from_here: it begins on a page of the hub's, and not by a link of another website.
        """
        verifier, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        wanted = next_url if len(next_url) <= LONGEST_ADDRESS else ""  # half an address leads to another place
        kept = {"verifier": verifier, "nonce": nonce, "next_url": wanted, "from_here": from_here}
        begun = self.secrets.begin(db, kept)
        challenge = _base64url(hashlib.sha256(verifier.encode()).digest())
        return Begun(state=begun.secret, browser=begun.browser, challenge=challenge, nonce=nonce)

    def take(self, db: Session, state: str, browser: str) -> Returned | None:
        """What was kept of a sign-in, once; None where there is none of this way for this browser, or not any more."""
        try:
            found = self.secrets.find(db, state, browser)
            self.secrets.take(db, found)
        except NotGood:
            return None
        return Returned(**found.value)


def cookie_name(state: str) -> str:
    """The cookie of one sign-in: each tab has its own, so that none ends another's."""
    return f"homeroom-oauth-{hashed(state)[:16]}"


def _base64url(data: bytes) -> str:
    """Bytes as JOSE writes them: base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
