"""What `make check` asks a provider: whether it answers, is who it should be, and has the same time."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path

from generator.core.finding import Finding, ok, warning
from generator.core.no_redirect import NoRedirect
from generator.topics.oauth.providers import LOCATION, Chosen
from generator.topics.oauth.site import Globus, OpenIDProvider
from generator.topics.oauth.written import check_address

SUBJECT = "sign-in"
WAIT_SECONDS = 4.0
MAX_ANSWER_BYTES = 2**20
APART_SECONDS = 30
"""Tokens are taken for a minute longer or earlier than they say."""
WELL_KNOWN = "/.well-known/openid-configuration"


def look(chosen: Chosen, site: Path) -> list[Finding]:
    """What is found of a provider. None of it stops anything: the network may be another one than the hub's."""
    is_openid = isinstance(chosen.provider, OpenIDProvider | Globus)
    address = chosen.provider.address.rstrip("/") + WELL_KNOWN if is_openid else chosen.provider.address
    try:
        body, date = _ask(address, site / chosen.provider.ca_file if chosen.provider.ca_file else None)
    except (OSError, HTTPException, ValueError) as error:
        cause = f"{chosen.way} does not answer at {address}: {_reason(error)}"
        remedy = "Compare the address, and see that this machine reaches it; people cannot sign in there otherwise."
        return [warning(SUBJECT, cause, location=LOCATION, remedy=remedy)]
    findings = list(_clock(chosen.way, date))
    if is_openid:
        findings += _document(chosen, body)
    return findings or [ok(SUBJECT, f"{chosen.way} answers, and its clock agrees")]


def _ask(address: str, ca_file: Path | None) -> tuple[bytes, str]:
    """The beginning of an answer, and its date. An answer that says no is one, too."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(address, headers={"User-Agent": "Homeroom"})  # noqa: S310 - checked: https
    try:
        with opener.open(request, timeout=WAIT_SECONDS) as answer:
            return answer.read(MAX_ANSWER_BYTES), answer.headers.get("Date", "")
    except urllib.error.HTTPError as error:
        if WELL_KNOWN in address or error.code >= 500:
            raise ValueError(f"HTTP {error.code}") from None
        return b"", error.headers.get("Date", "")


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error)[:200]


def _clock(way: str, date: str) -> Iterator[Finding]:
    """A warning where the two clocks are apart: tokens would be too old, or not valid yet."""
    try:
        apart_seconds = time.time() - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return
    if abs(apart_seconds) > APART_SECONDS:
        how = "ahead of" if apart_seconds > 0 else "behind"
        cause = f"this machine's clock is {abs(apart_seconds):.0f} s {how} that of {way}"
        yield warning(
            SUBJECT, cause, location="clock", remedy="Turn on time synchronisation: `timedatectl set-ntp true`."
        )


def _document(chosen: Chosen, body: bytes) -> list[Finding]:
    """What is odd about a discovery document."""
    remedy = f"docs/sign-in/{chosen.way}.md says which address belongs there."
    try:
        found = json.loads(body)
        issuer = found["issuer"]
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            check_address(str(found[name]).partition("?")[0])
    except (ValueError, KeyError, TypeError) as error:
        cause = f"{chosen.way} answers with something else than a discovery document: {str(error)[:200]}"
        return [warning(SUBJECT, cause, location=LOCATION, remedy=remedy)]
    if issuer != chosen.provider.address:
        cause = f"{chosen.way} calls itself {str(issuer)[:200]!r}, and site/oauth.yaml {chosen.provider.address!r}"
        return [warning(SUBJECT, cause, location=LOCATION, remedy="Write it letter by letter as the provider does.")]
    return []
