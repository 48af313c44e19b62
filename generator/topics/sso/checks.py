"""Whether site/sso.yaml can be right."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.sso import sso


def of_site(settings: Settings) -> Iterator[Finding]:
    """What is odd about it.

    :raises HomeroomError: everything that is wrong with it.
    """
    return sso.findings(settings, SITE)
