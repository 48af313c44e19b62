"""Launches of LTI 1.1 that were taken, so that each is taken once: also when the hub was restarted meanwhile.

Only what was signed is kept, for as long as it could come again; so nobody without a secret can have others forgotten.
"""

from __future__ import annotations

import functools
import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from homeroom.lti.consumers import Consumer
from homeroom.lti.launches import AGAIN
from homeroom.lti.signed_launch import LEEWAY_SECONDS, LIFE_SECONDS, SignedLaunch, unreadable
from homeroom.sign_in.one_use import KeptSecret, NotGood, OneUse, hashed
from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

KEPT_SECONDS = LIFE_SECONDS + 2 * LEEWAY_SECONDS
"""From when a launch is used; the platform's clock may be ahead of ours."""
MOST_KEPT = 20_000
"""Of a consumer at a time. Beyond it launches are refused: to forget one would be to take it again."""


def take(db: Session, consumer: Consumer, launch: SignedLaunch) -> None:
    """Use a launch up whose signature and time are right.

    :raises Refused: it was used before, or there are too many.
    """
    if not launch.nonce:
        raise unreadable("no oauth_nonce")
    nonces = _of(consumer.key)
    theirs = (KeptSecret.kind == nonces.kind, KeptSecret.expires >= time.time())
    kept = db.scalar(select(func.count()).select_from(KeptSecret).where(*theirs)) or 0
    if kept >= MOST_KEPT:
        raise Refused(
            "too-many-launches",
            say("lti.crowded"),
            detail=f"{consumer.name}: {kept} in {KEPT_SECONDS // 60} minutes",
            remedy="If they are not yours, somebody has the secret: give the platform another one.",
        )
    try:
        nonces.spend(db, f"{launch.timestamp} {launch.nonce}")
    except NotGood:
        raise Refused(
            "replayed", say("lti.used") + AGAIN, detail=f"{consumer.name}: the same launch came again"
        ) from None


@functools.cache
def _of(key: str) -> OneUse:
    """The nonces of a consumer."""
    return OneUse(f"lti-1.1-{hashed(key)[:32]}", life_seconds=KEPT_SECONDS)
