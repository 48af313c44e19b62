"""The clock: certificates, sign-in and idle culling all go by it."""

from __future__ import annotations

import datetime
import email.utils
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message

from generator.core.finding import Finding, error, ok, warning
from generator.core.no_redirect import NoRedirect

TIMEOUT_SECONDS = 1.2
OFF_SECONDS = 300
FAR_OFF_SECONDS = 86400
_SET = (
    "Run `sudo timedatectl set-ntp true`, or `sudo apt install chrony` and `sudo chronyc makestep`; "
    "`date -u` shows the clock."
)


def server_time(headers: Mapping[str, str] | Message) -> datetime.datetime | None:
    """The time of an answer: its Date, plus its Age where a cache kept it."""
    try:
        when = email.utils.parsedate_to_datetime(headers["Date"])
        return when + datetime.timedelta(seconds=int(headers.get("Age") or 0))
    except (KeyError, TypeError, ValueError):
        return None


def read_offset(url: str, proxies: Mapping[str, str]) -> float | None:
    """Seconds by which this clock is ahead of the server at `url`; None where it does not answer in time."""
    # Only the Date header is read, and a wrong clock is what makes a good certificate look bad.
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    # The first answer carries the time already, also where it leads elsewhere.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler(dict(proxies)), urllib.request.HTTPSHandler(context=unverified), NoRedirect()
    )
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - read_sources() gives only http and https
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            theirs = server_time(answer.headers)
    except urllib.error.HTTPError as answer:
        theirs = server_time(answer.headers)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    if theirs is None or theirs.tzinfo is None:
        return None
    return (datetime.datetime.now(datetime.UTC) - theirs).total_seconds()


def judge_clock(now: datetime.datetime, released: datetime.date, offset_seconds: float | None) -> Iterator[Finding]:
    """Refuse a clock that is before this release, or more than a day off; warn from five minutes on."""
    shown = f"{now:%Y-%m-%d %H:%M} UTC"
    if now.date() < released:
        yield error(
            "clock",
            f"the clock shows {shown}, before the day of this release ({released:%Y-%m-%d})",
            location="clock",
            remedy=_SET,
        )
    elif offset_seconds is None:
        yield ok("clock", f"{shown}; not checked against a server")
    elif abs(offset_seconds) <= OFF_SECONDS:
        yield ok("clock", f"{shown}, within {max(1, round(abs(offset_seconds)))} s of a server's")
    else:
        way = "ahead" if offset_seconds > 0 else "behind"
        far = abs(offset_seconds) > FAR_OFF_SECONDS
        amount = f"{abs(offset_seconds) / 86400:.1f} days" if far else f"{abs(offset_seconds) / 60:.0f} minutes"
        make = error if far else warning
        yield make("clock", f"the clock shows {shown} and is {amount} {way}", location="clock", remedy=_SET)
