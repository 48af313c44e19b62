"""Whether the lists of people can be right."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.sign_in.lists import load_people


def of_site(settings: Settings) -> Iterator[Finding]:
    """Find nothing to warn of: what is wrong is an error.

    :raises HomeroomError: everything that is wrong with site/people.yaml.
    """
    load_people(settings, SITE)
    return iter(())
