"""Whether the names that people type lead anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from generator.core.finding import Finding, ok, warning
from generator.engine.deployment import Deployment
from generator.preflight.names import resolve
from generator.schema.deployment import is_address
from generator.schema.settings import Settings
from generator.topics.edge import edge
from generator.topics.edge.render import hosts
from generator.topics.edge.status import is_short


def of_site(settings: Settings) -> Iterator[Finding]:
    """A warning for each name that this machine does not find: people, and an ACME authority, will not either."""
    for host in hosts(settings) if settings.has_edge else []:
        sample = host.replace("*", "ada")
        why = None if is_address(host) else resolve(sample)
        if why is not None:
            setting = "HUB_HOST" if host == settings.HUB_HOST else "SUBDOMAINS" if sample != host else "LABS_HOST"
            remedy = f"Have it lead to this machine: an A or AAAA record in the DNS. `getent hosts {sample}` tries it."
            yield warning("TLS", f"{host} does not resolve ({why})", location=f".env: {setting}", remedy=remedy)


def of_counterpart(deployment: Deployment) -> list[Finding]:
    """What the running edge serves: a finding for each name, and a warning for what was refused."""
    found = edge.state(deployment)
    if found is None:
        return []
    told = []
    for each in found.certificates:
        days = each.days_left(datetime.now(UTC))
        if days is None:
            remedy = "`make logs SERVICE=edge` shows what the authority says; it must reach this machine on port 80."
            told.append(warning("TLS", f"{each.host} has no certificate yet", location="edge", remedy=remedy))
        elif is_short(settings := deployment.settings, days):
            cause = f"the certificate of {each.host} ends in {days} days"
            told.append(warning("TLS", cause, location=settings.TLS_FILES, remedy="Renew it."))
        else:
            told.append(ok("TLS", f"{each.host} has a certificate of {each.issuer} for {days} days"))
    told += [warning("TLS", each.cause, location=each.location or "edge", remedy=each.remedy) for each in found.faults]
    return told
