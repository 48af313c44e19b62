"""The certificates that are served, for `make status`."""

from __future__ import annotations

import hashlib
import ssl
from datetime import datetime

from generator.core.console import note, out, quoted, table, warn
from generator.engine.glance import Glance, Show, nothing
from generator.schema.settings import Settings
from generator.topics.edge import edge
from generator.topics.edge.render import AUTHORITY_PATH

ORDER = 5
USUAL_PORT = 80
FEW_DAYS = 14
"""Of which a certificate that is renewed by hand should have more."""


def ask(glance: Glance) -> Show:
    """Which names have which certificate, for how long, and what of the last change was refused."""
    if not glance.deployment.settings.has_edge:
        return nothing
    found = glance.pool.submit(edge.state, glance.deployment)
    authority = glance.pool.submit(edge.authority, glance.deployment)
    return lambda: _show(glance.deployment.settings, found.result(), authority.result(), glance.now)


def _show(settings: Settings, found: edge.State | None, authority: str, now: datetime) -> None:
    if found is None:  # the table of services says it
        return
    rows = table("name", "certificate of", "days left")
    for each in found.certificates:
        days = each.days_left(now)
        left = "[red]none yet[/red] (`make logs SERVICE=edge`)" if days is None else str(days)
        rows.add_row(each.host, quoted(each.issuer) or "-", f"[red]{left}[/red]" if is_short(settings, days) else left)
    note("")
    out.print(rows)
    for fault in found.faults:
        warn(f"{fault}\n  What was served before goes on.")
    if authority:
        note(describe_authority(settings, authority))


def is_short(settings: Settings, days: int | None) -> bool:
    """Whether a certificate ends soon that is not renewed by the edge itself."""
    return days is not None and (days < 0 or (settings.TLS == "files" and days < FEW_DAYS))


def describe_authority(settings: Settings, authority: str) -> str:
    """Where people get the certificate of our own authority, and how they know that it is the right one."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(authority)).hexdigest().upper()
    fingerprint = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
    host = f"[{settings.HUB_HOST}]" if ":" in settings.HUB_HOST else settings.HUB_HOST
    port = "" if settings.HTTP_PORT == USUAL_PORT else f":{settings.HTTP_PORT}"
    return (
        f"Browsers must be told this deployment's own authority once: http://{host}{port}{AUTHORITY_PATH}\n"
        f"  Its SHA-256: {fingerprint}"
    )
