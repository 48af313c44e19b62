"""How long certificates are good, for the watchdog and the letter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from generator.core.finding import Finding, error, warning
from generator.engine.watched import Watched
from generator.schema.settings import Settings
from generator.topics.edge import edge
from generator.topics.edge.edge import Certificate, State
from generator.topics.edge.status import is_short

ORDER = 40
LATE_DAYS = 10
"""With fewer left, a certificate that is renewed by itself should have been renewed long ago."""


def faults(watched: Watched) -> Iterator[Finding]:
    """Certificates that end soon or are missing, and changes that the edge refused."""
    found = _state(watched)
    if found is not None:
        yield from _faults(watched.settings, found, watched.now)


def _state(watched: Watched) -> State | None:
    if watched.deployment is None or not watched.settings.has_edge or not watched.runs("edge"):
        return None
    return edge.state(watched.deployment)


def _faults(settings: Settings, found: State, now: datetime) -> Iterator[Finding]:
    for each in found.certificates:
        days = each.days_left(now)
        late = settings.TLS == "acme" and days is not None and days < LATE_DAYS
        if days is None or late or is_short(settings, days):
            remedy = "`make status` shows it, `make logs SERVICE=edge` why; docs/tls.md says how to renew it."
            make = warning if days is not None and days >= 0 else error
            yield make("certificate", _in_words(each, now), location=each.host, remedy=remedy)
    for fault in found.faults:
        yield warning("certificate", fault.cause, location=fault.location or "edge", remedy=fault.remedy)


def _in_words(certificate: Certificate, now: datetime) -> str:
    days = certificate.days_left(now)
    if days is None:
        return "there is no certificate"
    return f"the certificate ended {-days} days ago" if days < 0 else f"the certificate is good for {days} days more"


def letter(watched: Watched) -> Iterator[str]:
    """The certificate that ends first; of our own authority they are new each day."""
    found = _state(watched)
    if found is None or watched.settings.TLS == "internal":
        return
    first = min(found.certificates, key=lambda each: each.days_left(watched.now) or -1, default=None)
    if first is not None:
        yield f"Certificate: {first.host}: {_in_words(first, watched.now)}."
