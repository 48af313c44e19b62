"""What `make check` asks of the platforms: their keys, and what time it is there."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from generator.core.finding import Finding, ok, warning
from generator.core.no_redirect import NoRedirect

SUBJECT = "sign-in"
TIMEOUT_SECONDS = 5.0
LEEWAY_SECONDS = 60
LARGEST_BYTES = 2**18


def look(platform: dict[str, Any], site: Path) -> Iterator[Finding]:
    """What was found of a platform."""
    name, url = platform["name"], platform["jwks_url"]
    try:
        context = ssl.create_default_context()
        if platform["certificate"]:
            context.load_verify_locations(site / Path(platform["certificate"]).name)
        opener = urllib.request.build_opener(NoRedirect(), urllib.request.HTTPSHandler(context=context))
        with opener.open(url, timeout=TIMEOUT_SECONDS) as answer:
            body, date = answer.read(LARGEST_BYTES), answer.headers.get("Date", "")
        keys = [key for key in json.loads(body)["keys"] if key.get("kty") in ("RSA", "EC")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = getattr(error, "reason", None) or error
        yield warning(
            SUBJECT,
            f"{name}: its keys cannot be read at {url}: {reason}",
            location="site/lti.yaml",
            remedy="Compare jwks_url with what the platform shows; for a private CA name its certificate as ca_file.",
        )
        return
    if not keys:
        yield warning(
            SUBJECT, f"{name}: there is no key at {url}", location="site/lti.yaml", remedy="Have the platform make one."
        )
        return
    yield ok(SUBJECT, f"{name}: {len(keys)} {'key' if len(keys) == 1 else 'keys'} at {url}")
    yield from clock(name, date, time.time())


def clock(name: str, date: str, now: float) -> Iterator[Finding]:
    """Whether the platform's clock is near enough to this machine's."""
    try:
        apart = round(parsedate_to_datetime(date).timestamp() - now)
    except (TypeError, ValueError):
        return
    if abs(apart) > LEEWAY_SECONDS // 2:
        yield warning(
            SUBJECT,
            f"{name}: its clock is {abs(apart)} s {'ahead of' if apart > 0 else 'behind'} this machine's",
            location="the clock",
            remedy=f"Set both by NTP; launches are refused from {LEEWAY_SECONDS} s on.",
        )
