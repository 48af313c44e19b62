"""A launch of LTI 1.1: a form that a platform signed by a shared secret (OAuth 1.0a, RFC 5849).

oauthlib reads the form and computes the signature. What ltiauthenticator makes of both is not used: it remembers what
nobody signed, and forgets it within the time in which a launch is good (`homeroom.lti.nonces`).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ltiauthenticator.lti11.constants import LTI11_LAUNCH_PARAMS_REQUIRED
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, Client
from oauthlib.oauth1.rfc5849 import signature

from homeroom.lti.consumers import Consumer
from homeroom.lti.launches import AGAIN
from homeroom.lti.validator import CLOCK
from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

LIFE_SECONDS = 600
"""For how long after its timestamp a launch is good. It is long for a frame's button, and harmless as each is good
once."""
LEEWAY_SECONDS = 60
MOST_FIELDS = 300
"""Platforms send 30 to 60."""
MESSAGE = "basic-lti-launch-request"
VERSION = "LTI-1p0"
REMEDY = (
    "Compare the shared secret at the platform with LTI_SECRETS in .env, and its launch URL with what `make check` "
    "prints, letter by letter."
)


@dataclass(frozen=True, kw_only=True)
class SignedLaunch:
    """What a launch says. Nothing of it is believed before `verify`.

    :param form: the fields that were sent as a form.
    :param query: those that stand in the launch's address.
    """

    form: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def fields(self) -> dict[str, str]:
        """All that was said. The signature is over exactly these."""
        return {**self.form, **self.query}

    @property
    def key(self) -> str:
        """Who says that they signed it."""
        return self.fields.get("oauth_consumer_key", "")

    @property
    def timestamp(self) -> int:
        """When the platform made it, in seconds since 1970.

        :raises Refused: that is no time.
        """
        said = self.fields.get("oauth_timestamp", "")
        if not re.fullmatch(r"[0-9]{1,10}", said):
            raise unreadable(f"oauth_timestamp {said[:40]!r}")
        return int(said)

    @property
    def nonce(self) -> str:
        """What tells this launch from all others of its second."""
        return self.fields.get("oauth_nonce", "")


def read(form: bytes, query: str) -> SignedLaunch:
    """A launch as it was sent, each field given once: of two, one part of us might read the one and another the other.

    :raises Refused: it is none.
    """
    launch = SignedLaunch(form=_once(_pairs(form)), query=_once(_pairs(query.encode())))
    _once([*launch.form.items(), *launch.query.items()])
    return launch


def _pairs(written: bytes) -> list[tuple[str, str]]:
    if written.count(b"&") >= MOST_FIELDS:
        raise unreadable(f"more than {MOST_FIELDS} fields")
    if not written:
        return []
    try:
        return list(signature.collect_parameters(uri_query=written.decode("ascii"), exclude_oauth_signature=False))
    except ValueError as error:  # UnicodeDecodeError, and oauthlib's
        raise unreadable(str(error)[:100]) from None


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise Refused("twice", say("lti.twice", name=name[:40]), detail=f"the field {name[:100]!r} is there twice")
        found[name] = value
    return found


def verify(launch: SignedLaunch, consumer: Consumer, address: str, now: float) -> None:
    """See that a launch is one, of this consumer and of now: the signature first, which all else is under.

    :param address: of the page for launches, as people and platforms type it. What a request says of it is not asked.
    :raises Refused: it is not.
    """
    _check_signature(launch, consumer, address)
    age = now - launch.timestamp
    if age > LIFE_SECONDS:
        raise Refused("expired", say("lti.old") + AGAIN, detail=f"{consumer.name}: {age:.0f} s old", remedy=CLOCK)
    if age < -LEEWAY_SECONDS:
        raise Refused(
            "not-yet-valid", say("lti.future"), detail=f"{consumer.name}: {-age:.0f} s in the future", remedy=CLOCK
        )
    fields = launch.fields
    if not fields.get("user_id", "").strip():
        raise Refused(
            "anonymous",
            say("lti.no_person"),
            detail=f"platform {consumer.name}: no user_id",
            remedy="Have the platform say who people are: docs/sign-in/lti-1-1.md.",
        )
    missing = [name for name in LTI11_LAUNCH_PARAMS_REQUIRED if not fields.get(name)]
    made = (fields.get("lti_message_type"), fields.get("lti_version"), fields.get("oauth_version"))
    if missing or made != (MESSAGE, VERSION, "1.0"):
        detail = f"message, version, OAuth's: {made}" + (f"; without {', '.join(missing)}" if missing else "")
        raise Refused("no-launch", say("lti.not_made"), detail=detail)


def _check_signature(launch: SignedLaunch, consumer: Consumer, address: str) -> None:
    """:raises Refused: the consumer did not sign this, for this address."""
    fields = launch.fields
    method = fields.get("oauth_signature_method", "")
    if method != SIGNATURE_HMAC_SHA1:
        raise Refused(
            "wrong-algorithm",
            say("lti.not_signed"),
            detail=f"{consumer.name}: oauth_signature_method {method[:40]!r}",
            remedy=f"Have the platform sign by {SIGNATURE_HMAC_SHA1}.",
        )
    signed = [(name, value) for name, value in fields.items() if name != "oauth_signature"]
    base = signature.signature_base_string(
        "POST", signature.base_string_uri(address), signature.normalize_parameters(signed)
    )
    wanted = signature.sign_hmac_sha1_with_client(base, Client(consumer.key, client_secret=consumer.secret))
    given = fields.get("oauth_signature", "")
    if not consumer.secret or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise Refused("wrong-signature", say("lti.not_signed"), detail=consumer.name, remedy=REMEDY)


def unreadable(what: str) -> Refused:
    """A launch that nobody can make sense of."""
    return Refused("bad-launch", say("lti.not_read") + AGAIN, detail=what)
