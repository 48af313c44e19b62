"""Whether `site/kernels/` and `site/images/` can be read."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.environments import kernels, site_images


def of_site(_: Settings) -> Iterator[Finding]:
    """A warning for each file of `site/kernels/` that is not read.

    :raises HomeroomError: everything that is wrong with the others.
    """
    kernels.read(SITE)
    site_images.own(SITE)
    return kernels.unread(SITE)
