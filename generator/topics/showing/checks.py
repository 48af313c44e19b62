"""Whether labs may be shown here."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.errors import HomeroomError
from generator.core.finding import Finding
from generator.schema.settings import Settings


def of_site(settings: Settings) -> Iterator[Finding]:
    """Nothing is odd.

    :raises HomeroomError: labs have the hub's own address, so a student's page could act on the hub as their tutor.
    """
    if settings.SHOW_LAB_MINUTES and not settings.labs_host:
        raise HomeroomError(
            "labs have the hub's own address, so a page in a student's lab could act on the hub as the tutor who looks "
            "at it: give grades, or release them",
            location=".env: SHOW_LAB_MINUTES",
            remedy="Give labs a name of their own (LABS_HOST or SUBDOMAINS: docs/tls.md), or set SHOW_LAB_MINUTES=0.",
        )
    return iter(())
