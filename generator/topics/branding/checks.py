"""Whether the pages can look as the operator says."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.branding import branding


def of_site(_: Settings) -> Iterator[Finding]:
    """Find nothing to warn of: what is wrong is an error.

    :raises HomeroomError: everything that is wrong with site/branding.yaml.
    """
    branding.load(SITE)
    return iter(())
